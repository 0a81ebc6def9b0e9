from __future__ import annotations

import io
import sys

import pyarrow.parquet as pq
import pytest

from gateway.errors import ConfigurationError
from gateway.model.verdict import Verdict
from gateway.reporting.columns import COLUMNS, row
from gateway.reporting.parquet import ParquetFile
from tests.unit.reporting.conftest import Story


def test_others_read_what_was_written(story: Story) -> None:
    for verdict in Verdict:
        story.judged(verdict)
    sink = io.BytesIO()
    file = ParquetFile(sink, {"avatar-gateway.size": "3"})
    file.add(story.entries[:2])
    file.add([])
    file.add(story.entries[2:])
    file.close()
    table = pq.read_table(io.BytesIO(sink.getvalue()))
    assert table.schema.metadata[b"avatar-gateway.size"] == b"3"
    assert table.column_names == [column.name for column in COLUMNS]
    rows = table.to_pylist()
    assert [one["verdict"] for one in rows] == ["publish", "hold", "block"]
    assert rows[0]["timestamp"] == story.entries[0].at
    for made, entry in zip(rows, story.entries, strict=True):
        for column, value in zip(COLUMNS, row(entry), strict=True):
            if column.kind != "time":
                assert made[column.name] == value


def test_without_pyarrow_the_mend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'avatar-gateway\[parquet\]'"):
        ParquetFile(io.BytesIO(), {})
