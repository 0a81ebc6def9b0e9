from __future__ import annotations

import re

import sqlalchemy as sa
from sqlmodel import SQLModel

from gateway.storage.engine.tables import TABLES, Base, table
from tests.paths import ROOT


def test_numbers_that_grow_have_64_bits() -> None:
    """A plain int has 32 on PostgreSQL: microseconds overflow it."""
    small = {"attempt", "attempts", "day", "version"}
    for model in TABLES:
        for column in table(model).c:
            if isinstance(column.type, sa.Integer) and not isinstance(column.type, sa.BigInteger):
                assert column.name in small, f"{table(model).name}.{column.name}"


def test_every_table_is_listed() -> None:
    assert {table(model) for model in TABLES} == set(Base.metadata.tables.values())


def test_other_users_of_sqlmodel_are_left_alone() -> None:
    assert not set(Base.metadata.tables) & set(SQLModel.metadata.tables)


def test_every_table_is_documented() -> None:
    page = ROOT / "docs" / "reference" / "database.md"
    documented = re.findall(r"^\| `(\w+)` \| each", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(Base.metadata.tables)
