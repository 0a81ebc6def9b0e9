"""The common part of SQLite's and PostgreSQL's drivers (DB-API 2.0), and compiled statements.

SQLAlchemy compiles each statement once, and the driver runs the SQL directly: a statement then
costs microseconds instead of almost a tenth of a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

Row = tuple[Any, ...]


class Cursor(Protocol):
    """The part of a DB-API cursor that storage uses."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> object: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object: ...

    def fetchone(self) -> Row | None: ...

    def fetchall(self) -> list[Row]: ...


class Connection(Protocol):
    """The part of a DB-API connection that storage uses, in autocommit mode."""

    def cursor(self) -> Cursor: ...

    def close(self) -> None: ...


class Statement:
    """A SQLAlchemy Core statement compiled for one dialect.

    `names` are its parameters in the order of the SQL. Parameters whose value is part of the
    clause need not be given.
    """

    __slots__ = ("_fixed", "names", "sql")

    def __init__(self, clause: sa.ClauseElement, dialect: sa.Dialect) -> None:
        compiled = clause.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(type(clause).__name__)
        self.sql = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._fixed = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }

    def row(self, values: Mapping[str, Any]) -> Row:
        """Put `values` into the order of the parameters. Raises KeyError when one is missing."""
        try:
            return tuple([values[name] for name in self.names])
        except KeyError:
            both = {**self._fixed, **values}
            return tuple([both[name] for name in self.names])
