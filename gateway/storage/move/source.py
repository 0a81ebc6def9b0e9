"""The SQLite database that a log is moved out of, while gateways write to it.

During a move, triggers record the primary keys of rows that change (table `moving_change`), and
`moving_done` says up to which row each table was copied, so that a move that was cut off can be
continued. Both tables and the triggers are removed when the move ends.
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
COPIED_TABLES: tuple[sa.Table, ...] = tuple(
    candidate for candidate in Base.metadata.sorted_tables if candidate not in {LOG, STATE}
)
"""The tables that are copied by primary key. Entries, which never change, are copied by number."""

_MAX_KEY_COLUMNS = max(len(copied.primary_key.columns) for copied in COPIED_TABLES)
_KEY_SLOTS = ", ".join(f"k{number}" for number in range(_MAX_KEY_COLUMNS))
"""Columns of `moving_done` and `moving_change` that hold the primary key of any table."""
_TRIGGER_SIDES = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


class MoveSource:
    """The source of one move. Writes in short turns, between those of the gateways."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.name = database.name
        self._connection = database.connect_writer()
        self._cursor = self._connection.cursor()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def state(self) -> tuple[str, str, int, bytes | None]:
        """The row of `log_state`: state, the other database, epoch, digest of the keys."""
        ((state, other, epoch, keys),) = self._fetch_all(
            "SELECT state, other, epoch, keys FROM log_state"
        )
        return state, other, epoch, keys

    def watch(self, *, anew: bool) -> None:
        """Record changes from now on. `anew` discards what an earlier move had recorded."""
        with self._turn() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'moving_change'")
            if cursor.fetchall():
                if not anew:
                    return
                self._remove_watch(cursor)
            cursor.execute(f"CREATE TABLE moving_done (tbl TEXT PRIMARY KEY, ready, {_KEY_SLOTS})")
            cursor.execute(
                "CREATE TABLE moving_change"
                f" (id INTEGER PRIMARY KEY AUTOINCREMENT, tbl, {_KEY_SLOTS})"
            )
            for copied in COPIED_TABLES:
                self._add_triggers(cursor, copied)

    def unwatch(self) -> None:
        """Stop recording changes; remove the triggers and the tables of the move."""
        with self._turn() as cursor:
            self._remove_watch(cursor)

    def size(self) -> int:
        """The number of entries."""
        ((last,),) = self._fetch_all("SELECT max(seq) FROM audit_entry")
        return 0 if last is None else int(last) + 1

    def entries(self, start: int, most: int) -> list[Row]:
        """Up to `most` entries from number `start` on, with every column, ascending."""
        names = ", ".join(LOG.c.keys())
        return self._fetch_all(
            f"SELECT {names} FROM audit_entry WHERE seq >= ? ORDER BY seq LIMIT ?",  # noqa: S608
            (start, most),
        )

    def pages(self, copied: sa.Table, most: int) -> Generator[list[Row], None, None]:
        """The rows of a table that were not copied yet, in pages of `most`, in the order of keys.

        Asking for the next page confirms that the one before is stored durably in the target.
        """
        names, keys = _column_list(copied.c), _column_list(copied.primary_key.columns)
        slots = _KEY_SLOTS.split(", ")[: len(copied.primary_key.columns)]
        wanted = f"SELECT ready, {', '.join(slots)} FROM moving_done WHERE tbl = ?"  # noqa: S608
        done = self._fetch_all(wanted, (copied.name,))
        last_key: Row | None = done[0][1:] if done else None
        if done and done[0][0]:
            return
        params = ", ".join("?" * len(slots))
        key_columns = [list(copied.c).index(column) for column in copied.primary_key.columns]
        while True:
            after = f"WHERE ({keys}) > ({params})" if last_key else ""
            rows = self._fetch_all(
                f"SELECT {names} FROM {_quoted(copied.name)} {after} ORDER BY {keys} LIMIT ?",  # noqa: S608
                (*(last_key or ()), most),
            )
            if rows:
                yield rows
                last_key = tuple(rows[-1][column] for column in key_columns)
            with self._turn() as cursor:
                cursor.execute(
                    f"INSERT OR REPLACE INTO moving_done (tbl, ready, {', '.join(slots)})"  # noqa: S608
                    f" VALUES (?, ?, {params})",
                    (copied.name, not rows, *(last_key or [None] * len(slots))),
                )
            if not rows:
                return

    def changes(self, most: int) -> tuple[int, list[tuple[sa.Table, Row]]]:
        """Up to `most` of the oldest recorded changes: the number of the last one, and the rows
        that changed, as table and primary key."""
        rows = self._fetch_all(
            f"SELECT id, tbl, {_KEY_SLOTS} FROM moving_change ORDER BY id LIMIT ?",  # noqa: S608
            (most,),
        )
        by_name = {copied.name: copied for copied in COPIED_TABLES}
        keys = dict.fromkeys(
            (by_name[name], tuple(key[: len(by_name[name].primary_key.columns)]))
            for _, name, *key in rows
        )
        return (rows[-1][0] if rows else 0), list(keys)

    def forget_changes(self, upto: int) -> None:
        """Delete recorded changes up to this number: they are copied."""
        with self._turn() as cursor:
            cursor.execute("DELETE FROM moving_change WHERE id <= ?", (upto,))

    def row(self, copied: sa.Table, key: Row) -> Row | None:
        """A row as it is now; None when it was deleted."""
        where = " AND ".join(f"{_quoted(column.name)} = ?" for column in copied.primary_key.columns)
        rows = self._fetch_all(
            f"SELECT {_column_list(copied.c)} FROM {_quoted(copied.name)} WHERE {where}",  # noqa: S608
            key,
        )
        return rows[0] if rows else None

    def count(self, copied: sa.Table) -> int:
        """The number of rows of a table."""
        ((count,),) = self._fetch_all(f"SELECT count(*) FROM {_quoted(copied.name)}")  # noqa: S608
        return int(count)

    def destroyed_keys(self) -> list[str]:
        """Ids of the subject keys that erasures took: a key file restored from a backup may still
        have them."""
        return [kid for (kid,) in self._fetch_all("SELECT kid FROM erased_key")]

    def fence(self, target: str) -> None:
        """Keep all other processes from writing until this one ends. Raises DatabaseUnusable
        when another process is moving the log."""
        self._change_state(
            "SET state = ?, other = ?, boot = ? WHERE state = ?",
            (SWITCHING, target, self._database.instance_id, OPEN),
        )

    def lift(self) -> None:
        """Take the fence away: the other processes may write again."""
        self._change_state(
            "SET state = ?, other = '', boot = NULL WHERE state = ? AND boot = ?",
            (OPEN, SWITCHING, self._database.instance_id),
        )

    def mark_moved(self, target: str) -> None:
        """Keep all processes from writing here for good, and name the new database."""
        self._change_state(
            "SET state = ?, other = ?, boot = NULL WHERE state = ? AND boot = ?",
            (MOVED, target, SWITCHING, self._database.instance_id),
        )

    def _change_state(self, change: str, values: Sequence[Any]) -> None:
        with self._turn() as cursor:
            cursor.execute(f"UPDATE log_state {change}", values)
            if cursor.rowcount != 1:
                raise DatabaseUnusable(
                    self.name, "is being moved by another process", "Let that one end, or stop it"
                )

    def _add_triggers(self, cursor: Cursor, copied: sa.Table) -> None:
        columns = [column.name for column in copied.primary_key.columns]
        slots = ", ".join(_KEY_SLOTS.split(", ")[: len(columns)])
        for when, sides in _TRIGGER_SIDES.items():
            inserts = "".join(
                f"INSERT INTO moving_change (tbl, {slots}) VALUES ('{copied.name}', "  # noqa: S608
                + ", ".join(f"{side}.{_quoted(name)}" for name in columns)
                + "); "
                for side in sides
            )
            cursor.execute(
                f"CREATE TRIGGER moving_{copied.name}_{when.lower()} AFTER {when} ON"
                f" {_quoted(copied.name)} BEGIN {inserts} END"
            )

    def _remove_watch(self, cursor: Cursor) -> None:
        for copied in COPIED_TABLES:
            for when in _TRIGGER_SIDES:
                cursor.execute(f"DROP TRIGGER IF EXISTS moving_{copied.name}_{when.lower()}")
        for name in ("moving_done", "moving_change"):
            cursor.execute(f"DROP TABLE IF EXISTS {name}")

    @contextmanager
    def _turn(self) -> Iterator[Cursor]:
        """A writing transaction, during this process's turn to write."""
        with self._database.exclusive():
            self._database.begin(self._cursor, wait=True)
            try:
                yield self._cursor
                self._cursor.execute("COMMIT")
            except BaseException:
                self._cursor.execute("ROLLBACK")
                raise

    def _fetch_all(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        self._cursor.execute(sql, params)
        return self._cursor.fetchall()


def _column_list(columns: Any) -> str:
    return ", ".join(_quoted(column.name) for column in columns)


def _quoted(name: str) -> str:
    return f'"{name}"'
