"""The workload of a trial: what callers request while faults are injected, the answers they get,
and what they request again after the restart."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

PLAIN = "plain"
"""A route whose platform ignores Idempotency-Key."""
_FINAL = {"delivered", "unknown", "refused", "dead", "blocked", "expired"}
_PATIENCE_S = 60.0
"""Seconds to wait for a start, an answer or a final state."""
_RECOVERY_S = 10.0
"""Seconds within which a gateway must recover from a single failure."""
_SECOND_ATTEMPT_S = 0.5
"""Seconds to wait for the second attempt of a delivery."""
MESSAGES = {
    "flaky": "sandbox",
    "silent": "sandbox",
    "silent-plain": PLAIN,
    "held": "sandbox",
}
"""The messages of the workload, by the first word of their texts, and their routes."""
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # spares loading certificates for each client
RECOVERY_PROBES = ("last-0", "last-1")
"""Messages that are posted last, until one of them is accepted."""


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """An answer to a request that posted a message."""

    status: int
    message_id: str
    state: str


@dataclass(slots=True)
class ClientHistory:
    """What callers know of a gateway: whole answers by message, the checkpoints they kept, and
    whether the release and the creator were acknowledged."""

    answers: dict[str, list[ClientAnswer]] = field(default_factory=dict)
    checkpoints: list[str] = field(default_factory=list)
    released: bool = False
    creator: bool = False

    def accepted(self, name: str) -> ClientAnswer | None:
        """The first answer that accepted the message."""
        accepting = (answer for answer in self.answers.get(name, ()) if answer.status in (200, 202))
        return next(accepting, None)


class WorkloadClient:
    """Sends the workload to one gateway, and notes the answers in `history`. `alive` says whether
    the gateway's process still runs."""

    def __init__(
        self, port: int, token: str, alive: Callable[[], bool], history: ClientHistory
    ) -> None:
        self._alive = alive
        self.history = history
        self.problems: list[str] = []
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_PATIENCE_S,
            trust_env=False,
            verify=_NO_TLS,
        )

    def close(self) -> None:
        self._client.close()

    def wait_until_served(self) -> bool:
        """Wait for the gateway to answer; return whether it does."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until and self._alive():
            with suppress(httpx.TransportError):
                self._client.get("/healthz")
                return True
            time.sleep(0.005)
        return False

    def run(self, recovers: Callable[[], None] = lambda: None) -> None:
        """Send the workload, as long as the gateway lives; then post messages until one is
        accepted. `recovers` returns once the database is up again after a failure."""
        for step in self._steps():
            if not self._alive():
                return
            with suppress(httpx.TransportError):
                step()
        until = time.monotonic() + _RECOVERY_S
        while not self.recovered() and self._alive() and time.monotonic() < until:
            recovers()
            for name in RECOVERY_PROBES:
                if not self.recovered():
                    with suppress(httpx.TransportError):
                        self.post(name, "sandbox")
            time.sleep(0.05)

    def recovered(self) -> bool:
        """Whether one of the last messages was accepted."""
        return any(self.history.accepted(name) for name in RECOVERY_PROBES)

    def _steps(self) -> Iterator[Callable[[], object]]:
        for name, route in MESSAGES.items():
            yield partial(self.post, name, route)
        yield self._release
        yield partial(self.post, "flaky", "sandbox")
        yield self._put_creator
        yield self._checkpoint
        yield partial(self._wait_for_second_attempt, "flaky")
        yield partial(self._wait_for_second_attempt, "silent")

    def retry_all(self) -> None:
        """Send all requests again, as callers do who got no answer or want to be sure."""
        for name, route in {**MESSAGES, **dict.fromkeys(RECOVERY_PROBES, "sandbox")}.items():
            self.post(name, route)
        if self.state("held") == "held":
            if self.history.released:
                self.problems.append("held: its release was acknowledged, and is gone")
            self._release()
        self._checkpoint()

    def final_states(self) -> Iterator[tuple[str, str]]:
        """Each accepted message and its final state, after waiting for it."""
        until = time.monotonic() + _PATIENCE_S
        for name in self.history.answers:
            if self.history.accepted(name) is not None:
                while (state := self.state(name)) not in _FINAL and time.monotonic() < until:
                    time.sleep(0.02)
                yield name, state

    def escalated(self) -> set[str]:
        """The messages that a person was called for."""
        found = self._client.get("/v1/escalations").json()
        return {review["outcome"]["message_id"] for review in found}

    def creator_is_there(self) -> bool:
        return self._client.get("/v1/creators/zoe").status_code == httpx.codes.OK

    def post(self, name: str, route: str) -> None:
        body = {
            "channel": "dm",
            "creator": "lea",
            "avatar": "lea-twin",
            "conversation": f"c-{name}",
            "audience": {"id": f"person-{name}"},
            "text": f"{name} of the messages",
            "route": route,
        }
        answer = self._client.post("/v1/messages", json=body, headers={"Idempotency-Key": name})
        said: dict[str, Any] = answer.json()
        self.history.answers.setdefault(name, []).append(
            ClientAnswer(answer.status_code, said.get("message_id", ""), said.get("state", ""))
        )

    def state(self, name: str) -> str:
        taken = self.history.accepted(name)
        if taken is None:
            return ""
        answer = self._client.get(f"/v1/messages/{taken.message_id}")
        return str(answer.json().get("state", ""))

    def _release(self) -> None:
        held = self.history.accepted("held")
        if held is None:
            return
        body = {"action": "release", "reason": "Fine."}
        answer = self._client.post(f"/v1/reviews/{held.message_id}", json=body)
        self.history.released |= answer.status_code in (200, 202)

    def _put_creator(self) -> None:
        answer = self._client.put("/v1/creators/zoe", json={"display_name": "Zoé"})
        self.history.creator |= answer.is_success

    def _checkpoint(self) -> None:
        answer = self._client.get("/v1/audit/checkpoint")
        if answer.status_code == httpx.codes.OK:
            self.history.checkpoints.append(answer.text)

    def _wait_for_second_attempt(self, name: str) -> None:
        """Wait a while for the second attempt of a delivery, so that the trace usually has it too.
        No check depends on it."""
        until = time.monotonic() + _SECOND_ATTEMPT_S
        while self.state(name) == "queued" and time.monotonic() < until:
            time.sleep(0.02)
