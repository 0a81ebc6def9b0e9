"""The official SDK of OpenAI through the gateway to a generator: real processes, real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from aiohttp import web
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import Response

from tests.generator import generator
from tests.patience import PATIENCE_S
from tests.processes import Serving, run, unhurried
from tests.taken_back import RETRACTED, RULE

ORDINARY = (
    "Salut toi ! Le nouveau clip sort vendredi soir. On a tourné pendant trois jours à la mer. "
    "L'équipe était géniale, et il a fait beau. Tu me diras ce que tu en penses ?"
)
PERSONAL = (
    "Avec plaisir ! Écris-moi à lea.perso@example.org, ou bien appelle le 06 12 34 56 78. "
    "Je réponds toujours. À très vite !"
)
BLOCKED = "Salut ! Tu es nul. I will kill you, you worthless idiot. Voilà tout. Bisous."
ANSWERS = {
    "quoi de neuf": ORDINARY,
    "te joindre": PERSONAL,
    "fâchée": BLOCKED,
    "en finir": ORDINARY,
}
SECRETS = ("lea.perso", "example.org", "06 12", "12 34", "56 78")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("openai")
    with (
        generator(folder, {**ANSWERS, "le concert": RETRACTED}) as url,
        unhurried(
            folder / "data",
            upstream_url=url,
            upstream_key="of the generator",
        ) as started,
    ):
        with started.client() as http:
            http.put("/v1/creators/lea", json={"display_name": "Léa"}).raise_for_status()
            http.put("/v1/creators/mia", json={"rego": RULE}).raise_for_status()
        yield started


def client(there: Serving) -> openai.OpenAI:
    """To be closed by whoever uses it: the connections that it keeps are closed by nothing else."""
    key = there.headers["Authorization"].removeprefix("Bearer ")
    return openai.OpenAI(base_url=f"{there.url}/v1", api_key=key, max_retries=0)


def added(answer: openai.BaseModel) -> dict[str, Any]:
    """What the gateway says in an answer beside the fields of OpenAI."""
    assert answer.model_extra is not None
    extra: dict[str, Any] = answer.model_extra["avatar_gateway"]
    return extra


def about(conversation: str) -> dict[str, str]:
    return {
        "creator": "lea", "avatar": "lea-twin", "conversation": conversation, "channel": "dm",
        "audience_id": f"person-{conversation}", "audience_minor": "no",
        "audience_jurisdictions": "FR",
    }  # fmt: skip


def ask(there: Serving, said: str, conversation: str) -> tuple[list[str], str | None, list[str]]:
    """The deltas, why it ended, and the messages that the deltas were recorded as."""
    deltas, finished, messages = [], None, []
    with (
        client(there) as sdk,
        sdk.chat.completions.create(
            model="twin-2",
            messages=[{"role": "user", "content": said}],
            metadata=about(conversation),
            stream=True,
        ) as stream,
    ):
        for chunk in stream:
            (choice,) = chunk.choices
            if choice.delta.content:
                deltas.append(choice.delta.content)
                messages.append(added(chunk)["message_id"])
            finished = choice.finish_reason or finished
    return deltas, finished, messages


def ask_whole(there: Serving, said: str, conversation: str) -> tuple[str, str]:
    with client(there) as sdk:
        answer = sdk.chat.completions.create(
            model="twin-2",
            messages=[{"role": "user", "content": said}],
            metadata=about(conversation),
        )
    return answer.choices[0].message.content or "", answer.choices[0].finish_reason


def test_sentences_come_one_by_one_with_the_label_in_the_first(there: Serving) -> None:
    deltas, finished, messages = ask(there, "Salut, quoi de neuf ?", "ordinary")
    assert finished == "stop"
    assert deltas[0].startswith("🤖 IA · ")
    assert "".join(deltas).endswith(ORDINARY)
    assert len(deltas) >= 4
    assert not any("IA" in delta for delta in deltas[1:])
    assert len(set(messages)) == len(deltas)


def test_each_sentence_is_recorded_and_has_its_receipt(there: Serving) -> None:
    deltas, _, messages = ask(there, "quoi de neuf", "recorded")
    with there.client() as http:
        for number, (delta, message) in enumerate(zip(deltas, messages, strict=True)):
            told = http.get(f"/v1/messages/{message}").json()
            assert told["text"] == delta.strip()
            assert http.get(f"/v1/receipts/{message}").json()["claims"]["verdict"] == "publish"
            kinds = {
                one["body"]["kind"]: one["body"]
                for one in http.get("/v1/audit/entries", params={"message_id": message}).json()[
                    "entries"
                ]
            }
            assert kinds["decision"]["stream"]["number"] == number
            assert kinds["decision"]["state"] == "queued"


@pytest.mark.parametrize("said", ANSWERS)
def test_the_decision_is_the_same_streaming_or_not(there: Serving, said: str) -> None:
    number = list(ANSWERS).index(said)
    deltas, finished, _ = ask(there, f"alors, {said}", f"streamed-{number}")
    text, whole_finished = ask_whole(there, f"alors, {said}", f"whole-{number}")
    assert finished == whole_finished
    if finished == "stop":
        assert "".join(deltas) == text
    else:
        assert text == ""


def test_personal_data_never_leaves(there: Serving) -> None:
    deltas, finished, _ = ask(there, "comment te joindre", "personal")
    text = "".join(deltas)
    assert finished == "stop"
    assert "[e-mail]" in text
    assert "[téléphone]" in text
    assert not any(secret in text for secret in SECRETS)


def test_a_block_ends_the_stream(there: Serving) -> None:
    deltas, finished, _ = ask(there, "tu es fâchée", "blocked")
    assert finished == "content_filter"
    assert "kill" not in "".join(deltas)
    assert "Bisous" not in "".join(deltas)


def test_a_crisis_is_answered_in_the_generators_place(there: Serving) -> None:
    deltas, finished, _ = ask(there, "je veux en finir avec la vie, me suicider", "crisis")
    assert finished == "stop"
    assert "3114" in "".join(deltas)
    assert "clip" not in "".join(deltas)


def test_errors_are_in_openais_form(there: Serving) -> None:
    hello: list[ChatCompletionMessageParam] = [{"role": "user", "content": "quoi de neuf"}]
    with client(there) as good:
        stranger = good.with_options(api_key="wrong")  # shares the connections of `good`
        with pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(model="m", messages=hello)
        for wrong in (
            {"tools": [{"type": "function", "function": {"name": "f"}}], "metadata": about("e")},
            {"n": 2, "metadata": about("e")},
            {"logprobs": True, "metadata": about("e")},
            {"metadata": {**about("e"), "creator": "nobody"}},
            {"metadata": {**about("e"), "channel": "radio"}},
            {},
        ):
            with pytest.raises(openai.BadRequestError) as raised:
                good.chat.completions.create(model="m", messages=hello, **wrong)
            assert raised.value.param is not None
        with pytest.raises(openai.InternalServerError) as failed:
            good.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": "fail now"}],
                metadata=about("f"),
            )
    assert failed.value.status_code == httpx.codes.BAD_GATEWAY
    assert "secret" not in str(failed.value)


def test_the_log_verifies_afterwards(there: Serving, tmp_path: Path) -> None:
    ask(there, "comment te joindre", "verified")
    checked = run(there.data_dir, "audit", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr


Endpoint = Callable[[openai.AsyncOpenAI], AsyncGenerator[str]]
SENTENCE = "Salut toi, ça va ? "
HELD = ("Moi oui, ", "et mon numéro est le 06 12 34 ")


class Slow:
    """A generator that says one sentence and begins another; then it breaks off, or it waits
    until it is hung up on."""

    def __init__(self, *, breaks: bool) -> None:
        self.hung_up = asyncio.Event()
        self.break_off = asyncio.Event()
        self.asked: Mapping[str, object] = {}
        self.authorization = ""
        self._breaks = breaks

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.asked = await request.json()
        self.authorization = request.headers["Authorization"]
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        for words in (SENTENCE, *HELD):
            delta = {"choices": [{"index": 0, "delta": {"content": words}}]}
            await answer.write(b"data: " + json.dumps(delta).encode() + b"\n\n")
        if self._breaks:
            await self.break_off.wait()
            return answer
        try:
            while True:
                await answer.write(b": still there\n\n")
                await asyncio.sleep(0.01)
        finally:
            self.hung_up.set()


@asynccontextmanager
async def talking(slow: Slow | Failing, folder: Path) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client of a gateway of its own, in front of `slow`."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", slow.chat)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = "http://{}:{}/v1".format(*runner.addresses[0][:2])
        with unhurried(folder / "data", upstream_url=url, upstream_key="ours") as there:
            with there.client() as http:
                http.put("/v1/creators/lea", json={}).raise_for_status()
            key = there.headers["Authorization"].removeprefix("Bearer ")
            async with openai.AsyncOpenAI(
                base_url=f"{there.url}/v1", api_key=key, max_retries=0
            ) as client:
                yield client
    finally:
        await runner.cleanup()


async def chat(client: openai.AsyncOpenAI) -> AsyncGenerator[str]:
    """The words, as they come. Closing it leaves."""
    stream = await client.chat.completions.create(
        model="twin-2",
        messages=[{"role": "user", "content": "Salut"}],
        metadata=about("left"),
        stream=True,
    )
    async with stream:
        async for chunk in stream:
            yield chunk.choices[0].delta.content or ""


async def responses(client: openai.AsyncOpenAI) -> AsyncGenerator[str]:
    """As `chat`. An error is an event here, which the SDK hands on."""
    stream = await client.responses.create(
        model="twin-2", input="Salut", metadata=about("left"), stream=True
    )
    async with stream:
        async for event in stream:
            if event.type == "response.output_text.delta":
                yield event.delta
            if event.type == "error":
                asked = stream.response.request
                raise openai.APIError(event.message, request=asked, body=event.to_dict())


@pytest.mark.parametrize("endpoint", [chat, responses])
async def test_when_the_client_leaves_the_generator_is_stopped(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    slow = Slow(breaks=False)
    async with talking(slow, tmp_path) as client:
        words = endpoint(client)
        assert SENTENCE in await anext(words)
        assert not slow.hung_up.is_set()
        await words.aclose()
        async with asyncio.timeout(PATIENCE_S):
            await slow.hung_up.wait()
    assert slow.authorization == "Bearer ours"
    assert "metadata" not in slow.asked
    assert slow.asked["messages"] == [{"role": "user", "content": "Salut"}]


@pytest.mark.parametrize("endpoint", [chat, responses])
async def test_when_the_generator_breaks_off_what_is_held_is_discarded(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    slow = Slow(breaks=True)
    async with talking(slow, tmp_path) as client:
        words = endpoint(client)
        assert (await anext(words)).endswith(SENTENCE)
        slow.break_off.set()
        with pytest.raises(openai.APIError) as raised:
            await anext(words)
    assert raised.value.code == "upstream"


def events_of(there: Serving, **asked: Any) -> list[Any]:
    with (
        client(there) as sdk,
        sdk.responses.create(model="twin-2", stream=True, **asked) as stream,
    ):
        return list(stream)


def respond(there: Serving, said: str, conversation: str) -> tuple[list[str], Response, list[str]]:
    """The deltas, the response at the end, and the messages the deltas were recorded as."""
    events = events_of(there, input=said, metadata=about(conversation))
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    messages = [event.avatar_gateway["message_id"] for event in deltas]
    return [event.delta for event in deltas], events[-1].response, messages


def respond_whole(there: Serving, said: str, conversation: str) -> Response:
    with client(there) as sdk:
        return sdk.responses.create(model="twin-2", input=said, metadata=about(conversation))


def test_a_response_comes_in_the_events_of_its_form(there: Serving) -> None:
    events = events_of(
        there,
        instructions="Sois brève.",
        input=[
            {"role": "assistant", "content": [{"type": "output_text", "text": "Salut."}]},
            {"role": "user", "content": [{"type": "input_text", "text": "quoi de neuf ?"}]},
        ],
        metadata=about("events"),
    )
    kinds = [event.type.removeprefix("response.") for event in events]
    deltas = kinds.count("output_text.delta")
    assert deltas >= 4
    assert kinds == [
        "created", "output_item.added", "content_part.added", *["output_text.delta"] * deltas,
        "output_text.done", "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert [event.sequence_number for event in events] == list(range(len(events)))
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said.startswith("🤖 IA · ")
    assert said.endswith(ORDINARY)
    assert said == events[-1].response.output_text
    assert said == next(one.text for one in events if one.type == "response.output_text.done")
    assert not any("IA" in event.delta for event in events[4 : 3 + deltas])


def test_the_helper_of_the_sdk_puts_a_response_together(there: Serving) -> None:
    with (
        client(there) as sdk,
        sdk.responses.stream(
            model="twin-2", input="quoi de neuf", metadata=about("helper")
        ) as stream,
    ):
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert final.output_text == "".join(deltas)
    assert final.output_text.endswith(ORDINARY)
    assert final.status == "completed"


@pytest.mark.parametrize("said", ANSWERS)
def test_a_response_is_decided_as_a_completion_is(there: Serving, said: str) -> None:
    number = list(ANSWERS).index(said)
    deltas, streamed, messages = respond(there, f"donc, {said}", f"response-{number}")
    whole = respond_whole(there, f"donc, {said}", f"response-whole-{number}")
    _, finished, _ = ask(there, f"donc, {said}", f"completion-{number}")
    assert streamed.status == whole.status
    assert (finished == "stop") == (whole.status == "completed")
    assert len(set(messages)) == len(deltas)
    assert not any(secret in whole.output_text + "".join(deltas) for secret in SECRETS)
    if whole.status == "completed":
        assert "".join(deltas) == streamed.output_text == whole.output_text != ""
        with there.client() as http:
            for message in (*messages, added(whole)["message_id"]):
                http.get(f"/v1/receipts/{message}").raise_for_status()


def test_a_blocked_response_is_incomplete(there: Serving) -> None:
    deltas, streamed, _ = respond(there, "tu es fâchée", "response-blocked")
    whole = respond_whole(there, "tu es fâchée", "response-blocked-whole")
    assert "kill" not in "".join(deltas)
    assert "Bisous" not in "".join(deltas)
    assert whole.output == []
    for response in (streamed, whole):
        assert response.status == "incomplete"
        assert response.incomplete_details is not None
        assert response.incomplete_details.reason == "content_filter"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"previous_response_id": "resp-1"}, "previous_response_id"),
        ({"store": True}, "store"),
        ({"include": ["message.output_text.logprobs"]}, "include"),
        ({"background": True}, "background"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "o"}]}, "input.0"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "u"}]}]},
            "input.0.content.0",
        ),
        ({"metadata": {**about("e"), "creator": "nobody"}}, "metadata.creator"),
        ({"metadata": {}}, "metadata.channel"),
    ],
)
def test_what_a_response_cannot_be_judged_by_is_refused(
    there: Serving, wrong: dict[str, Any], param: str
) -> None:
    asked: dict[str, Any] = {"input": "quoi de neuf", "metadata": about("e"), **wrong}
    for stream in (True, False):
        with client(there) as sdk, pytest.raises(openai.BadRequestError) as raised:
            sdk.responses.create(model="m", stream=stream, **asked)
        assert str(raised.value.param).startswith(param)
        assert raised.value.code == "invalid_field"


def test_a_response_that_fails_is_told_by_the_status(there: Serving) -> None:
    with client(there) as sdk, pytest.raises(openai.InternalServerError) as failed:
        sdk.responses.create(model="m", input="fail now", metadata=about("f"))
    assert failed.value.status_code == httpx.codes.BAD_GATEWAY
    assert failed.value.code == "upstream"
    assert "secret" not in str(failed.value)
    with (
        openai.OpenAI(base_url=f"{there.url}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.responses.create(model="m", input="x")


def retracting(conversation: str) -> dict[str, str]:
    """A creator whose rule sees in the last sentence that the first should not have been said:
    more than the fifty words that are judged again lie between them."""
    return {**about(conversation), "creator": "mia", "avatar": "mia-twin"}


def reviewer_was_called(there: Serving, message: str) -> None:
    """Its entry is a block of the whole, with the rule that saw it, and a person must look."""
    with there.client() as http:
        entries = http.get("/v1/audit/entries", params={"message_id": message}).json()["entries"]
        (body,) = (one["body"] for one in entries)
        waiting = http.get("/v1/escalations").json()
    assert (body["verdict"], body["state"]) == ("block", "blocked")
    assert body["stream"]["whole"]
    assert "creator.mia.taken_back" in {one["rule"] for one in body["reasons"]}
    (call,) = (one for one in waiting if one["outcome"]["message_id"] == message)
    assert call["rules"] == ["gateway.stream"]


def test_a_completion_is_retracted_when_its_end_shows_it(there: Serving) -> None:
    with (
        client(there) as sdk,
        sdk.chat.completions.create(
            model="twin-2",
            messages=[{"role": "user", "content": "et le concert ?"}],
            metadata=retracting("retracted"),
            stream=True,
        ) as stream,
    ):
        chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said.endswith(RETRACTED)
    *_, retracted, last = chunks
    assert added(retracted)["retracted"] is True
    assert not retracted.choices[0].delta.content
    assert last.choices[0].finish_reason == "content_filter"
    assert [one.choices[0].finish_reason for one in chunks[:-1]] == [None] * (len(chunks) - 1)
    reviewer_was_called(there, added(retracted)["message_id"])


def test_a_response_is_retracted_when_its_end_shows_it(there: Serving) -> None:
    events = events_of(there, input="et le concert ?", metadata=retracting("retracted-too"))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas).endswith(RETRACTED)
    final = events[-1].response
    assert events[-1].type == "response.incomplete"
    assert final.incomplete_details.reason == "content_filter"
    assert (final.output_text, final.output) == ("", [])
    assert final.avatar_gateway["retracted"] is True
    (done,) = (event for event in events if event.type == "response.output_text.done")
    assert done.text == ""
    reviewer_was_called(there, final.avatar_gateway["message_id"])


def test_what_would_be_retracted_is_not_given_out_whole(there: Serving) -> None:
    metadata = retracting("never-said")
    with client(there) as sdk:
        completion = sdk.chat.completions.create(
            model="twin-2",
            messages=[{"role": "user", "content": "et le concert ?"}],
            metadata=metadata,
        )
        response = sdk.responses.create(model="twin-2", input="et le concert ?", metadata=metadata)
    assert completion.choices[0].finish_reason == "content_filter"
    assert completion.choices[0].message.content == ""
    assert (response.status, response.output) == ("incomplete", [])


class Failing:
    async def chat(self, _: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="a secret of the generator")


async def test_a_stream_that_fails_before_its_first_words_has_a_status(tmp_path: Path) -> None:
    async with talking(Failing(), tmp_path) as client:
        for endpoint in (chat, responses):
            with pytest.raises(openai.InternalServerError) as failed:
                await anext(endpoint(client))
            assert failed.value.status_code == httpx.codes.BAD_GATEWAY
            assert failed.value.code == "upstream"
            assert "secret" not in str(failed.value)
