from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from gateway.cli import take_over
from gateway.errors import InvalidField
from gateway.settings import Settings
from tests.unit.cli.conftest import OpenBooks

WHY = ("--reason", "The fan asked for a person.")


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(take_over)


def changes(settings: Settings, open_books: OpenBooks) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        async with open_books(settings) as opened:
            await opened.log.checkpoint()
            await opened.log.verify()
            return [json.loads(one.body) for one in await opened.store.log.entries(0, 100)]

    return asyncio.run(read())


def test_a_person_takes_over_and_gives_back(
    ask: Callable[..., Result],
    settings: Settings,
    open_books: OpenBooks,
) -> None:
    assert ask("show", "dm-42").stdout == "dm-42: the avatar\n"
    assert ask("take", "dm-42", "--who", "agent-7", *WHY).stdout.startswith(
        "dm-42: agent-7, since "
    )
    shown = json.loads(ask("show", "dm-42", "--json").stdout)
    assert (shown["speaker"], shown["who"], shown["until"]) == ("human", "agent-7", None)
    assert ask("show", "dm-42", "--tenant", "acme").stdout == "dm-42: the avatar\n"
    again = ask("take", "dm-42", "--who", "agent-7", *WHY)
    assert again.exit_code == 0
    assert "the avatar; agent-7 spoke from" in ask("return", "dm-42", "--reason", "Solved.").stdout
    shown = json.loads(ask("show", "dm-42", "--json").stdout)
    assert (shown["speaker"], shown["who"]) == ("avatar", "agent-7")
    assert shown["since"] <= shown["until"]

    taken, returned = changes(settings, open_books)
    for one in (taken, returned):
        assert (one["what"], one["subject"]) == ("handover", "dm-42")
        assert (one["actor"], one["tenant"]) == ("command line", "default")
    assert taken["detail"] == {"to": "human", "who": "agent-7", "reason": WHY[1]}
    assert returned["detail"] == {"to": "avatar", "who": "agent-7", "reason": "Solved."}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("take", "dm 42", "--who", "agent-7", *WHY), "conversation"),
        (("take", "dm-42", "--who", "agent\n7", *WHY), "--who"),
        (("take", "dm-42", "--who", "x" * 129, *WHY), "--who"),
        (("take", "dm-42", "--who", "agent-7", "--reason", "  "), "--reason"),
        (("return", "dm-42", "--reason", "x" * 501), "--reason"),
        (("show", ""), "conversation"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    ask: Callable[..., Result],
    settings: Settings,
    open_books: OpenBooks,
    words: tuple[str, ...],
    field: str,
) -> None:
    error = ask(*words).exception
    assert isinstance(error, InvalidField)
    assert field in str(error)
    assert changes(settings, open_books) == []


def test_who_and_why_must_be_said(ask: Callable[..., Result]) -> None:
    assert ask("take", "dm-42", *WHY).exit_code == 2
    assert ask("take", "dm-42", "--who", "agent-7").exit_code == 2
    assert ask("return", "dm-42").exit_code == 2
