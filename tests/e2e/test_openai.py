"""The official SDK of OpenAI through the gateway to a generator: real processes, real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import openai
import pytest
from aiohttp import web
from openai.types.chat import ChatCompletionChunk

from tests.generator import generator
from tests.processes import Serving, run, serving

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
        generator(folder, ANSWERS) as url,
        serving(folder / "data", upstream_url=url, upstream_key="of the generator") as started,
    ):
        with started.client() as http:
            http.put("/v1/creators/lea", json={"display_name": "Léa"}).raise_for_status()
        yield started


def client(there: Serving) -> openai.OpenAI:
    key = there.headers["Authorization"].removeprefix("Bearer ")
    return openai.OpenAI(base_url=f"{there.url}/v1", api_key=key, max_retries=0)


def about(conversation: str) -> dict[str, str]:
    return {
        "creator": "lea", "avatar": "lea-twin", "conversation": conversation, "channel": "dm",
        "audience_id": f"person-{conversation}", "audience_minor": "no",
        "audience_jurisdictions": "FR",
    }  # fmt: skip


def ask(there: Serving, said: str, conversation: str) -> tuple[list[str], str | None, list[str]]:
    """The deltas, why it ended, and the messages that the deltas were recorded as."""
    deltas, finished, messages = [], None, []
    stream = client(there).chat.completions.create(
        model="twin-2",
        messages=[{"role": "user", "content": said}],
        metadata=about(conversation),
        stream=True,
    )
    for chunk in stream:
        (choice,) = chunk.choices
        if choice.delta.content:
            deltas.append(choice.delta.content)
            messages.append(chunk.avatar_gateway["message_id"])
        finished = choice.finish_reason or finished
    return deltas, finished, messages


def ask_whole(there: Serving, said: str, conversation: str) -> tuple[str, str]:
    answer = client(there).chat.completions.create(
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
    good = client(there)
    hello = [{"role": "user", "content": "quoi de neuf"}]
    with pytest.raises(openai.AuthenticationError):
        good.with_options(api_key="wrong").chat.completions.create(model="m", messages=hello)
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
async def talking(
    slow: Slow, folder: Path
) -> AsyncIterator[openai.AsyncStream[ChatCompletionChunk]]:
    """A stream from `slow` through a gateway of its own."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", slow.chat)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = "http://{}:{}/v1".format(*runner.addresses[0][:2])
        with serving(folder / "data", upstream_url=url, upstream_key="ours") as there:
            with there.client() as http:
                http.put("/v1/creators/lea", json={}).raise_for_status()
            key = there.headers["Authorization"].removeprefix("Bearer ")
            async with openai.AsyncOpenAI(base_url=f"{there.url}/v1", api_key=key) as client:
                yield await client.chat.completions.create(
                    model="twin-2",
                    messages=[{"role": "user", "content": "Salut"}],
                    metadata=about("left"),
                    stream=True,
                )
    finally:
        await runner.cleanup()


async def test_when_the_client_leaves_the_generator_is_stopped(tmp_path: Path) -> None:
    slow = Slow(breaks=False)
    async with talking(slow, tmp_path) as stream:
        first = await anext(aiter(stream))
        assert SENTENCE in (first.choices[0].delta.content or "")
        assert not slow.hung_up.is_set()
        await stream.close()
        async with asyncio.timeout(30):
            await slow.hung_up.wait()
    assert slow.authorization == "Bearer ours"
    assert "metadata" not in slow.asked


async def test_when_the_generator_breaks_off_what_is_held_is_discarded(tmp_path: Path) -> None:
    slow = Slow(breaks=True)
    async with talking(slow, tmp_path) as stream:
        chunks = aiter(stream)
        first = await anext(chunks)
        assert (first.choices[0].delta.content or "").endswith(SENTENCE)
        slow.break_off.set()
        with pytest.raises(openai.APIError) as raised:
            await anext(chunks)
    assert raised.value.code == "upstream"
