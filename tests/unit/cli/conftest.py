"""Commands over a real store, without the rooms that the tested commands do not need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli.context import CommandServices
from gateway.keyring import Keyring
from gateway.opened import Opened
from gateway.settings import Settings, read_settings
from gateway.storage.store import open_store
from gateway.trail.leaf import encode
from gateway.trail.log import Log

OpenBooks = Callable[[Settings], AbstractAsyncContextManager[Opened]]


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def _open_books(settings: Settings) -> AsyncIterator[Opened]:
    keyring = Keyring.open_or_create(settings.keys_dir)
    store = await open_store(
        url=settings.database,
        keys_path=settings.subject_keys_path,
        encode=encode,
        now=_now,
        master_key=keyring.master_key,
        fingerprint_key=keyring.fingerprint_key,
    )
    try:
        log = Log(store=store.log, keyring=keyring, origin=settings.log_origin, now=_now)
        yield Opened(settings=settings, keyring=keyring, store=store, log=log)
    finally:
        await store.close()


def _never(*_: Any) -> Any:
    raise AssertionError("this command needs no more than the books")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return read_settings(None, {"data_dir": tmp_path / "data"})


@pytest.fixture
def open_books() -> OpenBooks:
    return _open_books


@pytest.fixture
def ask_of(settings: Settings) -> Callable[[Any], Callable[..., Result]]:
    """For a module of commands: what runs one of them with some arguments."""
    commands = CommandServices(
        settings=read_settings,
        opened=_open_books,
        gateway=_never,
        serve=_never,
        policies_dir=_never,
        check_creator=_never,
        document=_never,
    )

    def of(module: Any) -> Callable[..., Result]:
        app = typer.Typer()

        @app.callback()
        def root(context: typer.Context) -> None:
            context.obj = settings

        app.add_typer(module.build(commands), name="group")
        runner = CliRunner(env={"COLUMNS": "200"})
        return lambda *arguments: runner.invoke(app, ["group", *arguments])

    return of
