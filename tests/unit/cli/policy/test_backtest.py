from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.cli.context import CommandServices
from gateway.cli.policy import group as policy
from gateway.model.decision import Facts
from gateway.model.record import Record
from gateway.model.verdict import State
from gateway.opened import Opened
from gateway.policy.engine.embedded import EmbeddedEngine
from gateway.policy.packs.source import load_snapshot
from gateway.settings import Settings, read_settings
from tests.paths import ROOT
from tests.stores import Clock, Samples, changed
from tests.unit.policy.conftest import make_facts, reader

__all__ = ["make_facts", "reader"]
SHIPPED = ROOT / "policies"
Open = Callable[[Settings], AbstractAsyncContextManager[Opened]]
HOUR = """\
# METADATA
# title: Hours
# description: Nothing is said at eight.
# custom:
#   id: trial.hours
#   verdicts: [hold]
package packs.trial.hours

results contains {"rule": "trial.hours", "text": "Late.", "verdict": "hold", "obligations": []} if {
	input.message.channel == "dm"
}
"""


def _never(*_: Any) -> Any:
    raise AssertionError("not needed here")


@pytest.fixture
def ask(settings: Settings, open_books: Open) -> Callable[..., Result]:
    commands = CommandServices(
        settings=read_settings,
        opened=open_books,
        gateway=_never,
        serve=_never,
        policies_dir=lambda _: SHIPPED,
        check_creator=_never,
        document=_never,
    )
    app = typer.Typer()

    @app.callback()
    def root(context: typer.Context) -> None:
        context.obj = settings

    app.add_typer(policy.build(commands), name="policy")
    runner = CliRunner(env={"COLUMNS": "200"})
    return lambda *arguments: runner.invoke(app, ["policy", *map(str, arguments)])


@pytest.fixture
def recorded(settings: Settings, open_books: Open, make_facts: Callable[..., Facts]) -> None:
    """Six decisions of the shipped packs in tenant acme, one of them in another tenant."""
    samples = Samples(Clock())

    async def fill() -> None:
        engine = EmbeddedEngine(snapshot=load_snapshot(SHIPPED))
        await engine.warm()
        async with open_books(settings) as opened:
            for number in range(6):
                await opened.store.ledger.record(await _record(engine, number))
        await engine.close()

    async def _record(engine: EmbeddedEngine, number: int) -> Record:
        channel = "dm" if number % 2 else "live"
        tenant = "acme" if number else "other"
        facts = make_facts(channel=channel, tenant=tenant, message_id=f"msg_t{number}")
        decision = await engine.decide(facts)
        record = samples.record(
            decision.verdict,
            facts.submission,
            decision=decision,
            reasons=decision.reasons,
            obligations=decision.obligations,
        )
        return changed(record, decision_id=f"dec_t{number}", state=State.BLOCKED, expires_at=None)

    asyncio.run(fill())


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    (tmp_path / "packs/trial/hours").mkdir(parents=True)
    (tmp_path / "packs/trial/hours/hours.rego").write_text(HOUR, encoding="utf-8")
    return tmp_path / "packs"


@pytest.mark.usefixtures("recorded")
def test_a_new_pack_is_tried_on_the_past_of_one_tenant(
    ask: Callable[..., Result], packs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plot.html"
    found = ask("backtest", packs, "--tenant", "acme", "--json", "--plot", out, "--workers", 1)
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert (report["decisions"], report["failed"]) == (5, 0)
    assert report["rules"]["trial.hours"]["fired"] == 3
    ids = [one["decision_id"] for one in report["rules"]["trial.hours"]["examples"]]
    assert set(ids) == {"dec_t1", "dec_t3", "dec_t5"}
    assert report["channels"]["dm"] == {"changed": 3, "all": 3}
    assert "platform.mentions" in report["blind_rules"]
    assert "trial.hours" in out.read_text("utf-8")
    told = ask("backtest", packs, "--tenant", "acme", "--fail-on-change", "--workers", 1)
    assert told.exit_code == 1
    assert "3 of 5 decisions would change" in told.output
    assert "trial.hours" in told.output
    none = ask("backtest", packs, "--tenant", "nobody", "--json", "--workers", 1)
    assert json.loads(none.stdout)["decisions"] == 0


@pytest.mark.usefixtures("recorded")
def test_the_same_policies_change_nothing(ask: Callable[..., Result], tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "same")
    found = ask("backtest", tmp_path / "same", "--tenant", "acme", "--json", "--workers", 1)
    report = json.loads(found.stdout)
    assert (report["decisions"], report["changed"], report["failed"]) == (5, 0, 0)


@pytest.mark.usefixtures("recorded")
def test_a_recorded_decision_is_explained(ask: Callable[..., Result]) -> None:
    for wanted in ("dec_t3", "msg_t3"):
        found = ask("explain", "--decision", wanted, "--tenant", "acme", "--json")
        assert found.exit_code == 0, found.output
        told = json.loads(found.stdout)
        assert told["masked"] is True
        assert "baseline.mark" in {one["rule"] for one in told["rules"]}
    assert ask("explain", "--decision", "dec_t3", "--tenant", "other").exit_code != 0
    assert ask("explain").exit_code != 0
    assert (
        "The document holds no words"
        in ask("explain", "--decision", "dec_t3", "--tenant", "acme", "--all").output
    )
