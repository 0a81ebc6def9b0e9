from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from typer.testing import Result

from gateway.cli import keys
from gateway.errors import KeysInvalid, NotFound
from gateway.keyring import Keyring
from gateway.model.access import Role
from gateway.settings import Settings
from gateway.trail.checkpoint import note_keys, open_checkpoint
from gateway.trail.note import NoteKey
from tests.present import present
from tests.unit.cli.conftest import OpenBooks


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(keys)


@pytest.fixture
def story(settings: Settings, open_books: OpenBooks) -> Callable[[], list[dict[str, Any]]]:
    """What the log says, verified."""
    return lambda: asyncio.run(_story(settings, open_books))


async def _story(settings: Settings, open_books: OpenBooks) -> list[dict[str, Any]]:
    async with open_books(settings) as opened:
        found = await opened.store.log.entries(0, 100)
        await opened.log.checkpoint()
        await opened.log.verify()
        return [json.loads(entry.body) for entry in found]


def test_an_api_key_is_made_listed_and_revoked(
    ask: Callable[..., Result], story: Callable[[], list[dict[str, Any]]]
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
    told = story()
    assert [(one["what"], one["subject"]) for one in told] == [("api_key", key_id)] * 2
    assert secret not in json.dumps(told)


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


def test_a_rotation_is_in_the_log(
    settings: Settings,
    ask: Callable[..., Result],
    story: Callable[[], list[dict[str, Any]]],
) -> None:
    old = Keyring.create(settings.keys_dir)
    said = ask("rotate")
    assert said.exit_code == 0
    assert "Restart running servers" in said.stderr
    new = Keyring.open(settings.keys_dir)
    assert new.receipt.kid != old.receipt.kid
    assert new.receipt.kid in said.stdout
    told = story()
    assert [(one["what"], one["subject"]) for one in told] == [
        ("signing_key", new.receipt.kid),
        ("signing_key", new.checkpoint.kid),
    ]
    assert told[0]["before"] == sha256(old.receipt.public.raw).hexdigest()
    assert told[0]["after"] == sha256(new.receipt.public.raw).hexdigest()
    shown = json.loads(ask("show", "--json").stdout)
    assert [(one["signs"], one["retired_at"] is None) for one in shown] == [
        ("receipts", True),
        ("receipts", False),
        ("checkpoints", True),
        ("checkpoints", False),
    ]


def test_the_old_key_signs_what_announces_the_new_one(
    settings: Settings,
    ask: Callable[..., Result],
    open_books: OpenBooks,
) -> None:
    old = Keyring.create(settings.keys_dir)
    assert ask("rotate").exit_code == 0

    async def look() -> tuple[str, int]:
        async with open_books(settings) as opened:
            stored = await opened.store.log.latest_checkpoint()
            return present(stored)[2], await opened.store.log.size()

    note, size = asyncio.run(look())
    signed = open_checkpoint(note, note_keys(settings.log_origin, old), origin=settings.log_origin)
    assert signed.size == size == 2


def test_an_interrupted_rotation_goes_on_with_the_same_keys(
    settings: Settings,
    ask: Callable[..., Result],
    story: Callable[[], list[dict[str, Any]]],
    open_books: OpenBooks,
) -> None:
    old = Keyring.create(settings.keys_dir)
    prepared = ask("rotate", "--prepare")
    assert "Not in use yet" in prepared.stderr
    assert Keyring.open(settings.keys_dir).checkpoint.kid == old.checkpoint.kid

    class Killed(Exception):
        pass

    async def killed_before_the_end() -> None:
        async with open_books(settings) as opened:

            async def stop() -> None:
                raise Killed

            opened.log.checkpoint = stop  # type: ignore[method-assign, assignment] # killed here
            with pytest.raises(Killed):
                await keys._rotate_keys(opened)

    asyncio.run(killed_before_the_end())
    assert Keyring.open(settings.keys_dir).checkpoint.kid == old.checkpoint.kid
    done = ask("rotate")
    assert done.stdout == prepared.stdout
    told = story()
    assert [one["detail"]["signs"] for one in told] == ["receipts", "checkpoints"]
    assert NoteKey.parse(told[1]["detail"]["key"]) == NoteKey.parse(
        done.stdout.split("checkpoints: ")[1]
    )
    ask("rotate")
    assert len(story()) == 4
