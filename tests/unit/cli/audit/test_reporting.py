from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from gateway.cli.audit import group as audit
from gateway.cli.context import CommandServices
from gateway.errors import ConfigurationError, InvalidField
from gateway.model.verdict import Verdict
from gateway.reporting.vocabulary import statement_schema
from gateway.settings import Settings, read_settings
from tests.paths import ROOT
from tests.stores import Clock, Samples
from tests.unit.cli.conftest import OpenBooks

POLICIES = ROOT / "policies"
PROFILE = """
platform = "Example Social"
territorial_scope = ["FR"]
contract_ground = "Community rules"
"""


def _never(*_: Any) -> Any:
    raise AssertionError("no command here needs it")


@pytest.fixture
def ask(settings: Settings, open_books: OpenBooks) -> Callable[..., Result]:
    """Five messages in the log; runs a command of `audit`."""
    commands = CommandServices(
        settings=read_settings,
        opened=open_books,
        gateway=_never,
        serve=_never,
        policies_dir=lambda _: POLICIES,
        check_creator=_never,
        document=_never,
    )
    app = typer.Typer()

    @app.callback()
    def root(context: typer.Context) -> None:
        context.obj = settings

    app.add_typer(audit.build(commands), name="audit")
    samples = Samples(Clock())

    async def fill() -> None:
        async with open_books(settings) as opened:
            for verdict in (*Verdict, Verdict.BLOCK, Verdict.PUBLISH):
                await opened.store.ledger.record(samples.record(verdict))

    asyncio.run(fill())
    runner = CliRunner(env={"COLUMNS": "200"})
    return lambda *arguments: runner.invoke(app, ["audit", *arguments])


def test_lines_on_standard_output_and_their_manifest_beside(ask: Callable[..., Result]) -> None:
    result = ask("export", "--tenant", "acme")
    assert result.exit_code == 0, result.output
    lines = result.stdout_bytes.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [0, 1, 2, 3, 4]
    manifest = json.loads(result.stderr.splitlines()[-1])
    assert manifest["sha256"] == sha256(result.stdout_bytes).hexdigest()
    assert manifest["query"] == {"tenant": "acme"}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["--verdict", "block"], [2, 3]),
        (["--rule", "fr.influ"], [0, 1, 2, 3, 4]),
        (["--channel", "live"], []),
        (["--kind", "decision", "--creator", "zoe", "--limit", "2"], [0, 1]),
        (["--conversation", "c1", "--after", "2"], [3, 4]),
        (["--since", "2026-11-22", "--until", "2026-11-23T00:00:00Z"], [0, 1, 2, 3, 4]),
        (["--until", "2026-11-22"], []),
    ],
)
def test_filters(ask: Callable[..., Result], filters: list[str], found: list[int]) -> None:
    result = ask("export", *filters)
    assert [json.loads(line)["seq"] for line in result.stdout_bytes.splitlines()] == found


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "cloudevents", "cloudevents-batch"])
def test_files_and_their_manifests(ask: Callable[..., Result], tmp_path: Path, format: str) -> None:  # noqa: A002
    out = tmp_path / "export"
    assert ask("export", "--format", format, "--out", str(out)).exit_code == 0
    content = out.read_bytes()
    manifest = json.loads((tmp_path / "export.manifest.json").read_text())
    assert manifest["entries"] == manifest["size"] == 5
    assert manifest["sha256"] == sha256(content).hexdigest()
    origin, size, root = manifest["checkpoint"].split("\n")[:3]
    assert (origin, size, len(b64decode(root))) == (manifest["origin"], "5", 32)
    assert out.stat().st_mode & 0o777 == 0o600
    if format == "parquet":
        assert pq.read_table(io.BytesIO(content)).num_rows == 5
    if format == "csv":
        assert len(list(csv.reader(io.StringIO(content.decode(), newline="")))) == 6


def test_a_file_is_whole_or_not_there(
    ask: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Any) -> Any:
        raise RuntimeError("half-way")

    monkeypatch.setattr("gateway.reporting.formats.row", fails)
    out = tmp_path / "export.csv"
    result = ask("export", "--format", "csv", "--out", str(out))
    assert isinstance(result.exception, RuntimeError)
    assert not list(tmp_path.glob("export.csv*"))


def test_a_folder_that_is_not_there_is_named(ask: Callable[..., Result], tmp_path: Path) -> None:
    result = ask("export", "--out", str(tmp_path / "none" / "x"))
    assert isinstance(result.exception, ConfigurationError)
    assert "cannot be written" in str(result.exception)


def test_statements(ask: Callable[..., Result], tmp_path: Path) -> None:
    profile = tmp_path / "dsa.toml"
    profile.write_text(PROFILE)
    result = ask("reasons", "--profile", str(profile))
    assert result.exit_code == 0, result.output
    made = [json.loads(line) for line in result.stdout_bytes.splitlines()]
    assert [one["puid"] for one in made] == ["dec_2-1", "dec_3-2", "dec_4-3"]
    for one in made:
        Draft202012Validator(statement_schema()).validate(one)
    assert "Tell people that they talk to an AI" in made[0]["incompatible_content_explanation"]
    out = tmp_path / "batches.jsonl"
    assert ask("reasons", "--profile", str(profile), "--batches", "--out", str(out)).exit_code == 0
    (batch,) = out.read_text().splitlines()
    assert json.loads(batch) == {"statements": made}
    manifest = json.loads((tmp_path / "batches.jsonl.manifest.json").read_text())
    assert (manifest["platform"], manifest["statements"]) == ("Example Social", 3)


def test_statements_need_a_profile(ask: Callable[..., Result]) -> None:
    result = ask("reasons")
    assert isinstance(result.exception, ConfigurationError)
    assert "--profile" in str(result.exception)


def test_the_report(ask: Callable[..., Result], tmp_path: Path) -> None:
    result = ask("report", "--tenant", "acme")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout_bytes)
    assert found["judged"]["by_verdict"] == {"publish": 2, "hold": 1, "block": 2}
    later = json.loads(ask("report", "--first", "2026-11-23", "--last", "2026-12-01").stdout_bytes)
    assert later["judged"]["messages"] == 0
    assert (later["first_day"], later["last_day"]) == ("2026-11-23", "2026-12-01")
    out = tmp_path / "report.html"
    assert ask("report", "--format", "html", "--out", str(out)).exit_code == 0
    assert out.read_text().startswith("<!doctype html>")
    assert b'"judged","messages","5"' in ask("report", "--format", "csv").stdout_bytes


def test_days_and_times_are_checked(ask: Callable[..., Result]) -> None:
    for arguments in (("report", "--first", "soon"), ("export", "--since", "soon")):
        assert isinstance(ask(*arguments).exception, InvalidField)


def test_a_recount(ask: Callable[..., Result], settings: Settings) -> None:
    right = (0, "The counts are right; 5 entries counted.")
    first = ask("recount")
    assert (first.exit_code, first.stdout.strip()) == right
    with closing(sqlite3.connect(settings.data_dir / "gateway.db")) as connection:
        connection.execute("UPDATE tally SET n = n + 1 WHERE measure = 'judged'")
        connection.commit()
    wrong = ask("recount")
    assert wrong.exit_code == 1
    assert wrong.stdout.startswith("3 counts were wrong and are mended; 5 entries")
    assert ask("recount").exit_code == 0
