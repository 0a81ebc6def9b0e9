from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import LogInvalid
from gateway.model.erasure import Erasure, ErasureCounts, ErasureScope
from gateway.model.record import ReviewAction
from gateway.model.verdict import Verdict
from gateway.reporting.columns import COLUMNS, page, row
from tests.stores import RAW, START
from tests.unit.reporting.conftest import Story


def found(entry: Any) -> dict[str, Any]:
    return dict(zip([column.name for column in COLUMNS], row(entry), strict=True))


def test_a_decision(story: Story) -> None:
    story.judged()
    cells = found(story.entries[0])
    assert cells["leaf"] == story.entries[0].leaf.hex()
    assert cells["timestamp"] == "2026-11-22T09:30:00.123456Z"
    assert (cells["creator"], cells["avatar"], cells["conversation"]) == ("zoe", "zoe-ai", "c1")
    assert cells["rules"] == ["eu.aia.50.1"]
    assert cells["obligations"] == ["disclose"]
    assert cells["redacted"] == ["PHONE_NUMBER"]
    assert cells["marks"] == ["iptc"]
    assert cells["content_hash"] == "cd" * 32
    assert cells["policy_digest"] == "ab" * 32
    assert cells["models"] == ["m"]
    assert RAW not in str(cells)


def test_a_delivery_and_a_review(story: Story) -> None:
    record = story.judged()
    delivery = found(story.settled(record))
    assert (delivery["dispatch_result"], delivery["platform_id"]) == ("delivered", "p-1")
    assert delivery["content_hash"] == "cd" * 32
    assert delivery["verdict"] is None
    assert delivery["rules"] is None
    review = found(story.reviewed(story.judged(Verdict.HOLD), ReviewAction.REJECT, hours=1))
    assert (review["review_action"], review["reviewer"]) == ("reject", "ann")


def test_text_columns_hold_text_whatever_the_entry(story: Story) -> None:
    erasure = Erasure(
        id="era_1",
        scope=ErasureScope.CREATOR,
        tenant="acme",
        target="zoe",
        actor="ann",
        reason="asked for",
        ordered_at=START,
        before=12,
        counts=ErasureCounts(keys=1),
        at=START + timedelta(seconds=1),
    )
    cells = found(story.add(erasure))
    assert (cells["what"], cells["subject"], cells["before"]) == ("creator", "zoe", "12")
    kinds = {column.name: column.kind for column in COLUMNS}
    assert all(
        isinstance(value, str) for name, value in cells.items() if kinds[name] == "text" and value
    )


@pytest.mark.parametrize("body", [b"", b"3", b'{"reasons": 4}', b'{"reasons": [{}]}'])
def test_a_body_that_is_none_of_ours_is_named(story: Story, body: bytes) -> None:
    story.judged()
    with pytest.raises(LogInvalid, match="entry 0: cannot be exported"):
        row(replace(story.entries[0], body=body))


def test_the_page_has_every_column_once() -> None:
    names = [column.name for column in COLUMNS]
    assert len(names) == len(set(names))
    assert all(page().count(f"| `{name}` |") == 1 for name in names)
