from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from gateway.cli.audit import group as audit
from gateway.keyring import Keyring
from gateway.model.decision import Bundle, Decision, Reason
from gateway.model.disclosure import Disclosure, Redaction
from gateway.model.judgement import Grounds, Judgement
from gateway.model.receipt import Receipt
from gateway.model.record import (
    Dispatch,
    DispatchResult,
    Record,
    Review,
    ReviewAction,
    Settlement,
)
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State, Verdict
from gateway.settings import Settings
from gateway.storage.store import Store
from gateway.trail.checkpoint import note_keys
from tests.stores import changed
from tests.unit.cli.conftest import OpenBooks

START = datetime(2026, 11, 22, 20, tzinfo=UTC)
Job = Callable[[Store], Awaitable[None]]


@pytest.fixture
def ask(ask_of: Callable[[object], Callable[..., Result]]) -> Callable[..., Result]:
    return ask_of(audit)


@pytest.fixture
def do(settings: Settings, open_books: OpenBooks) -> Callable[[Job], None]:
    """Run something with the store."""

    def run(job: Job) -> None:
        async def main() -> None:
            async with open_books(settings) as opened:
                await job(opened.store)

        asyncio.run(main())

    return run


STATES = {
    Verdict.PUBLISH: State.QUEUED,
    Verdict.HOLD: State.HELD,
    Verdict.BLOCK: State.BLOCKED,
}


def record(number: int, *, verdict: Verdict = Verdict.PUBLISH, creator: str = "zoe") -> Record:
    at = START + timedelta(seconds=number)
    published = verdict is Verdict.PUBLISH
    reasons = (Reason(rule=f"rule.{number}", text="Because.", verdict=verdict),)
    submission = Submission(
        message_id=f"msg_{number}",
        tenant="default",
        channel=Channel.DM,
        creator=creator,
        avatar="zoe-ai",
        conversation="c1",
        text="hello",
        received_at=at,
    )
    disclosure = Disclosure(text="[AI] hello", language="en", salt="00", content_hash="11")
    receipt = Receipt(id=f"rcp_{number}", kid="k", jws="e.y.J", claims={})
    decision = Decision(
        verdict=verdict,
        reasons=reasons,
        obligations=(),
        bundle=Bundle(digest="ab" * 32, revisions={}),
        engine="embedded",
        path="gateway/decision",
        document={},
        masked={},
    )
    return Record(
        submission=submission,
        judgement=Judgement(
            decision_id=f"dec_{number}",
            verdict=verdict,
            language="en",
            reasons=reasons,
            disclosure=disclosure if published else None,
            receipt=receipt if published else None,
        ),
        grounds=Grounds(decision=decision, redaction=Redaction(text="hello")),
        state=STATES[verdict],
        decided_at=at,
        expires_at=at + timedelta(hours=1) if verdict is Verdict.HOLD else None,
    )


async def deliver(store: Store, message_id: str) -> None:
    (delivery,) = await store.outbox.lease(
        message_id=message_id, until=START + timedelta(days=36500)
    )
    dispatch = Dispatch(result=DispatchResult.DELIVERED, detail="201")
    await store.outbox.settle(
        Settlement(
            delivery=delivery,
            dispatch=dispatch,
            state=State.DELIVERED,
            at=START + timedelta(minutes=1),
        )
    )


@pytest.fixture
def told(settings: Settings, do: Callable[[Job], None]) -> Settings:
    """Entries 0 and 1: a message and its delivery; 2: one blocked; 3: of another creator."""

    async def job(store: Store) -> None:
        await store.ledger.record(record(0))
        await deliver(store, "msg_0")
        await store.ledger.record(record(1, verdict=Verdict.BLOCK))
        await store.ledger.record(record(2, creator="kim"))

    do(job)
    return settings


