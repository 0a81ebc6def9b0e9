"""The database that a log is moved out of: SQLite, while others write to it.

Triggers note the keys of rows that change after they were copied. They are there only while a
move is under way; what is copied is kept account of here too, so that a move goes on where it was
cut off.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.driver import Cursor, Row
from gateway.storage.engine.log_fence import MOVED, OPEN, SWITCHING
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.engine.tables import Base, EntryRow, LogStateRow, table

LOG = table(EntryRow)
STATE = table(LogStateRow)
COPIED: tuple[sa.Table, ...] = tuple(
    one for one in Base.metadata.sorted_tables if one not in {LOG, STATE}
)
"""All that is copied by key. Entries are copied by number: they never change."""

_KEYS = max(len(one.primary_key.columns) for one in COPIED)
_SLOTS = ", ".join(f"k{number}" for number in range(_KEYS))
_WHEN = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


class MoveSource:
    """Opened for one move. Short turns between those of the processes that write."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.name = database.name
        self._connection = database.connect_writer()
        self._cursor = self._connection.cursor()

    def close(self) -> None:
        self._connection.close()

    def state(self) -> tuple[str, str, int, bytes | None]:
        """State, the other database, epoch, digest of the keys."""
        ((state, other, epoch, keys),) = self._all(
            "SELECT state, other, epoch, keys FROM log_state"
        )
        return state, other, epoch, keys

    def watch(self, *, anew: bool) -> None:
        """Note every change from now on. `anew`: nothing was copied yet."""
        with self._turn() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'moving_change'")
            if cursor.fetchall():
                if not anew:
                    return
                self._drop(cursor)
            cursor.execute(f"CREATE TABLE moving_done (tbl TEXT PRIMARY KEY, ready, {_SLOTS})")
            cursor.execute(
                f"CREATE TABLE moving_change (id INTEGER PRIMARY KEY AUTOINCREMENT, tbl, {_SLOTS})"
            )
            for one in COPIED:
                self._add_triggers(cursor, one)

    def unwatch(self) -> None:
        with self._turn() as cursor:
            self._drop(cursor)

    def size(self) -> int:
        ((last,),) = self._all("SELECT max(seq) FROM audit_entry")
        return 0 if last is None else int(last) + 1

    def entries(self, start: int, most: int) -> list[Row]:
        """With every column, ascending."""
        names = ", ".join(LOG.c.keys())
        return self._all(
            f"SELECT {names} FROM audit_entry WHERE seq >= ? ORDER BY seq LIMIT ?",  # noqa: S608
            (start, most),
        )

    def pages(self, one: sa.Table, most: int) -> Generator[list[Row], None, None]:
        """The rows that were not copied yet, by key. Asking for the next page says that the one
        before is safe."""
        names, keys = _names(one.c), _names(one.primary_key.columns)
        slots = _SLOTS.split(", ")[: len(one.primary_key.columns)]
        wanted = f"SELECT ready, {', '.join(slots)} FROM moving_done WHERE tbl = ?"  # noqa: S608
        done = self._all(wanted, (one.name,))
        at: Row | None = done[0][1:] if done else None
        if done and done[0][0]:
            return
        marks = ", ".join("?" * len(slots))
        places = [list(one.c).index(column) for column in one.primary_key.columns]
        while True:
            after = f"WHERE ({keys}) > ({marks})" if at else ""
            rows = self._all(
                f"SELECT {names} FROM {_quoted(one.name)} {after} ORDER BY {keys} LIMIT ?",  # noqa: S608
                (*(at or ()), most),
            )
            if rows:
                yield rows
                at = tuple(rows[-1][place] for place in places)
            with self._turn() as cursor:
                cursor.execute(
                    f"INSERT OR REPLACE INTO moving_done (tbl, ready, {', '.join(slots)})"  # noqa: S608
                    f" VALUES (?, ?, {marks})",
                    (one.name, not rows, *(at or [None] * len(slots))),
                )
            if not rows:
                return

    def changes(self, most: int) -> tuple[int, list[tuple[sa.Table, Row]]]:
        """The oldest changes that were not copied: up to which number, and which keys."""
        rows = self._all(
            f"SELECT id, tbl, {_SLOTS} FROM moving_change ORDER BY id LIMIT ?",  # noqa: S608
            (most,),
        )
        by_name = {one.name: one for one in COPIED}
        keys = dict.fromkeys(
            (by_name[name], tuple(key[: len(by_name[name].primary_key.columns)]))
            for _, name, *key in rows
        )
        return (rows[-1][0] if rows else 0), list(keys)

    def forget_changes(self, upto: int) -> None:
        with self._turn() as cursor:
            cursor.execute("DELETE FROM moving_change WHERE id <= ?", (upto,))

    def row(self, one: sa.Table, key: Row) -> Row | None:
        """As it is now; None: it was deleted."""
        where = " AND ".join(f"{_quoted(column.name)} = ?" for column in one.primary_key.columns)
        rows = self._all(
            f"SELECT {_names(one.c)} FROM {_quoted(one.name)} WHERE {where}",  # noqa: S608
            key,
        )
        return rows[0] if rows else None

    def count(self, one: sa.Table) -> int:
        ((count,),) = self._all(f"SELECT count(*) FROM {_quoted(one.name)}")  # noqa: S608
        return int(count)

    def destroyed_keys(self) -> list[str]:
        """The subject keys that were erased, here or in a backup of the keys."""
        return [kid for (kid,) in self._all("SELECT kid FROM erased_key")]

    def fence(self, target: str) -> None:
        """From now on nobody else writes here. It ends when this process does. Raises
        DatabaseUnusable when somebody else moves it."""
        boot = self._database.boot
        self._change_state(
            "SET state = ?, other = ?, boot = ? WHERE state = ?", (SWITCHING, target, boot, OPEN)
        )

    def lift(self) -> None:
        """The processes that write go on here after all."""
        self._change_state(
            "SET state = ?, other = '', boot = NULL WHERE state = ? AND boot = ?",
            (OPEN, SWITCHING, self._database.boot),
        )

    def set_speaker(self, target: str) -> None:
        """For good."""
        self._change_state(
            "SET state = ?, other = ?, boot = NULL WHERE state = ? AND boot = ?",
            (MOVED, target, SWITCHING, self._database.boot),
        )

    def _change_state(self, change: str, values: Sequence[Any]) -> None:
        with self._turn() as cursor:
            cursor.execute(f"UPDATE log_state {change}", values)
            if cursor.rowcount != 1:
                raise DatabaseUnusable(
                    self.name, "is being moved by another process", "Let that one end, or stop it"
                )

    def _add_triggers(self, cursor: Cursor, one: sa.Table) -> None:
        columns = [column.name for column in one.primary_key.columns]
        slots = ", ".join(_SLOTS.split(", ")[: len(columns)])
        for when, sides in _WHEN.items():
            notes = "".join(
                f"INSERT INTO moving_change (tbl, {slots}) VALUES ('{one.name}', "  # noqa: S608
                + ", ".join(f"{side}.{_quoted(name)}" for name in columns)
                + "); "
                for side in sides
            )
            cursor.execute(
                f"CREATE TRIGGER moving_{one.name}_{when.lower()} AFTER {when} ON"
                f" {_quoted(one.name)} BEGIN {notes} END"
            )

    def _drop(self, cursor: Cursor) -> None:
        for one in COPIED:
            for when in _WHEN:
                cursor.execute(f"DROP TRIGGER IF EXISTS moving_{one.name}_{when.lower()}")
        for name in ("moving_done", "moving_change"):
            cursor.execute(f"DROP TABLE IF EXISTS {name}")

    @contextmanager
    def _turn(self) -> Iterator[Cursor]:
        with self._database.exclusive():
            self._database.begin(self._cursor, wait=True)
            try:
                yield self._cursor
                self._cursor.execute("COMMIT")
            except BaseException:
                self._cursor.execute("ROLLBACK")
                raise

    def _all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        self._cursor.execute(sql, params)
        return self._cursor.fetchall()


def _names(columns: Any) -> str:
    return ", ".join(_quoted(column.name) for column in columns)


def _quoted(name: str) -> str:
    return f'"{name}"'
