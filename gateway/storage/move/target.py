"""The PostgreSQL database that a log is moved into; it must be empty at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import sqlalchemy as sa

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.driver import Row
from gateway.storage.engine.log_fence import INCOMING, OPEN
from gateway.storage.engine.migrate import migrate
from gateway.storage.engine.postgres import PostgresDatabase
from gateway.storage.move.source import LOG


class MoveStage(Enum):
    """How far a move into this database had come."""

    NEW = "new"
    BEGUN = "begun"
    DONE = "done"


class MoveTarget:
    """The target of one move. Gateways cannot write to it before `open_epoch`."""

    def __init__(self, database: PostgresDatabase) -> None:
        migrate(database)
        self.name = database.name
        self._connection: Any = database.connect_checked()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def begin(self, source: str) -> MoveStage:
        """Mark the database as a copy of `source`; return how far an earlier move had come. Raises
        DatabaseUnusable when it is neither empty nor a copy of `source`."""
        with self._connection.transaction():
            ((state, other, keys),) = self._fetch_all(
                "SELECT state, other, keys FROM log_state FOR UPDATE"
            )
            if other == source:
                return MoveStage.BEGUN if state == INCOMING else MoveStage.DONE
            if state != OPEN or keys is not None or self.size():
                raise DatabaseUnusable(
                    self.name, "holds something already", "Name an empty database"
                )
            self._connection.execute(
                "UPDATE log_state SET state = %s, other = %s", (INCOMING, source)
            )
        return MoveStage.NEW

    def size(self) -> int:
        """The number of entries."""
        ((last,),) = self._fetch_all("SELECT max(seq) FROM audit_entry")
        return 0 if last is None else int(last) + 1

    def leaves(self, start: int, most: int) -> list[bytes]:
        """Up to `most` leaves from number `start` on, ascending."""
        rows = self._fetch_all(
            "SELECT leaf FROM audit_entry WHERE seq >= %s ORDER BY seq LIMIT %s", (start, most)
        )
        return [leaf for (leaf,) in rows]

    def add_entries(self, rows: Sequence[Row]) -> None:
        """Insert entries, durably."""
        with self._connection.transaction():
            self._copy_rows(LOG, '"audit_entry"', rows)

    def put(self, copied: sa.Table, rows: Sequence[Row]) -> None:
        """Insert rows, or replace those that exist, durably."""
        with self._connection.transaction():
            self._put_rows(copied, rows)

    def replace(self, changed: Iterable[tuple[sa.Table, Row, Row | None]]) -> None:
        """Apply changes durably: each is a table, a primary key, and the row as it is now, or
        None when it was deleted."""
        current: dict[sa.Table, list[Row]] = {}
        deleted: dict[sa.Table, list[Row]] = {}
        for copied, key, row in changed:
            if row is None:
                deleted.setdefault(copied, []).append(key)
            else:
                current.setdefault(copied, []).append(row)
        with self._connection.transaction():
            for copied, keys in deleted.items():
                columns = copied.primary_key.columns
                where = " AND ".join(f'"{column.name}" = %s' for column in columns)
                self._connection.cursor().executemany(
                    f'DELETE FROM "{copied.name}" WHERE {where}',  # noqa: S608
                    keys,
                )
            for copied, rows in current.items():
                self._put_rows(copied, rows)

    def count(self, copied: sa.Table) -> int:
        """The number of rows of a table."""
        ((count,),) = self._fetch_all(f'SELECT count(*) FROM "{copied.name}"')  # noqa: S608
        return int(count)

    def open_epoch(self, epoch: int, keys: bytes | None, key_store: str | None) -> None:
        """Let gateways write here from now on, in a new epoch."""
        self._connection.execute(
            "UPDATE log_state SET state = %s, epoch = %s, keys = %s, key_store = %s",
            (OPEN, epoch, keys, key_store),
        )

    def _put_rows(self, copied: sa.Table, rows: Sequence[Row]) -> None:
        """Copy rows into a temporary table, then insert them from there: COPY itself cannot
        replace rows."""
        self._connection.execute(
            f'CREATE TEMPORARY TABLE moving ON COMMIT DROP AS TABLE "{copied.name}" WITH NO DATA'
        )
        self._copy_rows(copied, "moving", rows)
        keys = ", ".join(f'"{column.name}"' for column in copied.primary_key.columns)
        others = [column.name for column in copied.c if not column.primary_key]
        change = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
        names = ", ".join(f'"{column.name}"' for column in copied.c)
        self._connection.execute(
            f'INSERT INTO "{copied.name}" ({names}) SELECT {names} FROM moving'  # noqa: S608
            f" ON CONFLICT ({keys}) DO {f'UPDATE SET {change}' if change else 'NOTHING'}"
        )
        self._connection.execute("DROP TABLE moving")

    def _copy_rows(self, copied: sa.Table, into: str, rows: Sequence[Row]) -> None:
        """Send rows of the table `copied` with COPY. SQLite has no Boolean type, so 0 and 1 are
        converted."""
        flags = [number for number, column in enumerate(copied.c) if _is_flag(column)]
        names = ", ".join(f'"{column.name}"' for column in copied.c)
        with self._connection.cursor().copy(f"COPY {into} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_with_flags(row, flags) if flags else row)

    def _fetch_all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        rows: list[Row] = self._connection.execute(sql, params).fetchall()
        return rows


def _is_flag(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Boolean)


def _with_flags(row: Row, flags: Sequence[int]) -> Row:
    values = list(row)
    for number in flags:
        values[number] = None if values[number] is None else bool(values[number])
    return tuple(values)
