"""Asks witnesses to cosign the log's newest checkpoint, https://c2sp.org/tlog-witness.

It runs beside the messages and never holds one up: a witness that is slow, gone or hostile costs
its own cosignature, and is asked ever more rarely. What a witness says against the log (that it
has seen more of it, or other entries) is reported, since it may mean that the log was rolled back
or forked; it is not believed, since a witness may lie.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from random import random
from typing import Protocol

import httpx
import structlog

from gateway.errors import GatewayError, LogInvalid
from gateway.ports import Now
from gateway.trail.checkpoint import Checkpoint, is_decimal
from gateway.trail.note import ED25519, Cosignature, NoteKey, cosignatures, note_text
from gateway.trail.retry_schedule import RetrySchedule
from gateway.trail.witness import AddCheckpoint

_MAX_ANSWER = 65_536
_AHEAD = timedelta(minutes=5)
_TICK_S = 0.25


@dataclass(frozen=True, slots=True)
class WitnessAt:
    """Where a witness is asked (the submission prefix), and the key of its cosignatures."""

    url: str
    key: NoteKey

    @classmethod
    def parse(cls, text: str) -> WitnessAt:
        """`<url> <key as <name>+<id>+<base64>>`. Raises LogInvalid."""
        url, _, key = text.strip().partition(" ")
        if not url.startswith(("http://", "https://")) or "@" in url:
            raise LogInvalid("a witness starts with http:// or https://, without credentials")
        found = NoteKey.parse(key)
        if found.kind == ED25519:
            raise LogInvalid("the key of a witness is of type 0x04 or 0x06: this one signs notes")
        return cls(url.rstrip("/"), found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one witness did last. `size` is the newest checkpoint it cosigned; `problem` is ""
    while all is well; `alarm`: it says that the log is not what it was."""

    name: str
    size: int = 0
    problem: str = ""
    alarm: bool = False


class WitnessedLog(Protocol):
    """What of the log is needed here: trail.log.Log."""

    async def latest(self) -> Checkpoint | None: ...

    async def consistency(self, old: int, new: int | None = None) -> list[bytes]: ...

    async def look_for_witnessed(self) -> Checkpoint | None: ...


class CosignatureStore(Protocol):
    """Where cosignatures are kept. `key` is NoteKey.short."""

    async def put_cosignature(self, *, size: int, key: str, line: str, at: datetime) -> None: ...

    async def cosigned_size(self, key: str) -> int: ...


class CosignatureRefused(Exception):
    """The witness did not cosign; the message is fit for a readiness answer."""

    def __init__(self, problem: str, *, alarm: bool = False) -> None:
        super().__init__(problem)
        self.alarm = alarm


