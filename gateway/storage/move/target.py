"""The database that a log is moved into: PostgreSQL, empty at first."""

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
    """How far a move has come."""

    NEW = "new"
    BEGUN = "begun"
    DONE = "done"


class MoveTarget:
    """Opened for one move. Until `open_epoch`, gateways are refused here."""

    def __init__(self, database: PostgresDatabase) -> None:
        migrate(database)
        self.name = database.name
        self._connection: Any = database.connect_checked()

    def close(self) -> None:
        self._connection.close()

    def begin(self, source: str) -> MoveStage:
        """Raises DatabaseUnusable when it is neither empty nor a copy of `source`."""
        with self._connection.transaction():
            ((state, other, keys),) = self._all(
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
        ((last,),) = self._all("SELECT max(seq) FROM audit_entry")
        return 0 if last is None else int(last) + 1

    def leaves(self, start: int, most: int) -> list[bytes]:
        rows = self._all(
            "SELECT leaf FROM audit_entry WHERE seq >= %s ORDER BY seq LIMIT %s", (start, most)
        )
        return [leaf for (leaf,) in rows]

    def add_entries(self, rows: Sequence[Row]) -> None:
        with self._connection.transaction():
            self._copy(LOG, '"audit_entry"', rows)

    def put(self, one: sa.Table, rows: Sequence[Row]) -> None:
        """Insert these rows; those that are there are replaced."""
        with self._connection.transaction():
            self._put(one, rows)

    def replace(self, changed: Iterable[tuple[sa.Table, Row, Row | None]]) -> None:
        """What became of rows: table, key, and the row as it is now, or None."""
        now: dict[sa.Table, list[Row]] = {}
        gone: dict[sa.Table, list[Row]] = {}
        for one, key, row in changed:
            if row is None:
                gone.setdefault(one, []).append(key)
            else:
                now.setdefault(one, []).append(row)
        with self._connection.transaction():
            for one, keys in gone.items():
                where = " AND ".join(f'"{column.name}" = %s' for column in one.primary_key.columns)
                self._connection.cursor().executemany(
                    f'DELETE FROM "{one.name}" WHERE {where}',  # noqa: S608
                    keys,
                )
            for one, rows in now.items():
                self._put(one, rows)

    def count(self, one: sa.Table) -> int:
        ((count,),) = self._all(f'SELECT count(*) FROM "{one.name}"')  # noqa: S608
        return int(count)

    def open_epoch(self, epoch: int, keys: bytes | None, key_store: str | None) -> None:
        """From now on gateways may write here."""
        self._connection.execute(
            "UPDATE log_state SET state = %s, epoch = %s, keys = %s, key_store = %s",
            (OPEN, epoch, keys, key_store),
        )

    def _put(self, one: sa.Table, rows: Sequence[Row]) -> None:
        """Under a name of its own first: COPY knows no conflicts."""
        self._connection.execute(
            f'CREATE TEMPORARY TABLE moving ON COMMIT DROP AS SELECT * FROM "{one.name}" LIMIT 0'  # noqa: S608
        )
        self._copy(one, "moving", rows)
        keys = ", ".join(f'"{column.name}"' for column in one.primary_key.columns)
        others = [column.name for column in one.c if not column.primary_key]
        change = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
        names = ", ".join(f'"{column.name}"' for column in one.c)
        self._connection.execute(
            f'INSERT INTO "{one.name}" ({names}) SELECT {names} FROM moving'  # noqa: S608
            f" ON CONFLICT ({keys}) DO {f'UPDATE SET {change}' if change else 'NOTHING'}"
        )
        self._connection.execute("DROP TABLE moving")

    def _copy(self, one: sa.Table, into: str, rows: Sequence[Row]) -> None:
        """SQLite has no Boolean: 0 and 1 stand for it."""
        flags = [number for number, column in enumerate(one.c) if _is_flag(column)]
        names = ", ".join(f'"{column.name}"' for column in one.c)
        with self._connection.cursor().copy(f"COPY {into} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_with_flags(row, flags) if flags else row)

    def _all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        found: list[Row] = self._connection.execute(sql, params).fetchall()
        return found


def _is_flag(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Boolean)


def _with_flags(row: Row, flags: Sequence[int]) -> Row:
    values = list(row)
    for number in flags:
        values[number] = None if values[number] is None else bool(values[number])
    return tuple(values)
