from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.storage.engine.driver import Statement

TABLE = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.String))
POSTGRES = postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call] # SQLAlchemy's


def test_values_go_in_the_order_of_the_sql() -> None:
    statement = Statement(sa.insert(TABLE), sqlite.dialect())
    assert statement.sql == "INSERT INTO t (a, b) VALUES (?, ?)"
    assert statement.row({"b": "x", "a": 1}) == (1, "x")


def test_values_of_the_clause_itself_need_not_be_given() -> None:
    clause = sa.select(TABLE.c.a).where(TABLE.c.b == "x", TABLE.c.a > sa.bindparam("least"))
    for dialect in (sqlite.dialect(), POSTGRES):
        assert Statement(clause, dialect).row({"least": 3}) == ("x", 3)


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        Statement(sa.insert(TABLE), sqlite.dialect()).row({"a": 1})


def test_null_is_a_value() -> None:
    clause = sa.update(TABLE).values(b=None).where(TABLE.c.a == sa.bindparam("which"))
    assert Statement(clause, POSTGRES).row({"which": 3}) == (None, 3)


def test_only_statements_compile() -> None:
    with pytest.raises((TypeError, AttributeError)):
        Statement(sa.schema.CreateTable(TABLE), sqlite.dialect())