def test_a_good_log_verifies(told: Settings, ask: Callable[..., Result], tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(ask("checkpoint").stdout)
    assert kept.read_text().startswith(f"{told.log_origin}\n4\n")
    found = ask("verify", "--checkpoint", str(kept))
    assert found.exit_code == 0
    assert "The log verifies: 4 entries (3 decision, 1 delivery)." in found.stdout
    assert "Without a kept checkpoint" in ask("verify").stdout
    report = json.loads(ask("verify", "--json", "--checkpoint", str(kept)).stdout)
    assert (report["ok"], report["size"], report["signed"]) == (True, 4, 4)
    assert report["kept_checkpoints"] == 1


@pytest.mark.parametrize(
    "body", ["replace(body, 'zoe', 'zob')", "CAST(replace(body, 'zoe', 'zob') AS BLOB)"]
)
def test_a_bad_log_is_named_and_fails(
    told: Settings, ask: Callable[..., Result], body: str
) -> None:
    ask("checkpoint")
    database = sqlite3.connect(told.data_dir / "gateway.db")
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
        database.execute(f'DROP TRIGGER "{trigger}"')
    database.execute(f"UPDATE audit_entry SET body = {body} WHERE seq = 2")  # noqa: S608
    database.commit()
    database.close()
    found = ask("verify")
    assert found.exit_code == 1
    assert "The log does NOT verify: entry 2" in found.stdout
    report = json.loads(ask("verify", "--json").stdout)
    assert (report["ok"], report["entry"]) == (False, 2)


def test_what_is_kept_must_agree(
    told: Settings, ask: Callable[..., Result], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_bytes(b"\xff nonsense")
    assert ask("verify", "--checkpoint", str(kept)).exit_code == 1
    assert ask("verify", "--checkpoint", str(tmp_path / "missing")).exit_code == 2


def test_show_finds_entries(told: Settings, ask: Callable[..., Result]) -> None:
    def found(*arguments: str) -> list[int]:
        lines = ask("show", "--json", *arguments).stdout.splitlines()
        return [json.loads(line)["seq"] for line in lines]

    assert found() == [1, 3, 2, 0]  # by their own time, newest first
    assert found("--message", "msg_0") == [0, 1]
    assert found("--creator", "kim") == [3]
    assert found("--decision", "block") == [2]
    assert found("--rule", "rule.2") == [3]
    assert found("--kind", "delivery") == [1]
    assert found("--until", "2026-11-22T20:00:01Z") == [0]
    assert found("--since", "2026-11-22T20:00:02") == [1, 3]
    assert found("--since", "2026-11-23") == []
    assert found("--limit", "1") == [1]
    assert found("--channel", "dm", "--conversation", "c1", "--tenant", "other") == []


def test_show_draws_a_table(told: Settings, ask: Callable[..., Result]) -> None:
    shown = ask("show").stdout
    assert "delivered" in shown
    assert "rule.1" in shown
    assert "hello" not in shown


def test_a_time_that_is_none_is_named(told: Settings, ask: Callable[..., Result]) -> None:
    found = ask("show", "--since", "yesterday")
    assert found.exit_code != 0
    assert "--since" in str(found.exception)


def test_ids_do_not_steer_the_terminal(
    do: Callable[[Job], None], ask: Callable[..., Result]
) -> None:
    evil = record(0, creator="\x1b[2J\u202ezoe")

    async def job(store: Store) -> None:
        await store.ledger.record(evil)

    do(job)
    for shown in (ask("show").stdout, ask("tail").stdout, ask("show", "--json").stdout):
        assert "\x1b[2J" not in shown
    assert "�[2J�zoe" in ask("tail").stdout


def test_tail_shows_the_last(told: Settings, ask: Callable[..., Result]) -> None:
    assert [line.split()[0] for line in ask("tail", "-n", "2").stdout.splitlines()] == ["2", "3"]
    assert ask("tail", "-n", "0").stdout == ""
    assert json.loads(ask("tail", "-n", "1", "--json").stdout)["seq"] == 3


async def test_tail_follows(settings: Settings, open_books: OpenBooks) -> None:
    async with open_books(settings) as opened:
        await opened.store.ledger.record(record(0))
        more = iter([record(1), record(2)])

        async def wait() -> None:
            await opened.store.ledger.record(next(more))

        entries = audit.entries_from(opened.store.log, 0, wait=wait)
        assert [(await anext(entries)).seq for _ in range(3)] == [0, 1, 2]
        await entries.aclose()


def test_a_proof_stands_alone(told: Settings, ask: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "msg_0.tlog-proof"
    file.write_text(ask("proof", "msg_0").stdout)
    assert file.read_text() == ask("proof", "0").stdout
    checked = ask("check-proof", str(file))
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["message_id"] == "msg_0"
    file.write_text(file.read_text().replace("index 0", "index 1"))
    assert ask("check-proof", str(file)).exit_code == 1
    file.write_text(ask("proof", "0", "--bare").stdout)
    assert ask("check-proof", str(file)).exit_code == 1


def test_a_proof_can_be_checked_with_a_given_key(
    told: Settings, ask: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "proof"
    file.write_text(ask("proof", "2").stdout)
    ours = str(note_keys(told.log_origin, Keyring.open(told.keys_dir))[0])
    other = str(note_keys(told.log_origin, Keyring.generate())[0])
    assert ask("check-proof", str(file), "--key", other, "--key", ours).exit_code == 0
    assert ask("check-proof", str(file), "--key", other).exit_code == 1


@pytest.mark.parametrize("what", ["msg_9", "99"])
def test_there_is_no_proof_of_what_is_not_there(
    told: Settings, ask: Callable[..., Result], what: str
) -> None:
    found = ask("proof", what)
    assert found.exit_code != 0
    assert what in str(found.exception)


def test_a_dry_run_is_judged_too(do: Callable[[Job], None], ask: Callable[..., Result]) -> None:
    dry = record(0, verdict=Verdict.BLOCK)
    dry = replace(dry, submission=replace(dry.submission, dry_run=True), state=State.DECIDED)

    async def job(store: Store) -> None:
        await store.ledger.record(dry)

    do(job)
    assert ask("proof", "msg_0").exit_code == 0
    assert "1 dry_run" in ask("verify").stdout


def test_holds_reviews_and_expiries_verify(
    do: Callable[[Job], None], ask: Callable[..., Result]
) -> None:
    async def job(store: Store) -> None:
        await store.ledger.record(record(0, verdict=Verdict.HOLD))
        await store.ledger.record(record(1, verdict=Verdict.HOLD))
        review = Review(
            action=ReviewAction.RELEASE,
            reviewer="ana",
            reason="It is fine.",
            at=START + timedelta(minutes=2),
        )
        released = changed(record(0), decision_id="dec_0b", decided_at=review.at, review=review)
        await store.ledger.record(released)
        await deliver(store, "msg_0")
        assert await store.reviews.expire(START + timedelta(days=1)) == 1

    do(job)
    report = json.loads(ask("verify", "--json").stdout)
    assert report["kinds"] == {"decision": 2, "delivery": 1, "expiry": 1, "review": 1}
    proof = ask("proof", "msg_0", "--bare").stdout
    assert "\nindex 2\n" in proof
