from __future__ import annotations

import asyncio
import gzip
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gateway.cli.audit import group as audit
from gateway.keyring import Keyring
from gateway.settings import Settings
from gateway.trail.checkpoint import note_keys
from gateway.verifier.note import TrustedKey
from gateway.verifier.report import VerificationReport
from tests.evidence import examined
from tests.stores import Clock, Samples
from tests.unit.cli.conftest import OpenBooks


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(audit)


@pytest.fixture
def written(settings: Settings, open_books: OpenBooks) -> None:
    async def main() -> None:
        samples = Samples(Clock())
        async with open_books(settings) as opened:
            for _ in range(5):
                await opened.store.ledger.record(samples.record())
            await opened.log.checkpoint()
            await opened.store.ledger.record(samples.record(submission=samples.submission()))

    asyncio.run(main())


def checked(settings: Settings, file: bytes) -> VerificationReport:
    keys = note_keys(settings.log_origin, Keyring.open(settings.keys_dir))
    return examined(file, keys=[TrustedKey.parse(str(key)) for key in keys])


@pytest.mark.usefixtures("written")
def test_what_is_written_verifies(
    ask: Callable[..., Result], settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "evidence.jsonl"
    done = ask("evidence", str(out))
    assert done.exit_code == 0, done.output
    report = checked(settings, out.read_bytes())
    assert report.verified, report.findings
    assert (report.entries, report.signed) == (6, 6)
    packed = tmp_path / "evidence.jsonl.gz"
    assert ask("evidence", str(packed)).exit_code == 0
    assert checked(settings, packed.read_bytes()).verified
    assert gzip.decompress(packed.read_bytes()).startswith(b'{"format":')
    assert sorted(path.name for path in tmp_path.glob("evidence*")) == [
        "evidence.jsonl",
        "evidence.jsonl.gz",
    ]


@pytest.mark.usefixtures("written")
def test_to_standard_output_and_for_a_tenant(
    ask: Callable[..., Result], settings: Settings
) -> None:
    done = ask("evidence", "-", "--tenant", "nobody")
    report = checked(settings, done.stdout_bytes)
    assert report.verified, report.findings
    assert (report.entries, report.readable) == (6, 0)


@pytest.mark.usefixtures("written")
def test_a_bad_log_is_exported_too(
    ask: Callable[..., Result], settings: Settings, tmp_path: Path
) -> None:
    with sqlite3.connect(settings.data_dir / "gateway.db") as connection:
        connection.execute("PRAGMA recursive_triggers=0")
        for name in [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
        ]:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM audit_entry WHERE seq >= 3")
    connection.close()
    out = tmp_path / "evidence.jsonl"
    done = ask("evidence", str(out))
    assert done.exit_code == 0, done.output
    assert "does not verify, and is exported as it is" in done.stderr
    report = checked(settings, out.read_bytes())
    assert "log-shorter" in report.counts


def test_a_place_that_cannot_be_written(ask: Callable[..., Result], tmp_path: Path) -> None:
    done = ask("evidence", str(tmp_path / "none" / "evidence.jsonl"))
    assert done.exit_code != 0
    assert "cannot be written" in str(done.exception)
    assert not list(tmp_path.glob("evidence*"))


@pytest.mark.usefixtures("written")
def test_erasures_verify(ask: Callable[..., Result], settings: Settings, tmp_path: Path) -> None:
    what = ("--message", "msg_1", "--tenant", "acme", "--reason", "asked for by the person", "-y")
    erased = ask("erase", *what)
    assert erased.exit_code == 0, erased.output
    out = tmp_path / "evidence.jsonl"
    assert ask("evidence", str(out)).exit_code == 0
    report = checked(settings, out.read_bytes())
    assert report.verified, report.findings
    assert report.kinds["erased"] == 1
    assert report.erased["messages"] == 1
