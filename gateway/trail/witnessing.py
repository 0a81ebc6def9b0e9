"""Asks witnesses to cosign the log's newest checkpoint, https://c2sp.org/tlog-witness.

Runs in the background, so that no message waits for a witness. One that is slow, gone or hostile
only fails to cosign, and is asked ever more rarely. When a witness says that it has seen more
entries or other ones, the log may have been rolled back or forked: that is reported as an alarm.
It does not stop the log, since a witness may lie.
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
from gateway.trail.http_client import read_at_most, untrusted_client
from gateway.trail.note import ED25519, Cosignature, NoteKey, cosignatures, note_text
from gateway.trail.retry_schedule import RetrySchedule
from gateway.trail.witness import AddCheckpoint

_MAX_ANSWER_BYTES = 65_536
"""Longest answer that is read; signature lines are far shorter."""
_MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead a witness's clock may be, for its cosignature to be taken."""
_TICK_S = 0.25
"""Seconds between two looks at which witnesses are due."""


@dataclass(frozen=True, slots=True)
class WitnessAt:
    """A witness of this log: the URL prefix of its submissions, and the key of its
    cosignatures."""

    url: str
    key: NoteKey

    @classmethod
    def parse(cls, text: str) -> WitnessAt:
        """Parse `<url> <key>`, the key as <name>+<id>+<base64>. Raises LogInvalid."""
        url, _, key_text = text.strip().partition(" ")
        if not url.startswith(("http://", "https://")) or "@" in url:
            raise LogInvalid("a witness starts with http:// or https://, without credentials")
        key = NoteKey.parse(key_text)
        if key.kind == ED25519:
            raise LogInvalid("the key of a witness is of type 0x04 or 0x06: this one signs notes")
        return cls(url.rstrip("/"), key)


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessStatus:
    """The last result of asking one witness.

    `size` is that of the newest checkpoint it cosigned. `problem` says why it did not cosign the
    last time, "" if it did. `alarm` is set when it says that the log was rolled back or forked.
    """

    name: str
    size: int = 0
    problem: str = ""
    alarm: bool = False


class WitnessedLog(Protocol):
    """The methods of the log that are needed here; `trail.log.Log` has them."""

    async def latest(self) -> Checkpoint | None: ...

    async def consistency(self, old: int, new: int | None = None) -> list[bytes]: ...

    async def look_for_witnessed(self) -> Checkpoint | None: ...


class CosignatureStore(Protocol):
    """Stores cosignatures. `key` is `NoteKey.short`."""

    async def put_cosignature(self, *, size: int, key: str, line: str, at: datetime) -> None: ...

    async def cosigned_size(self, key: str) -> int: ...


class CosignatureRefused(Exception):
    """The witness did not cosign. The message is safe to show in a readiness answer."""

    def __init__(self, problem: str, *, alarm: bool = False) -> None:
        super().__init__(problem)
        self.alarm = alarm


