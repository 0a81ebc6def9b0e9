"""An erasure by command while the gateway serves: no byte of it is left in any file."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.keyring import Keyring
from gateway.storage.store import open_store
from gateway.trail.leaf import encode
from tests.processes import Serving, run, sandbox_process, serving

MARK = "quetzalcoatl rides at noon"
HUMAN = "does the xylophone dream?"
GONE, KEPT = "person-gone", "person-kept"


def message(person: str, number: int) -> dict[str, Any]:
    return {
        "channel": "dm",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": f"c-{number}",
        "audience": {"id": person, "minor": "no", "jurisdictions": ["FR"]},
        "text": f"{MARK}, says number {number} ÿ",
        "human_text": HUMAN,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    there: Serving
    ids: dict[str, list[str]]
    backup: Path
    salts: list[str]
    report: dict[str, Any]


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Afterwards]:
    folder = tmp_path_factory.mktemp("erasure")
    settings = {"log_level": "debug", "log_format": "json", "checkpoint_interval_s": 0.2}
    with (
        sandbox_process(folder) as platform,
        serving(folder / "data", sandbox_url=platform, **settings) as there,
        there.client() as client,
    ):
        client.put("/v1/creators/lea", json={}).raise_for_status()
        ids: dict[str, list[str]] = {GONE: [], KEPT: []}
        salts = []
        for number in range(8):
            person = (GONE, KEPT)[number % 2]
            answer = client.post("/v1/messages", json=message(person, number))
            assert answer.status_code == httpx.codes.OK, answer.text
            ids[person].append(answer.json()["message_id"])
            if person == GONE:
                salts.append(answer.json()["disclosure"]["salt"])
        data = there.data_dir
        backup = folder / "backup.db"
        with sqlite3.connect(data / "gateway.db") as source, sqlite3.connect(backup) as copy:
            source.backup(copy)
        source.close()
        copy.close()
        order = ("audit", "erase", "--subject", GONE, "--reason", "They asked.", "--json")
        erased = run(data, *order, "--yes", "--by", "ann")
        assert erased.returncode == 0, erased.stderr
        yield Afterwards(
            there=there,
            ids=ids,
            backup=backup,
            salts=salts,
            report=json.loads(erased.stdout),
        )


def test_it_says_what_it_did(after: Afterwards) -> None:
    assert after.report["entry"] is not None
    assert after.report["counts"]["messages"] == len(after.ids[GONE])
    assert GONE not in json.dumps(after.report)


def test_the_server_knows_at_once(after: Afterwards) -> None:
    with after.there.client() as client:
        for message_id in after.ids[GONE]:
            seen = client.get(f"/v1/messages/{message_id}").json()
            assert seen["text"] is None
            assert seen["erased_at"] is not None
            assert client.get(f"/v1/receipts/{message_id}").status_code == httpx.codes.GONE
        for message_id in after.ids[KEPT]:
            assert MARK in client.get(f"/v1/messages/{message_id}").json()["text"]
        again = client.post("/v1/messages", json=message(GONE, 99))
        assert again.status_code == httpx.codes.OK
        fresh = client.get(f"/v1/messages/{again.json()['message_id']}").json()
        assert fresh["erased_at"] is None
        assert fresh["text"] is not None


def test_no_byte_is_left(after: Afterwards) -> None:
    """In the database, its WAL, the key file, the log of the server, and the backup."""
    texts = {MARK, HUMAN, GONE}
    needles = {text.encode(): text for text in texts}
    needles |= {text.encode("utf-16-le"): f"{text}, utf-16" for text in texts}
    for shift in range(3):
        coded = {base64.b64encode(b"x" * shift + one.encode())[4:-4]: one for one in texts}
        needles |= {one: f"{text}, base64" for one, text in coded.items()}
    for salt in after.salts:
        needles |= {salt.encode(): f"salt {salt}", bytes.fromhex(salt): f"salt {salt}, raw"}
    files = [path for path in after.there.data_dir.rglob("*") if path.is_file()]
    assert {"gateway.db", "gateway.db-wal", "subject-keys.db"} <= {path.name for path in files}
    for path in [*files, after.there.log, after.backup]:
        data = path.read_bytes()
        assert [name for needle, name in needles.items() if needle in data] == [], path


def test_the_log_still_verifies_and_tells(after: Afterwards) -> None:
    verified = run(after.there.data_dir, "audit", "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    shown = run(after.there.data_dir, "audit", "show", "--kind", "erased", "--json")
    (entry,) = [json.loads(line) for line in shown.stdout.splitlines()]
    assert (entry["actor"], entry["reason"]) == ("ann", "They asked.")
    one = run(after.there.data_dir, "audit", "show", "--message", after.ids[GONE][0])
    assert "erased at" in one.stdout


async def test_a_backup_opens_nothing(after: Afterwards) -> None:
    """Restored beside the keys as they are now: the others' texts open, the erased do not."""
    keyring = Keyring.open(after.there.data_dir / "keys")
    restored = await open_store(
        url=f"sqlite:///{after.backup}",
        keys_path=after.there.data_dir / "subject-keys.db",
        encode=encode,
        now=lambda: datetime.now(UTC),
        master_key=keyring.master_key,
        fingerprint_key=keyring.fingerprint_key,
    )
    try:
        gone = [await restored.ledger.outcome("default", one) for one in after.ids[GONE]]
        kept = [await restored.ledger.outcome("default", one) for one in after.ids[KEPT]]
    finally:
        await restored.close()
    assert [one and one.judgement.text for one in gone] == [None] * len(gone)
    assert all(one is not None and MARK in str(one.judgement.text) for one in kept)
