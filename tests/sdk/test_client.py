"""The client against a real gateway, over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest
from avatar_gateway_client import (
    AsyncClient,
    Client,
    Conflict,
    Invalid,
    NotFound,
    Retries,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
    calls,
)
from avatar_gateway_client.models import outcome as outcome_of

from gateway.demo.processes import RunningDemo
from gateway.disclosure.receipt import verify_receipt
from tests.patience import PATIENCE_S
from tests.sdk.conftest import Both, message, token

THREAT = "I will find you and kill you, you worthless idiot"


async def test_a_message_is_published_and_has_its_receipt(do: Both, there: RunningDemo) -> None:
    outcome = await do("submit", message("Le nouveau clip sort vendredi !", language="fr"))
    assert (outcome.released, outcome.verdict, outcome.notices) == (True, "publish", ("ai",))
    assert outcome.text.endswith("Le nouveau clip sort vendredi !")
    async with asyncio.timeout(PATIENCE_S):
        while not (await do("message", outcome.message_id)).published:  # noqa: ASYNC110 - HTTP
            await asyncio.sleep(0.05)
    receipt = await do("receipt", outcome.message_id)
    assert receipt.claims["message_id"] == outcome.message_id
    jwks = await fetched(f"{there.gateway}/.well-known/jwks.json")
    verify_receipt(receipt.jws, jwks, outcome.text, outcome.raw["disclosure"]["salt"])


@pytest.mark.parametrize(
    ("state", "published", "released"),
    [
        ("delivered", True, True),
        ("queued", False, True),
        ("refused", False, False),
        ("dead", False, False),
        ("unknown", False, False),
        ("held", False, False),
    ],
)
def test_published_means_that_the_platform_has_it(
    state: str, published: bool, released: bool
) -> None:
    body = {
        **{"message_id": "msg_1", "decision_id": "dec_1", "state": state, "verdict": "publish"},
        **{"reasons": [], "text": "Hi", "language": "en", "redacted": [], "entry": 7},
    }
    outcome = outcome_of(body)
    assert (outcome.published, outcome.released) == (published, released)


async def test_what_is_held_is_an_outcome_and_a_person_decides(do: Both) -> None:
    outcome = await do("submit", message(THREAT))
    assert outcome.verdict in {"hold", "block"}
    assert (outcome.published, outcome.text, outcome.receipt) == (False, None, None)
    said = message("Nice! See you there.")
    await do("hand_over", said.conversation, who="agent-7", reason="She asked for me.")
    held = await do("submit", said)
    waiting = {one.outcome.message_id: one for one in await do("reviews")}
    assert held.state == "held"
    assert waiting[held.message_id].submitted_text.startswith("Nice!")
    done = await do("review", held.message_id, action="reject", reason="We promise nothing.")
    assert done.state == "rejected_by_review"
    with pytest.raises(NotFound):
        await do("review", held.message_id, action="reject", reason="Once more.")


async def test_what_is_blocked_is_an_outcome_too(do: Both) -> None:
    await do("put_creator", "silent", {"kill_switch": True})
    outcome = await do("submit", message("Hello there!", creator="silent"))
    assert outcome.state == "blocked"
    assert "creator.kill_switch" in {one.rule for one in outcome.reasons}


async def test_a_dry_run_publishes_nothing(do: Both) -> None:
    outcome = await do("decide", message("See you on Sunday!"))
    assert (outcome.state, outcome.published, outcome.released) == ("decided", False, False)
    with pytest.raises(NotFound) as none:
        await do("receipt", "msg_none")
    assert (none.value.status, none.value.slug) == (404, "not-found")


async def test_creators(do: Both) -> None:
    put = await do("put_creator", "mia", {"display_name": "Mia"})
    assert await do("creator", "mia") == put
    assert put in await do("creators")
    with pytest.raises(NotFound):
        await do("creator", "nobody")
    with pytest.raises(Invalid) as wrong:
        await do("put_creator", "mia", {"kill_switch": "perhaps"})
    (error,) = wrong.value.errors
    assert "kill_switch" in error.field
    assert error.mend


async def test_a_person_takes_over(do: Both) -> None:
    said = message("Friday it is.", conversation="room/7")
    taken = await do("hand_over", said.conversation, who="agent-7", reason="She asked for me.")
    assert (taken.speaker, taken.who) == ("human", "agent-7")
    assert (await do("submit", said)).state == "held"
    typed = message("I am Paul.", conversation=said.conversation, human_author="agent-7")
    assert (await do("submit", typed)).notices == ("human",)
    back = await do("hand_over", said.conversation, who=None, reason="Solved.")
    assert back == await do("speaker", said.conversation)
    assert back.speaker == "avatar"


async def test_moderations(do: Both) -> None:
    calm, threat = await do("moderate", ["Have a lovely day!", THREAT])
    assert (calm.flagged, threat.flagged) == (False, True)
    assert threat.categories["violence"] is True
    assert threat.scores["illicit"] is None
    with pytest.raises(Invalid) as wrong:
        await do("moderate", ["x"] * 33)
    assert wrong.value.slug == "invalid-field"


async def test_a_wrong_field_and_a_wrong_key_are_named(do: Both, there: RunningDemo) -> None:
    with pytest.raises(Invalid) as wrong:
        await do("submit", message("Hello", creator="nobody"))
    assert wrong.value.errors[0].field == "creator"
    assert "PUT /v1/creators" in wrong.value.errors[0].mend
    stranger = Both(type(do.client)(there.gateway, "agk_unknown"))
    with pytest.raises(Unauthenticated) as refused:
        await stranger("submit", message("Hello"))
    assert "agk_unknown" not in repr(refused.value) + repr(stranger.client)
    await stranger("close")


async def test_the_same_key_is_the_same_message(do: Both) -> None:
    said = message("Only once.")
    first = await do("submit", said, idempotency_key=f"key-{said.conversation}")
    again = await do("submit", said, idempotency_key=f"key-{said.conversation}")
    assert (again.message_id, again.replayed) == (first.message_id, True)
    other = message("Something else.")
    with pytest.raises(Invalid) as reused:
        await do("submit", other, idempotency_key=f"key-{said.conversation}")
    assert reused.value.slug == "idempotency-key-reused"


async def fetched(url: str) -> Any:
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        return (await http.get(url)).json()


class Losing(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The real network, but the first `lost` answers get lost on their way back."""

    def __init__(self, lost: int) -> None:
        self._lost = lost
        self._sync, self._async = httpx.HTTPTransport(), httpx.AsyncHTTPTransport()
        self.keys: list[str | None] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._lose(request, self._sync.handle_request(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._async.handle_async_request(request)
        await response.aread()
        return self._lose(request, response)

    def _lose(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        self.keys.append(request.headers.get("idempotency-key"))
        if len(self.keys) <= self._lost:
            response.read()
            raise httpx.ReadError("the answer was lost")
        return response

    def close(self) -> None:
        self._sync.close()

    async def aclose(self) -> None:
        await self._async.aclose()


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def impatient(kind: Any, there: RunningDemo, lost: int) -> tuple[Both, Losing]:
    transport = Losing(lost)
    retries = Retries(first_s=0.001, longest_s=0.001)
    return Both(kind(there.gateway, token(there), retries=retries, transport=transport)), transport


async def test_lost_answers_are_asked_for_again_and_publish_once(
    kind: Any, there: RunningDemo
) -> None:
    do, transport = impatient(kind, there, lost=2)
    outcome = await do("submit", message("Lost twice, said once."))
    assert outcome.replayed
    assert len(set(transport.keys)) == 1
    assert len(transport.keys) == 3
    arrived = await fetched(f"{there.sandbox}/messages")
    assert [one["message_id"] for one in arrived].count(outcome.message_id) == 1
    await do("close")


async def test_in_the_end_it_gives_up(kind: Any, there: RunningDemo) -> None:
    do, transport = impatient(kind, there, lost=100)
    with pytest.raises(Unreachable, match="after 4 attempt"):
        await do("submit", message("Never heard of."))
    assert len(transport.keys) == 4
    await do("close")


async def test_what_might_happen_twice_is_sent_once(kind: Any, there: RunningDemo) -> None:
    do, transport = impatient(kind, there, lost=100)
    with pytest.raises(Unreachable):
        await do("review", "msg_none", action="reject", reason="Not this one.")
    assert len(transport.keys) == 1
    await do("close")


async def test_nobody_there(kind: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        do = Both(kind(url, "agk_secret", retries=Retries(first_s=0.001, longest_s=0.001)))
        with pytest.raises(Unreachable) as error:
            await do("speaker", "c-1")
        assert "agk_secret" not in str(error.value)
        await do("close")


async def test_somebody_else_there(kind: Any, there: RunningDemo) -> None:
    do = Both(kind(there.sandbox, "agk_secret"))
    odd = calls.Call(method="GET", path="/messages", read=lambda body: body["nothing"])
    with pytest.raises(UnexpectedAnswer):
        await do("send", odd)
    await do("close")


async def test_a_state_that_does_not_allow_it(do: Both) -> None:
    body = {"type": "x/state-conflict", "title": "No", "status": 409, "detail": "Too late."}
    response = httpx.Response(
        409, content=json.dumps(body), request=httpx.Request("POST", "http://gateway/")
    )
    from avatar_gateway_client.exchange import Exchange

    with pytest.raises(Conflict, match="Too late"):
        Exchange(calls.submit(message("x")), Retries()).answered(response)
