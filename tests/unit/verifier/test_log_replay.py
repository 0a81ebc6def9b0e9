from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.model.erasure import Erasure, ErasureCounts, ErasureScope
from gateway.model.record import ReviewAction
from gateway.model.verdict import State, Verdict
from gateway.verifier.log_replay import LogReplay
from tests.evidence import Book
from tests.stores import changed


def told(book: Book) -> tuple[LogReplay, list[tuple[int, str]]]:
    found: list[tuple[int, str]] = []
    replay = LogReplay(lambda seq, code, text: found.append((seq, code)))
    for entry in book.entries:
        replay.add(entry.seq, orjson.loads(entry.body))
    return replay, found


def codes(book: Book) -> list[tuple[int, str]]:
    return told(book)[1]


@pytest.fixture
def empty(book: Book) -> Book:
    book.entries, book.signed = [], []
    return book


def test_a_good_story(book: Book) -> None:
    replay, found = told(book)
    assert found == []
    assert replay.paired == 18
    assert replay.pairs()["held, not reviewed yet"] == 0


def test_reviews_and_expiries_need_a_hold(empty: Book) -> None:
    held = empty.samples.record(Verdict.HOLD)  # never written
    empty.append(empty.reviewed(held))
    empty.expire(held, 0)
    held, seq = empty.held()
    empty.expire(held, seq)
    empty.expire(held, seq)
    assert codes(empty) == [(0, "review-unheld"), (1, "expiry-unheld"), (4, "expiry-unheld")]


def test_what_a_reviewer_rejected_is_not_sent(empty: Book) -> None:
    held, _ = empty.held()
    rejected = empty.reviewed(held, ReviewAction.REJECT)
    released = empty.reviewed(held)
    empty.append(changed(rejected, state=State.QUEUED, verdict=Verdict.PUBLISH,
                         disclosure=released.judgement.disclosure,
                         receipt=released.judgement.receipt))  # fmt: skip
    assert codes(empty) == [(1, "sent-unallowed")]


def test_what_is_blocked_is_not_queued(empty: Book) -> None:
    record = empty.samples.record(Verdict.BLOCK)
    empty.append(replace(record, state=State.QUEUED))
    assert codes(empty) == [(0, "sent-unallowed")]


def test_a_message_is_judged_once(empty: Book) -> None:
    record = empty.samples.record()
    empty.append(record)
    empty.append(record)
    assert codes(empty) == [(1, "message-repeated")]


@pytest.mark.parametrize(
    "changes",
    [
        {"decision_id": "dec_other"},
        {"content_hash": "00" * 32},
        {"message_id": "msg_other"},
        {"receipt": {"id": "rcp_other", "sha256": "00"}},
        {"allowed_by": 1},
        {"allowed_by": -1},
        {"allowed_by": "0"},
        {"allowed_by": True},
        {"allowed_by": 10**30},
    ],
)
def test_a_delivery_is_of_what_was_allowed(empty: Book, changes: dict[str, Any]) -> None:
    empty.published()
    found: list[str] = []
    replay = LogReplay(lambda seq, code, text: found.append(code))
    replay.add(0, orjson.loads(empty.entries[0].body))
    replay.add(1, {**orjson.loads(empty.entries[1].body), **changes})
    assert found == ["delivery-unallowed"]


def test_a_late_answer_is_no_second_delivery(empty: Book) -> None:
    record = empty.samples.record()
    seq = empty.append(record)
    empty.deliver(record, seq, State.UNKNOWN)
    empty.deliver(record, seq)
    assert codes(empty) == []


def test_what_cannot_be_read_cannot_be_paired(empty: Book) -> None:
    empty.published()
    found: list[str] = []
    replay = LogReplay(lambda seq, code, text: found.append(code))
    replay.skip()
    replay.add(1, orjson.loads(empty.entries[1].body))
    assert found == []
    assert replay.pairs()["whose cause cannot be read"] == 1


def erasure(book: Book, **changes: Any) -> Erasure:
    at = book.samples.clock.at
    values: dict[str, Any] = {
        "id": f"era_{len(book.entries)}",
        "scope": ErasureScope.SUBJECT,
        "tenant": "acme",
        "target": "ab" * 32,
        "actor": "ann",
        "reason": "asked for by the person",
        "ordered_at": at - timedelta(seconds=1),
        "before": len(book.entries),
        "at": at,
        "counts": ErasureCounts(keys=1, payloads=2, messages=2),
    }
    return Erasure(**{**values, **changes})


def test_erasures(empty: Book) -> None:
    empty.append(erasure(empty))
    empty.append(erasure(empty, scope=ErasureScope.MESSAGE, target="msg_1"))
    empty.append(erasure(empty, scope=ErasureScope.RETENTION, target="*/dm/* after 200 days"))
    replay, found = told(empty)
    assert found == []
    assert replay.erased == {"keys": 3, "payloads": 6, "messages": 6}


@pytest.mark.parametrize(
    "changes",
    [
        lambda book: {"target": "person-4711"},  # in clear
        lambda book: {"actor": ""},
        lambda book: {"reason": ""},
        lambda book: {"before": 9},
        lambda book: {"ordered_at": book.samples.clock.at + timedelta(days=1)},
        lambda book: {"counts": ErasureCounts(keys=-1)},
        lambda book: {"id": "era_0"},
    ],
)
def test_malformed_erasures(empty: Book, changes: Callable[[Book], dict[str, Any]]) -> None:
    empty.append(erasure(empty))
    empty.append(erasure(empty, **changes(empty)))
    assert codes(empty) == [(1, "erasure-malformed")]


def test_strange_kinds_are_counted_not_judged() -> None:
    found: list[str] = []
    replay = LogReplay(lambda seq, code, text: found.append(code))
    common = {"v": 1, "timestamp": "2026-11-22T20:00:00.000000Z", "tenant": "t"}
    for seq in range(50):
        replay.add(seq, {**common, "seq": seq, "kind": f"new-{seq}", "message_id": None})
    assert found == []
    assert sum(replay.strange_kinds.values()) == replay.kinds["unknown"] == 50
    assert len(replay.strange_kinds) == 21


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"kind": 3},
        {"kind": {}},
        {"tenant": None},
        {"message_id": None},
        {"timestamp": "yesterday"},
        {"timestamp": None},
        {"state": {}},
        {"verdict": []},
        {"verdict": "maybe"},
        {"disclosure": None},
        {"receipt": []},
    ],
)
def test_malformed_entries(empty: Book, changes: dict[str, Any]) -> None:
    empty.published()
    found: list[str] = []
    replay = LogReplay(lambda seq, code, text: found.append(code))
    said = orjson.loads(empty.entries[0].body)
    replay.add(0, {**said, **changes} if changes != {"state": {}} else {**said, "state": None})
    if "state" not in changes:
        assert found == ["entry-malformed"]
    for name in ("v", "seq", "kind", "timestamp", "tenant", "message_id", "verdict"):
        found.clear()
        replay.add(1, {key: value for key, value in said.items() if key != name})
        assert "entry-malformed" in found


def test_a_wrong_number(empty: Book) -> None:
    empty.change()
    found: list[str] = []
    LogReplay(lambda seq, code, text: found.append(code)).add(
        0, {**orjson.loads(empty.entries[0].body), "seq": 4}
    )
    assert found == ["entry-number"]
