from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from gateway.cli.audit import group as audit
from gateway.cli.audit.proofs import anchored_lines, witness_keys
from gateway.keyring import Keyring
from gateway.model.record import Change
from gateway.settings import Settings, read_settings
from gateway.storage.store import Store
from gateway.trail.anchors import AnchorCoverage, WitnessedCheckpoints
from gateway.trail.checkpoint import note_keys, parse_checkpoint
from gateway.trail.note import note_text
from gateway.trail.witness import Cosigner
from tests.unit.cli.conftest import OpenBooks

AT = datetime(2026, 11, 22, 20, tzinfo=UTC)
COSIGNER = Cosigner(name="w.example/1", keyring=Keyring.generate())


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    told = f"http://127.0.0.1:1 {COSIGNER.keys[0]}"
    return read_settings(None, {"data_dir": tmp_path / "data", "witnesses": told})


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(audit)


@pytest.fixture
def do(
    settings: Settings, open_books: OpenBooks
) -> Callable[[Callable[[Store], Awaitable[None]]], None]:
    def run(job: Callable[[Store], Awaitable[None]]) -> None:
        async def main() -> None:
            async with open_books(settings) as opened:
                await job(opened.store)

        asyncio.run(main())

    return run


@pytest.fixture
def grow(do: Callable[[Callable[[Store], Awaitable[None]]], None]) -> Callable[[int], None]:
    async def job(store: Store, count: int) -> None:
        for number in range(count):
            await store.changes.note(
                Change(
                    actor="a",
                    tenant="acme",
                    what="creator",
                    subject=str(number),
                    at=AT,
                    before=None,
                    after="ab" * 32,
                )
            )

    return lambda count: do(lambda store: job(store, count))


def cosign(note: str, do: Any) -> None:
    """As a witness of the settings would."""
    found = parse_checkpoint(note_text(note), note)
    line = COSIGNER.cosign(found, AT)
    key = COSIGNER.keys[0].short
    do(lambda store: store.log.put_cosignature(size=found.size, key=key, line=line, at=AT))


def test_a_kept_checkpoint_is_held_against_the_log(
    ask: Callable[..., Result], grow: Callable[[int], None], tmp_path: Path
) -> None:
    grow(3)
    kept = tmp_path / "kept"
    kept.write_text(ask("checkpoint").stdout)
    grow(5)
    found = ask("consistency", str(kept))
    assert found.exit_code == 0
    assert "The log of 3 entries is the beginning of that of 8." in found.stderr
    assert len(found.stdout.split()) == 4
    asked = json.loads(ask("consistency", "3", "8", "--json").stdout)
    assert asked == {"old": 3, "new": 8, "hashes": found.stdout.split()}
    assert ask("consistency", str(kept), str(kept)).exit_code == 0
    later = tmp_path / "later"
    later.write_text(ask("checkpoint").stdout)
    assert ask("consistency", str(kept), str(later)).exit_code == 0


def test_a_checkpoint_that_contradicts_the_log(
    ask: Callable[..., Result], grow: Callable[[int], None], settings: Settings, tmp_path: Path
) -> None:
    grow(3)
    kept = tmp_path / "kept"
    good = ask("checkpoint").stdout
    kept.write_text(good.replace("\n3\n", "\n2\n"))
    assert "does not verify" in ask("consistency", str(kept)).stderr
    from gateway.trail.checkpoint import sign_checkpoint

    keyring = Keyring.open(settings.keys_dir)
    for size, told in ((2, "not what the checkpoint signed"), (9, "there are 3")):
        forged = sign_checkpoint(
            origin=settings.log_origin, size=size, root=bytes(32), keyring=keyring
        )
        kept.write_text(forged.note)
        found = ask("consistency", str(kept))
        assert (found.exit_code, told in found.stderr) == (1, True)


def test_sizes_that_are_not_there(ask: Callable[..., Result], grow: Callable[[int], None]) -> None:
    grow(2)
    for sizes in (("1", "3"), ("2", "1"), ("nonsense",)):
        assert ask("consistency", *sizes).exit_code == 1
        assert ask("consistency", *sizes).exception is not None


def test_which_checkpoints_are_witnessed_and_stamped(
    ask: Callable[..., Result],
    grow: Callable[[int], None],
    do: Callable[[Callable[[Store], Awaitable[None]]], None],
) -> None:
    assert json.loads(ask("checkpoints", "--json").stdout) == []
    for _ in range(3):
        grow(2)
        note = ask("checkpoint").stdout
    cosign(note, do)
    do(lambda store: store.log.put_stamp(size=4, tsa="http://tsa", response=b"x", at=AT))
    rows = json.loads(ask("checkpoints", "--json").stdout)
    assert [row["size"] for row in rows] == [6, 4, 2]
    assert rows[0]["witnesses"] == [{"name": "w.example/1", "at": "2026-11-22T20:00:00+00:00"}]
    assert [row["stamps"] for row in rows] == [[], ["http://tsa"], []]
    told = ask("checkpoints").stdout
    assert told.count("only ours") == 1
    assert "w.example/1" in told
    assert [
        row["size"] for row in json.loads(ask("checkpoints", "--json", "--limit", "1").stdout)
    ] == [6]


def test_a_proof_tells_its_witnesses(
    ask: Callable[..., Result],
    grow: Callable[[int], None],
    do: Callable[[Callable[[Store], Awaitable[None]]], None],
    tmp_path: Path,
) -> None:
    grow(2)
    file = tmp_path / "proof"
    file.write_text(ask("proof", "1").stdout)
    assert ask("check-proof", str(file)).exit_code == 0
    assert ask("check-proof", str(file), "--quorum", "1").exit_code == 1
    cosign(ask("checkpoint").stdout, do)
    file.write_text(ask("proof", "1").stdout)
    for more in ((), ("--quorum", "1"), ("--witness", str(COSIGNER.keys[0]))):
        checked = ask("check-proof", str(file), *more)
        assert checked.exit_code == 0
        assert "Cosigned by w.example/1 at 2026-11-22T20:00:00+00:00." in checked.stderr
    assert ask("check-proof", str(file), "--quorum", "2").exit_code == 1


def test_what_an_auditor_is_told() -> None:
    plain = anchored_lines(AnchorCoverage(only_ours=3), 9)
    assert plain == ["Checkpoints that nobody but the operator signed: 3."]
    whole = anchored_lines(
        AnchorCoverage(
            quorum=2,
            witnesses=(
                WitnessedCheckpoints(name="w1", checkpoints=2, size=7, at=AT),
                WitnessedCheckpoints(name="w2"),
            ),
            witnessed=7,
            witnessed_checkpoints=2,
            stamped=5,
            stamped_at=AT,
            stamps=1,
            unchecked_stamps=1,
            only_ours=1,
        ),
        9,
    )
    assert whole == [
        "Witnessed by 2 or more: the first 7 entries, under 2 checkpoints.",
        "  w1: 2 checkpoints, the newest of 7 entries at 2026-11-22T20:00:00+00:00.",
        "  w2: 0 checkpoints, the newest of 0 entries.",
        "Time stamps: 1, the newest of 5 entries at 2026-11-22T20:00:00+00:00.",
        "Time stamps not checked: 1 (they need the setting timestamp_certificates and the extra "
        "`timestamp`).",
        "Checkpoints that nobody but the operator signed: 1. Entries that only such ones cover: 2.",
    ]


def test_keys_of_the_settings(settings: Settings) -> None:
    assert witness_keys(settings) == [COSIGNER.keys[0]]
    assert note_keys("o", Keyring.generate())[0].name == "o"
