from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from gateway.cli import review
from gateway.errors import NotFound
from gateway.model.record import Record
from gateway.model.verdict import Verdict
from gateway.settings import Settings
from tests.stores import HUMAN, RAW, Clock, Samples
from tests.unit.cli.conftest import OpenBooks


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(review)


@pytest.fixture
def stored(settings: Settings, open_books: OpenBooks) -> Callable[[Record], str]:
    """Records it; the id of its message."""

    async def store(record: Record) -> str:
        async with open_books(settings) as opened:
            await opened.store.ledger.record(record)
        return record.submission.message_id

    return lambda record: asyncio.run(store(record))


def test_an_escalation_is_listed_and_acknowledged(
    ask: Callable[..., Result],
    stored: Callable[[Record], str],
    settings: Settings,
    open_books: OpenBooks,
) -> None:
    record = Samples(Clock()).escalated()
    message_id = stored(record)
    (shown,) = json.loads(ask("escalations", "--json", "--tenant", "acme").stdout)
    disclosure = record.judgement.disclosure
    assert disclosure is not None
    assert (shown["message_id"], shown["state"]) == (message_id, "queued")
    assert (shown["text"], shown["human_text"]) == (RAW, HUMAN)
    assert (shown["published"], shown["rules"]) == (disclosure.text, ["creator.self_harm"])
    assert message_id in ask("escalations", "--tenant", "acme").stdout
    assert json.loads(ask("escalations", "--json").stdout) == []

    words = ("acknowledge", message_id, "--reason", "Called.", "--reviewer", "ann")
    assert isinstance(ask(*words).exception, NotFound)
    said = ask(*words, "--tenant", "acme")
    assert said.stdout.strip() == f"{message_id}: acknowledged, entry 1"
    assert json.loads(ask("escalations", "--json", "--tenant", "acme").stdout) == []
    assert isinstance(ask(*words, "--tenant", "acme").exception, NotFound)
    assert ask("acknowledge", message_id).exit_code == 2

    async def verified() -> dict[str, Any]:
        async with open_books(settings) as opened:
            await opened.log.checkpoint()
            await opened.log.verify()
            body: dict[str, Any] = json.loads((await opened.store.log.entries(1, 2))[0].body)
            return body

    told = asyncio.run(verified())
    assert (told["actor"], told["what"], told["subject"]) == ("ann", "escalation", message_id)


def test_what_is_not_held_is_not_listed(
    ask: Callable[..., Result], stored: Callable[[Record], str]
) -> None:
    stored(Samples(Clock()).escalated())
    assert json.loads(ask("list", "--json", "--tenant", "acme").stdout) == []


def test_what_is_held_and_escalated_is_in_both_lists(
    ask: Callable[..., Result], stored: Callable[[Record], str]
) -> None:
    clock = Clock()
    clock.move(days=36_500)
    stored(Samples(clock).escalated(Verdict.HOLD))
    for command in ("list", "escalations"):
        (shown,) = json.loads(ask(command, "--json", "--tenant", "acme").stdout)
        assert shown["text"] == RAW