class _Behind(Exception):
    """It knows the log at another size than was thought."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Witnessing:
    """Runs until it is cancelled. `quorum` witnesses make a checkpoint a witnessed one."""

    def __init__(
        self,
        *,
        log: WitnessedLog,
        store: CosignatureStore,
        witnesses: Sequence[WitnessAt],
        quorum: int,
        now: Now,
        interval_s: float = 10.0,
        timeout_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._store = store
        self._quorum = quorum
        self._now = now
        self._timeout_s = timeout_s
        self._witnesses = tuple(witnesses)
        self._paces = {
            one: RetrySchedule(interval_s=interval_s, clock=clock, chance=random)
            for one in witnesses
        }
        self._standings = {one: Standing(name=one.key.name) for one in witnesses}
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,  # no proxy and no credentials from the environment
            headers={"User-Agent": "avatar-gateway"},
            timeout=timeout_s,
        )

    @property
    def standings(self) -> tuple[Standing, ...]:
        return tuple(self._standings.values())

    @property
    def quorum(self) -> int:
        return self._quorum

    @property
    def note(self) -> str:
        """For a readiness answer: why the quorum is not reached; "" while it is. Alarms count
        even then."""
        failing = [one for one in self.standings if one.problem]
        well = len(self._witnesses) - len(failing)
        if well >= self._quorum and not any(one.alarm for one in failing):
            return ""
        told = "; ".join(f"{one.name}: {one.problem}" for one in failing)
        return f"witnesses: {well} of {self._quorum} needed ({told})"

    async def run(self) -> None:
        while True:
            await self.round()
            await asyncio.sleep(_TICK_S)

    async def close(self) -> None:
        await self._client.aclose()

    async def round(self) -> None:
        """Ask every witness that is due, all at once."""
        due = [one for one in self._witnesses if self._paces[one].due]
        if not due:
            return
        latest = await self._log.latest()
        if latest is None:
            return
        asked = await asyncio.gather(*(self._ask(one, latest) for one in due))
        if any(asked):
            await self._log.look_for_witnessed()

    async def _ask(self, witness: WitnessAt, checkpoint: Checkpoint) -> bool:
        """Whether it gave a new cosignature."""
        before = self._standings[witness]
        if before.size == checkpoint.size and before.size and not before.problem:
            self._paces[witness].succeeded()  # it has cosigned this one already
            return False
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                size = await self._cosigned(witness, checkpoint)
        except CosignatureRefused as error:
            self._failed(witness, str(error), alarm=error.alarm)
        except (TimeoutError, httpx.TimeoutException):
            self._failed(witness, f"no answer within {self._timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._failed(witness, f"cannot be reached ({type(error).__name__})")
        except GatewayError as error:
            self._failed(witness, str(error))
        else:
            self._paces[witness].succeeded()
            self._standings[witness] = Standing(name=witness.key.name, size=size)
            if before.problem:
                structlog.get_logger("trail").info("witness_back", witness=witness.key.name)
            return True
        return False

    async def _cosigned(self, witness: WitnessAt, checkpoint: Checkpoint) -> int:
        known = self._standings[witness].size or await self._store.cosigned_size(witness.key.short)
        sent = min(known, checkpoint.size)
        try:
            found = await self._post(witness, checkpoint, sent)
        except _Behind as answer:
            # What it says is the truth of what it has seen, or a lie: it costs one more request.
            if answer.size > checkpoint.size:  # another replica may have shown it more meanwhile
                checkpoint = await self._log.latest() or checkpoint
            self._refuse_alarming(answer.size, sent, checkpoint)
            try:
                found = await self._post(witness, checkpoint, answer.size)
            except _Behind as again:
                raise CosignatureRefused(
                    f"says first {answer.size}, then {again.size} entries"
                ) from None
        await self._store.put_cosignature(
            size=checkpoint.size, key=witness.key.short, line=found.line, at=self._now()
        )
        return checkpoint.size

    @staticmethod
    def _refuse_alarming(size: int, sent: int, checkpoint: Checkpoint) -> None:
        if size > checkpoint.size:
            raise CosignatureRefused(
                f"has seen {size} entries of this log, which has {checkpoint.size}: "
                "it was rolled back, or others sign with its key",
                alarm=True,
            )
        if size == sent:
            if not size:
                raise CosignatureRefused("contradicts itself")
            raise CosignatureRefused(
                f"has seen other entries below {size}: the log has forked", alarm=True
            )

    async def _post(self, witness: WitnessAt, checkpoint: Checkpoint, old: int) -> Cosignature:
        proof = await self._log.consistency(old, checkpoint.size)
        body = AddCheckpoint(old=old, proof=tuple(proof), note=_ours(checkpoint)).text
        request = self._client.build_request(
            "POST", f"{witness.url}/add-checkpoint", content=body.encode()
        )
        answer = await self._client.send(request, stream=True)
        try:
            text = await _bounded(answer)
        finally:
            await answer.aclose()
        return self._judged(witness, checkpoint, answer.status_code, text)

    def _judged(
        self, witness: WitnessAt, checkpoint: Checkpoint, status: int, text: str
    ) -> Cosignature:
        match status:
            case HTTPStatus.OK:
                return self._checked(witness, checkpoint, text)
            case HTTPStatus.CONFLICT if is_decimal(text.removesuffix("\n")):
                raise _Behind(int(text))
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                raise CosignatureRefused("says that the log is not what it was (422)", alarm=True)
            case HTTPStatus.NOT_FOUND:
                raise CosignatureRefused(
                    "does not watch this log (404): give it the log's origin and key"
                )
            case HTTPStatus.FORBIDDEN:
                raise CosignatureRefused("does not know the log's key (403): give it the new one")
        raise CosignatureRefused(f"answered {status}")

    def _checked(self, witness: WitnessAt, checkpoint: Checkpoint, lines: str) -> Cosignature:
        if lines.startswith("\n") or "\n\n" in lines:
            # The last empty line of a note ends its text: this would be a note of another text.
            raise CosignatureRefused("answered with more than signature lines")
        try:
            found = cosignatures(_ours(checkpoint) + lines, [witness.key])
        except LogInvalid as error:
            raise CosignatureRefused(error.problem) from error
        if not found:
            raise CosignatureRefused("answered without a cosignature by its key")
        if found[0].at > (self._now() + _AHEAD).timestamp():
            raise CosignatureRefused("its clock is ahead")
        return found[0]

    def _failed(self, witness: WitnessAt, problem: str, *, alarm: bool = False) -> None:
        self._paces[witness].failed()
        before = self._standings[witness]
        self._standings[witness] = Standing(
            name=witness.key.name, size=before.size, problem=problem, alarm=alarm
        )
        if problem == before.problem:
            return
        logger = structlog.get_logger("trail")
        (logger.critical if alarm else logger.warning)(
            "no_cosignature", witness=witness.key.name, problem=problem
        )


def _ours(checkpoint: Checkpoint) -> str:
    """The note without what witnesses added."""
    text = note_text(checkpoint.note)
    lines = checkpoint.note[len(text) + 1 :].splitlines(keepends=True)
    return text + "\n" + "".join(one for one in lines if one.startswith(f"— {checkpoint.origin} "))


async def _bounded(answer: httpx.Response) -> str:
    """The body; raises Refused when it is too long or no UTF-8."""
    data = bytearray()
    async for piece in answer.aiter_raw():
        data += piece
        if len(data) > _MAX_ANSWER:
            raise CosignatureRefused("its answer is too long")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CosignatureRefused("its answer is no text") from error
