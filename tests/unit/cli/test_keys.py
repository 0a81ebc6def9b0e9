from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli import keys
from gateway.cli.context import Books, Workshop
from gateway.errors import KeysInvalid, NotFound
from gateway.keyring import Keyring
from gateway.model.access import Role
from gateway.settings import Settings, read_settings
from gateway.storage.store import open_store
from gateway.trail.leaf import encode
from gateway.trail.log import Log
from gateway.trail.note import NoteKey


@asynccontextmanager
async def open_books(settings: Settings) -> AsyncIterator[Books]:
    keyring = Keyring.open_or_create(settings.keys_dir)
    store = await open_store(
        url=settings.database,
        keys_path=settings.subject_keys_path,
        encode=encode,
        now=lambda: datetime.now(UTC),
        master_key=keyring.master_key,
        fingerprint_key=keyring.fingerprint_key,
    )
    try:
        log = Log(
            store=store.log,
            keyring=keyring,
            origin=settings.log_origin,
            now=lambda: datetime.now(UTC),
        )
        yield Books(settings=settings, keyring=keyring, store=store, log=log)
    finally:
        await store.close()


def never(*_: Any) -> Any:
    raise AssertionError("this command needs no more than the books")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return read_settings(None, {"data_dir": tmp_path / "data"})


@pytest.fixture
def ask(settings: Settings) -> Callable[..., Result]:
    workshop = Workshop(
        settings=read_settings,
        books=open_books,
        gateway=never,
        serve=never,
        policies_dir=never,
        check_creator=never,
    )
    app = typer.Typer()

    @app.callback()
    def root(context: typer.Context) -> None:
        context.obj = settings

    app.add_typer(keys.build(workshop), name="keys")

    def run(*arguments: str) -> Result:
        return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["keys", *arguments])

    return run


async def entries(settings: Settings) -> list[dict[str, Any]]:
    async with open_books(settings) as books:
        found = await books.store.log.entries(0, 100)
        await books.log.checkpoint()
        await books.log.verify()
        return [json.loads(entry.body) for entry in found]


def test_an_api_key_is_made_listed_and_revoked(
    settings: Settings, ask: Callable[..., Result]
) -> None:
    made = ask(
        *("create", "--role", "service", "--role", "auditor"),
        *("--label", "twin factory", "--days", "30", "--rate", "5"),
    )
    prefix, key_id, secret = made.stdout.strip().split("_")
    assert (prefix, made.exit_code) == ("agk", 0)

    listed = ask("list", "--json").stdout
    assert secret not in listed
    (key,) = json.loads(listed)
    assert (key["id"], key["roles"]) == (key_id, [Role.AUDITOR.value, Role.SERVICE.value])
    assert (key["label"], key["requests_per_s"]) == ("twin factory", 5.0)
    life = datetime.fromisoformat(key["expires_at"]) - datetime.fromisoformat(key["created_at"])
    assert life == timedelta(days=30)
    assert key_id in ask("list").stdout
    assert json.loads(ask("list", "--json", "--tenant", "other").stdout) == []

    for _ in range(2):
        assert ask("revoke", key_id).exit_code == 0
    assert json.loads(ask("list", "--json").stdout)[0]["revoked_at"] is not None
    story = asyncio.run(entries(settings))
    assert [(one["what"], one["subject"]) for one in story] == [("api_key", key_id)] * 2
    assert secret not in json.dumps(story)


def test_wrong_use_is_named(ask: Callable[..., Result]) -> None:
    assert ask("create").exit_code == 2
    assert ask("create", "--role", "king").exit_code == 2
    assert isinstance(ask("revoke", "nobody").exception, NotFound)


def test_signing_keys_are_shown_without_secrets(
    settings: Settings, ask: Callable[..., Result]
) -> None:
    assert isinstance(ask("show").exception, KeysInvalid)
    keyring = Keyring.create(settings.keys_dir)
    receipts, checkpoints = json.loads(ask("show", "--json").stdout)
    assert (receipts["signs"], receipts["key"]) == ("receipts", keyring.receipt.kid)
    key = NoteKey.parse(checkpoints["key"])
    assert (key.name, key.raw) == (settings.log_origin, keyring.checkpoint.public.raw)
    assert json.loads(ask("jwks").stdout) == keyring.jwks()
    secret = json.loads((settings.keys_dir / "keyring.json").read_text())["receipt"]["private"]
    for shown in (ask("show").stdout, ask("show", "--json").stdout, ask("jwks").stdout):
        assert secret not in shown


def test_a_rotation_is_in_the_log(settings: Settings, ask: Callable[..., Result]) -> None:
    old = Keyring.create(settings.keys_dir)
    said = ask("rotate")
    assert said.exit_code == 0
    assert "Restart running servers" in said.stderr
    new = Keyring.open(settings.keys_dir)
    assert new.receipt.kid != old.receipt.kid
    assert new.receipt.kid in said.stdout
    story = asyncio.run(entries(settings))
    assert [(one["what"], one["subject"]) for one in story] == [
        ("signing_key", new.receipt.kid),
        ("signing_key", new.checkpoint.kid),
    ]
    assert story[0]["before"] == sha256(old.receipt.public.raw).hexdigest()
    assert story[0]["after"] == sha256(new.receipt.public.raw).hexdigest()
    shown = json.loads(ask("show", "--json").stdout)
    assert [(one["signs"], one["retired_at"] is None) for one in shown] == [
        ("receipts", True),
        ("receipts", False),
        ("checkpoints", True),
        ("checkpoints", False),
    ]
