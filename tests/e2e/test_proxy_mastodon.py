"""Mastodon through the proxy: a real client before it, a server of Mastodon's API behind it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import requests
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonUnauthorizedError
from mastodon_mock.testing.server import MockServer

from tests.patience import PATIENCE_S
from tests.processes import free_port
from tests.proxies import Proxying, from_the_guide, opened, proxying, raw

LABEL = "AI"
ADDRESS = "lea.perso@example.org"
TOKEN = "alice_token"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as there:
        yield there


@pytest.fixture(scope="module")
def proxy(server: MockServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxying]:
    routes = {
        "fans": opened("mastodon", server.base_url, max_length=500),
        "injected": opened("mastodon", server.base_url, credential_file="alice.token"),
        "nobody": opened("mastodon", f"http://127.0.0.1:{free_port()}"),
    }
    folder = tmp_path_factory.mktemp("mastodon")
    with proxying(folder, routes, secrets={"alice.token": "alice_token"}) as there:
        yield there


def client(proxy: Proxying, route: str = "fans", token: str = TOKEN) -> Mastodon:
    session = requests.Session()
    session.headers.update(proxy.headers)
    return Mastodon(
        access_token=token,
        api_base_url=proxy.url(route),
        session=session,
        version_check_mode="none",
        ratelimit_method="throw",
    )


@pytest.fixture
def avatar(proxy: Proxying) -> Mastodon:
    return client(proxy)


@pytest.fixture
def reader(server: MockServer) -> Mastodon:
    """Someone else, who reads without the gateway."""
    return Mastodon(
        access_token="bob_token", api_base_url=server.base_url, version_check_mode="none"
    )


def count(reader: Mastodon, words: str) -> int:
    return sum(words in one.content for one in reader.timeline_public(limit=40))


def test_the_reader_sees_the_label_and_no_address(avatar: Mastodon, reader: Mastodon) -> None:
    posted = avatar.status_post(f"The new clip is out, write to {ADDRESS}")
    seen = reader.status(posted.id).content
    assert LABEL in seen
    assert "The new clip is out" in seen
    assert ADDRESS not in seen


def test_each_text_gets_its_own_words_back(avatar: Mastodon, reader: Mastodon) -> None:
    posted = avatar.status_post(
        "What do you say?",
        spoiler_text=f"a question from {ADDRESS}",
        poll=avatar.make_poll(["Yes, always", f"Ask {ADDRESS}"], expires_in=3_600),
    )
    seen = reader.status(posted.id)
    assert LABEL in seen.content
    assert "What do you say?" in seen.content
    assert seen.spoiler_text.startswith("a question from [")
    assert seen.poll.options[0].title == "Yes, always"
    assert ADDRESS not in str(seen)


def test_a_block_is_the_platforms_own_error(avatar: Mastodon, reader: Mastodon) -> None:
    with pytest.raises(MastodonAPIError) as caught:
        avatar.status_post("You are a worthless idiot, I hate you, kill yourself blockedblocked")
    assert caught.value.args[1] == 422
    assert "Not published" in str(caught.value)
    assert count(reader, "blockedblocked") == 0


def test_a_retry_does_not_post_twice(avatar: Mastodon, reader: Mastodon) -> None:
    first = avatar.status_post("Only once, onlyonce", idempotency_key="key-1")
    again = avatar.status_post("Only once, onlyonce", idempotency_key="key-1")
    assert first.id == again.id
    assert count(reader, "onlyonce") == 1
    with pytest.raises(MastodonAPIError):
        avatar.status_post("Something else, onlyonce", idempotency_key="key-1")
    assert count(reader, "onlyonce") == 1


def test_an_edit_is_judged_like_a_post(avatar: Mastodon, reader: Mastodon) -> None:
    posted = avatar.status_post("Before the edit")
    avatar.status_update(posted.id, f"After the edit, {ADDRESS}")
    seen = reader.status(posted.id).content
    assert LABEL in seen
    assert "After the edit" in seen
    assert ADDRESS not in seen
    avatar.status_delete(posted.id)


def test_what_is_not_listed_is_denied(avatar: Mastodon, reader: Mastodon) -> None:
    before = reader.account(avatar.me().id)
    with pytest.raises(MastodonAPIError, match="not listed"):
        avatar.account_update_credentials(note=f"write to {ADDRESS}")
    assert reader.account(before.id).note == before.note


def test_reads_pass(avatar: Mastodon, reader: Mastodon) -> None:
    posted = avatar.status_post("To be read")
    assert avatar.status(posted.id).content == reader.status(posted.id).content
    assert avatar.timeline_home()[0].id == posted.id
    with pytest.raises(MastodonAPIError):
        avatar.status("999999999")


def test_a_stream_comes_as_it_is_sent(proxy: Proxying, reader: Mastodon) -> None:
    """The event arrives while the stream is still open."""
    headers = {**proxy.headers, "Authorization": "Bearer alice_token"}
    url = f"{proxy.url('fans')}/api/v1/streaming/public"
    with (
        httpx.Client(timeout=PATIENCE_S) as http,
        http.stream("GET", url, headers=headers) as stream,
    ):
        lines = stream.iter_lines()
        assert stream.status_code == 200
        reader.status_post("streamed to those who listen")
        assert any("streamed to those who listen" in line for line in lines)


def test_the_proxys_own_key_is_needed(proxy: Proxying, server: MockServer) -> None:
    with pytest.raises(MastodonUnauthorizedError):
        Mastodon(
            access_token="alice_token",
            api_base_url=proxy.url("fans"),
            version_check_mode="none",
        ).status_post("without a key")


def test_an_injected_credential_is_never_the_clients(proxy: Proxying, reader: Mastodon) -> None:
    """The avatar service knows the gateway's key alone, and gives it where the token would be."""
    avatar = Mastodon(
        access_token=proxy.key, api_base_url=proxy.url("injected"), version_check_mode="none"
    )
    posted = avatar.status_post("Without any token")
    assert reader.status(posted.id).account.username == "alice"
    assert "alice_token" not in proxy.gateway.log.read_text()


