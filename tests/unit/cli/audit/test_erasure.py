from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import typer
from typer.testing import Result

from gateway.cli.audit import erasure
from gateway.cli.context import CommandServices
from gateway.errors import ConfigurationError, InvalidField, NotFound, OnLegalHold, StateConflict
from gateway.settings import Settings, read_settings
from tests.stores import PERSON, RAW, Clock, Samples
from tests.unit.cli.conftest import OpenBooks

WHY = ("--reason", "They asked.")
ACME = ("--tenant", "acme")


class Commands:
    @staticmethod
    def build(commands: CommandServices) -> typer.Typer:
        app = typer.Typer()
        erasure.add(app, commands)
        return app


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(Commands)


@pytest.fixture
def stored(settings: Settings, open_books: OpenBooks) -> str:
    """The id of a message that was recorded."""
    clock = Clock()
    clock.at = datetime.now(UTC) - timedelta(days=300)
    record = Samples(clock).record()

    async def store() -> None:
        async with open_books(settings) as opened:
            await opened.store.ledger.record(record)

    asyncio.run(store())
    return record.submission.message_id


@pytest.mark.usefixtures("stored")
def test_a_dry_run_then_the_question_then_the_deed(ask: Callable[..., Result]) -> None:
    order = ("erase", "--subject", PERSON, *ACME, *WHY)
    planned = json.loads(ask(*order, "--dry-run", "--json").stdout)
    assert planned["counts"]["messages"] == 1
    assert planned["id"] is None
    unanswered = ask(*order)
    assert unanswered.exit_code == 1
    done = json.loads(ask(*order, "--yes", "--json", "--by", "ann").stdout)
    assert done["counts"] == planned["counts"]
    assert done["entry"] is not None
    again = ask(*order)
    assert again.exit_code == 0
    assert again.stdout.startswith("Nothing is held of this")


def test_one_message(ask: Callable[..., Result], stored: str) -> None:
    told = ask("erase", "--message", stored, *ACME, *WHY, "--yes")
    assert told.exit_code == 0
    assert told.stdout.startswith("Erased (message in acme): 1 sealed texts of 1 messages, 1 keys.")
    assert "deliveries stopped: 1" in told.stdout
    assert RAW not in told.stdout


@pytest.mark.parametrize(
    "order",
    [
        (*WHY,),
        ("--subject", "a", "--creator", "b", *WHY),
        ("--subject", "", *WHY),
        ("--subject", "a", "--reason", "  "),
    ],
)
def test_an_order_that_is_not_clear_is_refused(
    ask: Callable[..., Result], order: tuple[str, ...]
) -> None:
    assert isinstance(ask("erase", *order).exception, InvalidField)


@pytest.mark.usefixtures("stored")
def test_holds(ask: Callable[..., Result]) -> None:
    case = ("--reason", "Case 12/2026.")
    until = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    hold = ask("hold", "place", "--subject", PERSON, *ACME, *case, "--until", until).stdout.strip()
    refused = ask("erase", "--subject", PERSON, *ACME, *WHY, "--yes").exception
    assert isinstance(refused, OnLegalHold)
    assert hold in str(refused)
    planned = ask("erase", "--subject", PERSON, *ACME, *WHY, "--dry-run")
    assert f"in the way: legal hold {hold}" in planned.stdout
    assert hold in ask("hold", "list", *ACME).stdout
    assert ask("hold", "lift", hold, *ACME, *case).stdout.strip() == f"{hold}: lifted"
    assert hold not in ask("hold", "list", *ACME).stdout
    (listed,) = json.loads(ask("hold", "list", *ACME, "--all", "--json").stdout)
    assert listed["lift_reason"] == "Case 12/2026."
    assert isinstance(ask("hold", "lift", hold, *ACME, *case).exception, StateConflict)
    assert isinstance(ask("hold", "lift", "hld_0", *ACME, *case).exception, NotFound)
    assert ask("erase", "--subject", PERSON, *ACME, *WHY, "--yes").exit_code == 0


@pytest.mark.parametrize("until", ["soon", "2020-01-01"])
def test_a_hold_ends_in_time_to_come(ask: Callable[..., Result], until: str) -> None:
    answer = ask("hold", "place", "--everything", "--reason", "Case.", "--until", until)
    assert isinstance(answer.exception, InvalidField)


@pytest.mark.usefixtures("stored")
def test_retention(ask: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("retain").stdout.strip() == "No rule is set: texts are kept."
    monkeypatch.setenv("AVATAR_GATEWAY_RETENTION", "acme/dm/*=200,*/*/*=500")
    settings = read_settings(None, {})
    assert [str(rule) for rule in settings.retention_rules] == [
        "acme/dm/* after 200 days",
        "*/*/* after 500 days",
    ]


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("*/*/*=183", "below the floor"),
        ("*/*=400", "not of the form"),
        ("*/chat/*=400", "none of space"),
        ("*/*/change=400", "none of decision"),
        ("*/*/*=soon", "not of the form"),
        ("*/*/*=-400", "not of the form"),
    ],
)
def test_rules_that_are_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, rules: str, problem: str
) -> None:
    monkeypatch.setenv("AVATAR_GATEWAY_RETENTION", rules)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        read_settings(None, {})
    assert caught.value.what == "AVATAR_GATEWAY_RETENTION"
    assert "184 days" in str(caught.value)
