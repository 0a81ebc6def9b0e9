from __future__ import annotations

import csv
import io
from hashlib import sha256
from typing import Any

import orjson
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.verdict import Verdict
from gateway.reporting.columns import COLUMNS
from gateway.reporting.formats import MEDIA_TYPES, ExportFormat, cell, event, shape
from tests.unit.reporting.conftest import Story

ORIGIN = "gateway.example/log"


def _whole(format: ExportFormat, *pages: Any) -> bytes:  # noqa: A002
    made = shape(format, origin=ORIGIN)
    lines = [made.lines(page, number == 0) for number, page in enumerate(pages)]
    return made.head + b"".join(lines) + made.foot


@pytest.fixture
def pages(story: Story) -> list[Any]:
    for verdict in (*Verdict, *Verdict):
        story.judged(verdict)
    return [story.entries[:4], story.entries[4:]]


def test_json_lines_are_the_bodies_as_stored(pages: list[Any]) -> None:
    lines = _whole(ExportFormat.JSONL, *pages).splitlines()
    entries = [entry for page in pages for entry in page]
    assert lines == [entry.body for entry in entries]
    assert [sha256(b"\x00" + line).digest() for line in lines] == [one.leaf for one in entries]


def test_csv_has_a_header_and_a_row_for_each_entry(pages: list[Any]) -> None:
    text = _whole(ExportFormat.CSV, *pages).decode()
    assert text.count("\r\n") == 7
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head == [column.name for column in COLUMNS]
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [one["seq"] for one in found] == [str(number) for number in range(6)]
    assert [one["verdict"] for one in found] == [one.value for one in (*Verdict, *Verdict)]
    assert found[0]["notices"] == "ai"
    assert found[0]["shortened"] == "false"
    assert found[1]["shortened"] == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+33 6", "'+33 6"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\t=1", "' =1"),
        ("\r=1", "' =1"),
        ("\nx", "' x"),
        ("\x00=1", "' =1"),
        ("＝1", "'＝1"),
        ("＠a", "'＠a"),
        ('a"b,c', 'a""b,c'),
        ('";=1', '"";=1'),
        ("a\r\n=1", "a  =1"),
        ("a\u2028b", "a b"),
        (["=1", "b"], "'=1 b"),
        (None, ""),
        (True, "true"),
        (12, "12"),
        ("msg_1", "msg_1"),
    ],
)
def test_no_cell_is_a_formula(value: Any, shown: str) -> None:
    assert cell(value) == shown


@given(st.text())
def test_whatever_a_cell_holds_it_stays_one_cell(text: str) -> None:
    line = f'"{cell(text)}","end"\r\n'
    ((first, end),) = csv.reader(io.StringIO(line, newline=""))
    assert end == "end"
    assert not first.strip().startswith(tuple("=+-@＝＋－＠"))


def test_cloudevents_are_what_others_read(pages: list[Any]) -> None:
    lines = _whole(ExportFormat.CLOUDEVENTS, *pages).splitlines()
    entries = [entry for page in pages for entry in page]
    for line, entry in zip(lines, entries, strict=True):
        read = JSONFormat().read(CloudEvent, line)
        assert read.get_specversion() == "1.0"
        assert read.get_id() == str(entry.seq)
        assert read.get_source() == ORIGIN
        assert read.get_type() == "avatar-gateway.audit.decision"
        assert read.get_subject() == entry.message_id
        assert read.get_time() == entry.at
        assert read.get_extension("leaf") == entry.leaf.hex()
        assert read.get_data() == orjson.loads(entry.body)
        assert entry.body in line  # byte by byte, so that its hash can be taken


def test_a_batch_is_one_array(pages: list[Any]) -> None:
    batch = orjson.loads(_whole(ExportFormat.CLOUDEVENTS_BATCH, *pages))
    assert [one["id"] for one in batch] == [str(number) for number in range(6)]
    assert orjson.loads(_whole(ExportFormat.CLOUDEVENTS_BATCH)) == []
    assert len(orjson.loads(_whole(ExportFormat.CLOUDEVENTS_BATCH, pages[0], []))) == 4


def test_an_event_without_a_message_has_no_subject(story: Story) -> None:
    from gateway.model.record import Change

    change = Change(
        actor="a",
        tenant="t",
        what="policy",
        subject="s",
        at=story.clock.at,
        before=None,
        after=None,
    )
    assert "subject" not in orjson.loads(event(story.add(change), origin=ORIGIN))


def test_every_format_has_a_media_type() -> None:
    assert set(MEDIA_TYPES) == set(ExportFormat)
    with pytest.raises(ValueError, match="no text"):
        shape(ExportFormat.PARQUET, origin=ORIGIN)