def test_the_client_of_the_guide(proxy: Proxying, reader: Mastodon) -> None:
    from_the_guide("Mastodon", proxy, proxy.url("injected"))
    assert count(reader, "Le nouveau clip sort vendredi") == 1


def test_a_platform_that_is_away(proxy: Proxying) -> None:
    with pytest.raises(MastodonAPIError) as caught:
        client(proxy, "nobody").status_post("To nobody")
    assert caught.value.args[1] == 502


POST = "/p/fans/api/v1/statuses"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "content"),
    [
        ("POST", POST, JSON, b'{"status": "bypass", "status": "bypass"}'),
        ("POST", POST, JSON, b'{"status": "hello", "Status": "bypass"}'),
        ("POST", POST, JSON, b'{"status": ["bypass"]}'),
        ("POST", POST, JSON, b'{"status": "hello", "text": "bypass"}'),
        ("POST", POST + "?status=bypass", FORM, b"visibility=public"),
        ("POST", POST, FORM, b"status=hello&status=bypass"),
        ("POST", POST, FORM, b"status[]=bypass"),
        ("POST", POST, FORM, b"_method=put&status=bypass"),
        ("POST", POST, {"Content-Type": "text/plain"}, b'{"status": "bypass"}'),
        ("POST", POST, {**FORM, "X-HTTP-Method-Override": "PUT"}, b"status=bypass"),
        ("POST", POST, {**FORM, "Content-Encoding": "gzip"}, b"status=bypass"),
        ("POST", "/p/fans/api/v1/%2e%2e/v1/statuses", FORM, b"status=bypass"),
        ("POST", "/p/fans/api/v1%2Fstatuses", FORM, b"status=bypass"),
        ("POST", "/p/fans/api/v1/statuses/", FORM, b"status=bypass"),
        ("POST", "/p/fans//api/v1/statuses", FORM, b"status=bypass"),
        ("POST", "/%70/fans/api/v1/statuses", FORM, b"status=bypass"),
        ("POST", "/p/fans/api/v1/apps", FORM, b"client_name=bypass"),
    ],
)
def test_no_way_around(  # noqa: PLR0917 - a table
    proxy: Proxying,
    reader: Mastodon,
    method: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
) -> None:
    token = {"Authorization": "Bearer alice_token"}
    answer = raw(proxy, method, path, headers={**headers, **token}, content=content)
    assert answer.status_code in (400, 403, 404, 413, 415)
    assert answer.json()["error"].startswith("Not published")
    assert count(reader, "bypass") == 0


def test_an_encoded_path_is_the_path(proxy: Proxying, reader: Mastodon) -> None:
    answer = raw(
        proxy,
        "POST",
        "/p/fans/api/v1/%73tatuses",
        headers={**FORM, "Authorization": "Bearer alice_token"},
        content=f"status=encoded+path+{ADDRESS}".encode(),
    )
    assert LABEL in answer.json()["content"]
    assert ADDRESS not in answer.text


def test_everything_is_in_the_log(proxy: Proxying, avatar: Mastodon) -> None:
    posted = avatar.status_post("For the record")
    sent = [one["dispatch"]["platform_id"] for one in proxy.entries(kind="delivery")]
    assert str(posted.id) in sent
