"""The demo's other entry points fail when what comes through them is wrong."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import yaml

from gateway.demo.channels import through_entry_points, write_route

REPLY = ("[AI] We open the show in Lyon, ", "and the new song closes it. ", "See you there!")


def _answering(pieces: tuple[str, ...], ended: str, post: httpx.Response) -> httpx.Client:
    chunks = [f'data: {{"choices": [{{"delta": {{"content": "{one}"}}, ' for one in pieces]
    events = "\n\n".join(f'{chunk}"finish_reason": null}}]}}' for chunk in chunks)
    last = f'data: {{"choices": [{{"delta": {{}}, "finish_reason": "{ended}"}}]}}'

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/chat/completions":
            return httpx.Response(200, text=f"{events}\n\n{last}\n\ndata: [DONE]\n\n")
        return post

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://gateway")


@pytest.mark.parametrize(
    ("pieces", "ended", "fault"),
    [
        (REPLY, "stop", None),
        (REPLY, "content_filter", "it did not end well"),
        (("".join(REPLY),), "stop", "it came in one piece"),
        (("We open ", *REPLY), "stop", "the first words carry no label"),
        ((*REPLY, "jo.martin@example.org"), "stop", "an address passed"),
        (REPLY[:2], "stop", "words are missing"),
    ],
)
def test_a_stream_that_went_wrong_is_named(
    pieces: tuple[str, ...], ended: str, fault: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("httpx.get", lambda *_, **__: _posts([]))
    with _answering(pieces, ended, httpx.Response(403, json={"detail": "held"})) as client:
        stream, *_ = through_entry_points(client, "http://sandbox", "agk_x")
    assert stream.faults == (() if fault is None else (fault,))
    assert stream.received == "".join(pieces)


@pytest.mark.parametrize(
    ("texts", "faults"),
    [
        (["[AI] The guest list is full, but [email] keeps a waiting list."], set()),
        (["The guest list is full, but [email] keeps a waiting list."], {"it carries no label"}),
        (["[AI] jo.martin@example.org keeps a waiting list."], {"an address passed"}),
        ([], {"it carries no label", "words are missing"}),
    ],
)
def test_a_post_that_went_wrong_is_named(
    texts: list[str], faults: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("httpx.get", lambda *_, **__: _posts(texts))
    with _answering(REPLY, "stop", httpx.Response(201, json={"id": "post-1"})) as client:
        _, published, kept = through_entry_points(client, "http://sandbox", "agk_x")
    assert set(published.faults) == faults
    assert "the client was told that it is posted" in kept.faults


def _posts(texts: list[str]) -> httpx.Response:
    request = httpx.Request("GET", "http://sandbox/posts/messages")
    return httpx.Response(200, json=[{"text": text} for text in texts], request=request)


def test_the_route_file_opens_the_sandbox(tmp_path: Path) -> None:
    write_route(tmp_path / "routes", "http://127.0.0.1:8090")
    (file,) = (tmp_path / "routes").iterdir()
    route = yaml.safe_load(file.read_text("utf-8"))
    assert (route["kind"], route["url"]) == ("proxy", "http://127.0.0.1:8090/posts")
