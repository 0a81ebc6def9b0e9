from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.api.access import AccessGuard
from gateway.assembly import background, build, commands, opening, serving
from gateway.errors import ConfigurationError, DatabaseUnusable, InvalidField, PolicyInvalid
from gateway.model.access import Role
from gateway.opened import utc_now
from gateway.settings import Settings, read_settings
from tests.paths import ROOT
from tests.patience import PATIENCE_S


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(None, {"data_dir": tmp_path / "data"})


@pytest.fixture
def workers() -> Callable[[], set[str]]:
    """Threads that rooms started in this test, by the beginning of their names."""
    before = set(threading.enumerate())

    def started() -> set[str]:
        new = set(threading.enumerate()) - before
        names = {thread.name.partition("_")[0] for thread in new}
        return names & {"storage-write", "storage-read", "toxicity", "pii", "policy"}

    return started


def test_the_packs_are_those_that_were_named(tmp_path: Path) -> None:
    (tmp_path / "main.rego").touch()
    named = read_settings(None, {"policies_dir": tmp_path})
    assert opening.policies_dir(named) == tmp_path
    assert opening.policies_dir(read_settings(None, {})) == ROOT / "policies"


def test_packs_that_were_named_and_are_not_there_are_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no main\.rego"):
        opening.policies_dir(read_settings(None, {"policies_dir": tmp_path}))


def test_creators_are_checked_against_the_packs_of_these_settings(settings: Settings) -> None:
    build.check_creator(settings, {"kill_switch": True})
    with pytest.raises(InvalidField):
        build.check_creator(settings, {"kill_switch": "perhaps"})


async def test_the_books_open_without_models(
    settings: Settings, workers: Callable[[], set[str]]
) -> None:
    async with opening.open_with_anchors(settings) as opened:
        assert await opened.store.log.size() == 0
        assert opened.log.origin == settings.log_origin
    assert workers() == set()
    async with opening.open_with_anchors(settings) as again:
        assert again.keyring.root == opened.keyring.root


async def test_an_old_database_gets_no_new_keys(settings: Settings) -> None:
    async with opening.open_with_anchors(settings):
        pass
    keyring = settings.keys_dir / "keyring.json"
    keyring.unlink()
    with pytest.raises(ConfigurationError, match="is missing"):
        async with opening.open_with_anchors(settings):
            pass
    assert not keyring.exists()


async def test_everything_is_closed_again(
    settings: Settings, workers: Callable[[], set[str]]
) -> None:
    async with build.assemble(settings) as parts:
        assert {"storage-write", "toxicity"} <= workers()
        with parts.adapters.policies() as policies:
            detectors = (*parts.adapters.detectors, policies.signals)
        assert [one.stage for one in detectors] == ["pii", "toxicity", "signals"]
        services = serving.api_services(parts)
        assert await services.unready() == ()
    assert workers() == set()


async def test_what_was_opened_before_a_failure_is_closed(
    settings: Settings, tmp_path: Path, workers: Callable[[], set[str]]
) -> None:
    (tmp_path / "main.rego").write_text("package gateway\n\nno {", encoding="utf-8")
    broken = settings.model_copy(update={"policies_dir": tmp_path})
    with pytest.raises(PolicyInvalid):
        async with build.assemble(broken):
            pass
    assert workers() == set()


async def test_the_first_key_is_written_once(settings: Settings) -> None:
    path = settings.data_dir / serving.FIRST_KEY
    async with opening.open_with_anchors(settings) as opened:
        path.write_text("left over from a start that failed", encoding="utf-8")
        await serving._write_first_key(opened)
        token = path.read_text(encoding="utf-8").strip()
        assert path.stat().st_mode & 0o777 == 0o600
        guard = AccessGuard(registry=opened.store.registry, now=utc_now, clock=lambda: 0.0)
        key = await guard.admit(f"Bearer {token}", frozenset({Role.AUDITOR}))
        assert key.roles == {Role.ADMIN}
        await serving._write_first_key(opened)
        assert path.read_text(encoding="utf-8").strip() == token
        assert len(await opened.store.registry.api_keys()) == 1


async def test_readiness_names_what_is_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full() -> None:
        raise DatabaseUnusable("gateway.db", "is full", "Free some space")

    async with build.assemble(settings) as parts:
        services = serving.api_services(parts)
        monkeypatch.setattr(parts.opened.log, "_problem", "entry 7: was changed")
        monkeypatch.setattr(parts.opened.store, "ready", full)
        assert await services.unready() == (
            "log: entry 7: was changed",
            "database: gateway.db: is full. Free some space",
        )


async def test_background_work_outlives_a_defect() -> None:
    began: list[int] = []
    again = asyncio.Event()

    async def work() -> None:
        began.append(1)
        if len(began) == 1:
            raise RuntimeError("nobody thought of that")
        again.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(background.restart_on_error("work", work))
    await asyncio.wait_for(again.wait(), PATIENCE_S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_what_stands_at_the_end_of_a_start_is_not_looked_through_again() -> None:
    before = gc.get_freeze_count()
    try:
        with background.garbage_collection_off():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_a_start_that_fails_leaves_the_collector_on() -> None:
    try:
        with pytest.raises(ConfigurationError), background.garbage_collection_off():
            raise ConfigurationError("host", "cannot be listened on", "Name another.")
        assert gc.isenabled()
    finally:
        gc.unfreeze()


async def test_a_command_gets_a_whole_gateway(
    settings: Settings, workers: Callable[[], set[str]]
) -> None:
    async with commands.command_services().gateway(settings) as gateway:
        assert callable(gateway.submit)
    assert workers() == set()
