"""What callers ask of a gateway while it is tormented, what they are told, and what they ask again
once it is back."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

PLAIN = "plain"  # a route whose platform takes no notice of Idempotency-Key
_FINAL = {"delivered", "unknown", "refused", "dead", "blocked", "expired"}
_PATIENCE_S = 60.0
_RECOVERY_S = 10.0
_GLANCE_S = 0.5
MESSAGES = {
    "flaky": "sandbox",
    "silent": "sandbox",
    "silent-plain": PLAIN,
    "held": "sandbox",
}
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading certificates takes longest
RECOVERY_PROBES = ("last-0", "last-1")


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    status: int
    message_id: str
    state: str


@dataclass(slots=True)
class ClientHistory:
    """What the gateway has answered: whole answers only. `order` names, for each answer with a
    message in it, how many there were before."""

    answers: dict[str, list[ClientAnswer]] = field(default_factory=dict)
    checkpoints: list[str] = field(default_factory=list)
    released: bool = False
    creator: bool = False
    asked: list[str] = field(default_factory=list)

    def taken(self, name: str) -> ClientAnswer | None:
        """The first answer that said that the message was taken."""
        taken = (one for one in self.answers.get(name, ()) if one.status in (200, 202))
        return next(taken, None)


class WorkloadClient:
    """Asks one gateway. `alive` tells whether its process still runs."""

    def __init__(
        self, port: int, token: str, alive: Callable[[], bool], told: ClientHistory
    ) -> None:
        self._alive = alive
        self.told = told
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
        """Whether it ever is."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until and self._alive():
            with suppress(httpx.TransportError):
                self._client.get("/healthz")
                return True
            time.sleep(0.005)
        return False

    def tell(self, recovers: Callable[[], None] = lambda: None) -> None:
        """The whole story, as far as the gateway lives. `recovers` returns when the failure has
        passed; it may be one of the last messages that meets it."""
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
        """Whether one of the last messages was taken."""
        return any(self.told.taken(name) for name in RECOVERY_PROBES)

    def _steps(self) -> Iterator[Callable[[], object]]:
        for name, route in MESSAGES.items():
            yield partial(self.post, name, route)
        yield self._release
        yield partial(self.post, "flaky", "sandbox")
        yield self._put_creator
        yield self._checkpoint
        yield partial(self._glance, "flaky")
        yield partial(self._glance, "silent")

    def ask_again(self) -> None:
        """As callers do who were not answered, and as those who ask to be sure; then wait for
        what becomes of each."""
        for name, route in {**MESSAGES, **dict.fromkeys(RECOVERY_PROBES, "sandbox")}.items():
            self.post(name, route)
        if self.state("held") == "held":
            if self.told.released:
                self.problems.append("held: its release was acknowledged, and is gone")
            self._release()
        self._checkpoint()

    def end_of_each(self) -> Iterator[tuple[str, str]]:
        """Each message that was taken, and its last state."""
        until = time.monotonic() + _PATIENCE_S
        for name in self.told.answers:
            if self.told.taken(name) is not None:
                while (state := self.state(name)) not in _FINAL and time.monotonic() < until:
                    time.sleep(0.02)
                yield name, state

    def escalated(self) -> set[str]:
        """The messages that a person was called for."""
        found = self._client.get("/v1/escalations").json()
        return {one["outcome"]["message_id"] for one in found}

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
        self.told.asked.append(name)
        answer = self._client.post("/v1/messages", json=body, headers={"Idempotency-Key": name})
        said: dict[str, Any] = answer.json()
        self.told.answers.setdefault(name, []).append(
            ClientAnswer(answer.status_code, said.get("message_id", ""), said.get("state", ""))
        )

    def state(self, name: str) -> str:
        taken = self.told.taken(name)
        if taken is None:
            return ""
        answer = self._client.get(f"/v1/messages/{taken.message_id}")
        return str(answer.json().get("state", ""))

    def _release(self) -> None:
        held = self.told.taken("held")
        if held is None:
            return
        body = {"action": "release", "reason": "Fine."}
        answer = self._client.post(f"/v1/reviews/{held.message_id}", json=body)
        self.told.released |= answer.status_code in (200, 202)

    def _put_creator(self) -> None:
        answer = self._client.put("/v1/creators/zoe", json={"display_name": "Zoé"})
        self.told.creator |= answer.is_success

    def _checkpoint(self) -> None:
        answer = self._client.get("/v1/audit/checkpoint")
        if answer.status_code == httpx.codes.OK:
            self.told.checkpoints.append(answer.text)

    def _glance(self, name: str) -> None:
        """Wait a while for the second attempt: it is in the path of a message too. Nothing
        depends on whether it came."""
        until = time.monotonic() + _GLANCE_S
        while self.state(name) == "queued" and time.monotonic() < until:
            time.sleep(0.02)