class _KnowsOtherSize(Exception):
    """The witness has seen the log up to another `size` than the request said (409)."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Witnessing:
    """Asks each of `witnesses` every `interval_s` seconds to cosign the newest checkpoint, and
    stores the cosignatures. `quorum` of them make a checkpoint a witnessed one."""

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
        self._schedules = {
            witness: RetrySchedule(interval_s=interval_s, clock=clock, chance=random)
            for witness in witnesses
        }
        self._statuses = {witness: WitnessStatus(name=witness.key.name) for witness in witnesses}
        self._client = untrusted_client(timeout_s=timeout_s)

    @property
    def statuses(self) -> tuple[WitnessStatus, ...]:
        """The status of each witness."""
        return tuple(self._statuses.values())

    @property
    def quorum(self) -> int:
        return self._quorum

    @property
    def note(self) -> str:
        """A remark for a readiness answer: why the quorum is not reached, or an alarm; "" when
        there is neither."""
        failing = [status for status in self.statuses if status.problem]
        well = len(self._witnesses) - len(failing)
        if well >= self._quorum and not any(status.alarm for status in failing):
            return ""
        problems = "; ".join(f"{status.name}: {status.problem}" for status in failing)
        return f"witnesses: {well} of {self._quorum} needed ({problems})"

    async def run(self) -> None:
        """Ask witnesses until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(_TICK_S)

    async def close(self) -> None:
        await self._client.aclose()

    async def round(self) -> None:
        """Ask every witness that is due, all at once."""
        due = [witness for witness in self._witnesses if self._schedules[witness].due]
        if not due:
            return
        latest = await self._log.latest()
        if latest is None:
            return
        cosigned = await asyncio.gather(*(self._ask_witness(witness, latest) for witness in due))
        if any(cosigned):
            await self._log.look_for_witnessed()

    async def _ask_witness(self, witness: WitnessAt, checkpoint: Checkpoint) -> bool:
        """Ask one witness, and set its status; return whether it gave a new cosignature."""
        before = self._statuses[witness]
        if before.size == checkpoint.size and before.size and not before.problem:
            self._schedules[witness].succeeded()  # it has cosigned this one already
            return False
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                size = await self._request_cosignature(witness, checkpoint)
        except CosignatureRefused as error:
            self._note_failure(witness, str(error), alarm=error.alarm)
        except (TimeoutError, httpx.TimeoutException):
            self._note_failure(witness, f"no answer within {self._timeout_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._note_failure(witness, f"cannot be reached ({type(error).__name__})")
        except GatewayError as error:
            self._note_failure(witness, str(error))
        else:
            self._schedules[witness].succeeded()
            self._statuses[witness] = WitnessStatus(name=witness.key.name, size=size)
            if before.problem:
                structlog.get_logger("trail").info("witness_back", witness=witness.key.name)
            return True
        return False

    async def _request_cosignature(self, witness: WitnessAt, checkpoint: Checkpoint) -> int:
        """Ask for a cosignature and store it; return the size of the cosigned checkpoint. Raises
        CosignatureRefused."""
        known = self._statuses[witness].size or await self._store.cosigned_size(witness.key.short)
        sent = min(known, checkpoint.size)
        try:
            cosignature = await self._post(witness, checkpoint, sent)
        except _KnowsOtherSize as answer:
            # Whether that is true or a lie, one more request shows it.
            if answer.size > checkpoint.size:  # another replica may have sent more meanwhile
                checkpoint = await self._log.latest() or checkpoint
            self._refuse_alarming(answer.size, sent, checkpoint)
            try:
                cosignature = await self._post(witness, checkpoint, answer.size)
            except _KnowsOtherSize as again:
                raise CosignatureRefused(
                    f"says first {answer.size}, then {again.size} entries"
                ) from None
        await self._store.put_cosignature(
            size=checkpoint.size, key=witness.key.short, line=cosignature.line, at=self._now()
        )
        return checkpoint.size

    @staticmethod
    def _refuse_alarming(size: int, sent: int, checkpoint: Checkpoint) -> None:
        """Raise CosignatureRefused when the `size` that a witness says it has seen cannot be
        right."""
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
        """Send an add-checkpoint request. Raises CosignatureRefused and _KnowsOtherSize."""
        proof = await self._log.consistency(old, checkpoint.size)
        body = AddCheckpoint(
            old=old, proof=tuple(proof), note=_without_cosignatures(checkpoint)
        ).text
        request = self._client.build_request(
            "POST", f"{witness.url}/add-checkpoint", content=body.encode()
        )
        answer = await self._client.send(request, stream=True)
        try:
            text = await _bounded_body(answer)
        finally:
            await answer.aclose()
        return self._read_response(witness, checkpoint, answer.status_code, text)

    def _read_response(
        self, witness: WitnessAt, checkpoint: Checkpoint, status: int, text: str
    ) -> Cosignature:
        match status:
            case HTTPStatus.OK:
                return self._verify_lines(witness, checkpoint, text)
            case HTTPStatus.CONFLICT if is_decimal(text.removesuffix("\n")):
                raise _KnowsOtherSize(int(text))
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                raise CosignatureRefused("says that the log is not what it was (422)", alarm=True)
            case HTTPStatus.NOT_FOUND:
                raise CosignatureRefused(
                    "does not watch this log (404): give it the log's origin and key"
                )
            case HTTPStatus.FORBIDDEN:
                raise CosignatureRefused("does not know the log's key (403): give it the new one")
        raise CosignatureRefused(f"answered {status}")

    def _verify_lines(self, witness: WitnessAt, checkpoint: Checkpoint, lines: str) -> Cosignature:
        """Verify the signature lines of a response. Raises CosignatureRefused."""
        if lines.startswith("\n") or "\n\n" in lines:
            # An empty line would end the note's text at another place.
            raise CosignatureRefused("answered with more than signature lines")
        try:
            verified = cosignatures(_without_cosignatures(checkpoint) + lines, [witness.key])
        except LogInvalid as error:
            raise CosignatureRefused(error.problem) from error
        if not verified:
            raise CosignatureRefused("answered without a cosignature by its key")
        if verified[0].at > (self._now() + _MAX_CLOCK_SKEW).timestamp():
            raise CosignatureRefused("its clock is ahead")
        return verified[0]

    def _note_failure(self, witness: WitnessAt, problem: str, *, alarm: bool = False) -> None:
        self._schedules[witness].failed()
        before = self._statuses[witness]
        self._statuses[witness] = WitnessStatus(
            name=witness.key.name, size=before.size, problem=problem, alarm=alarm
        )
        if problem == before.problem:
            return
        logger = structlog.get_logger("trail")
        (logger.critical if alarm else logger.warning)(
            "no_cosignature", witness=witness.key.name, problem=problem
        )


def _without_cosignatures(checkpoint: Checkpoint) -> str:
    """The note with the log's own signatures alone."""
    text = note_text(checkpoint.note)
    lines = checkpoint.note[len(text) + 1 :].splitlines(keepends=True)
    own = f"— {checkpoint.origin} "
    return text + "\n" + "".join(line for line in lines if line.startswith(own))


async def _bounded_body(answer: httpx.Response) -> str:
    """Read the body. Raises CosignatureRefused when it is too long or no UTF-8."""
    data = await read_at_most(answer, _MAX_ANSWER_BYTES)
    if data is None:
        raise CosignatureRefused("its answer is too long")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CosignatureRefused("its answer is no text") from error
