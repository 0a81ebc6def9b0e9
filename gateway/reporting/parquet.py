"""Entries as a Parquet file. Needs the extra `parquet` (pyarrow)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, BinaryIO

from gateway.errors import ConfigurationError
from gateway.model.record import Entry
from gateway.reporting.columns import COLUMNS, Kind, row


class ParquetFile:
    """A Parquet file that is written to `sink`, which need not be able to seek.

    Each call of `add` writes one row group. `about` becomes the file's key-value metadata. Raises
    ConfigurationError when pyarrow is not installed.
    """

    def __init__(self, sink: BinaryIO, about: Mapping[str, str]) -> None:
        try:
            self._arrow = import_module("pyarrow")
            parquet = import_module("pyarrow.parquet")
        except ImportError:
            raise ConfigurationError(
                "the format parquet",
                "needs pyarrow, which is not installed",
                "pip install 'avatar-gateway[parquet]', or choose another format.",
            ) from None
        types = _column_types(self._arrow)
        self._schema = self._arrow.schema(
            [(column.name, types[column.kind]) for column in COLUMNS], metadata=dict(about)
        )
        self._writer = parquet.ParquetWriter(sink, self._schema, compression="zstd")

    def add(self, entries: Sequence[Entry]) -> None:
        """Write entries. Raises LogInvalid for one that cannot be exported."""
        if not entries:
            return
        rows = [row(entry) for entry in entries]
        columns = [
            [_arrow_value(column.kind, value) for value in values]
            for column, values in zip(COLUMNS, zip(*rows, strict=True), strict=True)
        ]
        arrays = [
            self._arrow.array(values, type=field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the footer, without which the file cannot be read."""
        self._writer.close()


def _column_types(arrow: Any) -> dict[Kind, Any]:
    return {
        "text": arrow.string(),
        "number": arrow.int64(),
        "time": arrow.timestamp("us", tz="UTC"),
        "yes or no": arrow.bool_(),
        "list": arrow.list_(arrow.string()),
    }


def _arrow_value(kind: Kind, value: object) -> object:
    return datetime.fromisoformat(value) if kind == "time" and isinstance(value, str) else value
