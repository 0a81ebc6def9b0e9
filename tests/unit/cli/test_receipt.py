from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from gateway.cli import receipt
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import ReceiptSigner
from gateway.errors import ConfigurationError, InvalidField, KeysInvalid, ReceiptInvalid
from gateway.keyring import Keyring
from gateway.settings import Settings

TEXT = "[AI] Bonjour"
SALT = bytes(range(16))
KEYRING = Keyring.generate()
CLAIMS = {
    "iss": "https://gateway.example",
    "iat": 1_795_377_600,
    "jti": "rcp_1",
    "content_hash": content_hash(TEXT, SALT),
    "notices": ["ai", "ad"],
}
JWS = ReceiptSigner(key=KEYRING.receipt).sign(CLAIMS).jws


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(receipt)


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KEYRING.jwks()))
    return path


def test_verify(ask: Callable[..., Result], jwks: Path) -> None:
    told = ask("verify", "--jwks", str(jwks), "--text", TEXT, "--salt", SALT.hex(), JWS)
    assert told.exit_code == 0
    assert told.stdout.startswith("VALID")
    assert "notices: ai, ad" in told.stdout
    assert "iat: 2026-11-22T20:00:00+00:00" in told.stdout


def test_a_dry_runs_receipt_proves_no_publication(ask: Callable[..., Result], jwks: Path) -> None:
    jws = ReceiptSigner(key=KEYRING.receipt).sign({**CLAIMS, "dry_run": True}).jws
    answer = ask("verify", "--jwks", str(jwks), "--text", TEXT, "--salt", SALT.hex(), jws)
    assert answer.exit_code == 0
    assert "was judged, and not published" in answer.stdout


def test_verify_a_file_as_json(ask: Callable[..., Result], jwks: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text(TEXT + "\n", encoding="utf-8")
    told = ask(
        *("verify", "--jwks", str(jwks), "--text-file", str(text), "--salt", SALT.hex()),
        *("--json", JWS),
    )
    assert json.loads(told.stdout)["jti"] == "rcp_1"


@pytest.mark.parametrize(
    ("text", "salt", "what"),
    [("[AI] Bonsoir", SALT.hex(), "content_hash"), (TEXT, "00", "salt")],
)
def test_what_does_not_match_is_named(
    text: str, salt: str, what: str, ask: Callable[..., Result], jwks: Path
) -> None:
    told = ask("verify", "--jwks", str(jwks), "--text", text, "--salt", salt, JWS)
    assert told.exit_code == 1
    assert told.stderr.startswith("NOT VALID")
    assert what in told.stderr


def test_own_keys_by_default(ask: Callable[..., Result], settings: Settings) -> None:
    arguments = ("verify", "--text", TEXT, "--salt", SALT.hex())
    assert isinstance(ask(*arguments, JWS).exception, KeysInvalid)
    own = Keyring.create(settings.keys_dir)
    told = ask(*arguments, JWS)
    assert (told.exit_code, "kid" in told.stderr) == (1, True)
    assert ask(*arguments, ReceiptSigner(key=own.receipt).sign(CLAIMS).jws).exit_code == 0


@pytest.fixture
def served() -> Iterator[tuple[str, dict[str, tuple[int, bytes]]]]:
    pages: dict[str, tuple[int, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, page = pages[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", pages
        server.shutdown()
        thread.join()


def test_keys_from_a_url(
    ask: Callable[..., Result], served: tuple[str, dict[str, tuple[int, bytes]]]
) -> None:
    url, pages = served
    arguments = ("verify", "--text", TEXT, "--salt", SALT.hex(), "--jwks")
    pages["/jwks"] = 200, json.dumps(KEYRING.jwks()).encode()
    assert ask(*arguments, f"{url}/jwks", JWS).exit_code == 0
    for status, page in ((404, b""), (200, b"[]"), (200, b"{"), (200, b" " * 1_100_000)):
        pages["/jwks"] = status, page
        assert isinstance(ask(*arguments, f"{url}/jwks", JWS).exception, ConfigurationError)
    for where in ("http://example.com/jwks", "http://127.0.0.1:9/jwks", "nowhere.json"):
        assert isinstance(ask(*arguments, where, JWS).exception, ConfigurationError)


def test_the_text_is_given_once(ask: Callable[..., Result], jwks: Path, tmp_path: Path) -> None:
    arguments = ("verify", "--jwks", str(jwks), "--salt", SALT.hex())
    assert isinstance(ask(*arguments, JWS).exception, InvalidField)
    latin = tmp_path / "latin"
    latin.write_bytes("é".encode("latin-1"))
    told = ask(*arguments, "--text-file", str(latin), JWS)
    assert isinstance(told.exception, ConfigurationError)


def test_show(ask: Callable[..., Result]) -> None:
    told = ask("show", JWS)
    assert told.stdout.startswith("NOT VERIFIED")
    assert KEYRING.receipt.kid in told.stdout
    document = json.loads(ask("show", "--json", JWS).stdout)
    assert document["claims"]["jti"] == "rcp_1"
    assert document["verified"] is False


def test_show_hides_control_characters(ask: Callable[..., Result]) -> None:
    jws = ReceiptSigner(key=KEYRING.receipt).sign({"jti": "\x1b[31mred\u202e"}).jws
    told = ask("show", jws)
    assert "\x1b" not in told.stdout
    assert "\u202e" not in told.stdout
    assert isinstance(ask("show", "x.y").exception, ReceiptInvalid)
