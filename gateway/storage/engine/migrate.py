"""Brings a database to the tables of this version, with alembic."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0006"
"""The newest revision in migrations/versions."""


def migrate(database: Database) -> None:
    """Nothing where the database is at HEAD. Processes that open it at once take turns. Raises
    DatabaseUnusable when it was made by a newer version, or may not be written."""
    if revision(database) == HEAD:
        return
    with database.exclusive():
        found = revision(database)
        if found == HEAD:
            return
        config = alembic_config()
        script = import_module("alembic.script").ScriptDirectory.from_config(config)
        known = {one.revision for one in script.walk_revisions()}
        if found is not None and found not in known:
            raise DatabaseUnusable(
                database.name,
                f"was made by a newer version of the gateway (revision {found})",
                "Install that version again, or restore a backup from before the upgrade",
            )
        if database.read_only:
            raise DatabaseUnusable(
                database.name,
                "was made by an older version",
                "Start the gateway once to migrate it",
            )
        with database.engine.connect() as connection:
            # Alembic leaves transactions to the driver, and SQLite's would not begin before DDL.
            connection.exec_driver_sql(database.begin_migration)
            config.attributes["connection"] = connection
            import_module("alembic.command").upgrade(config, "head")
            connection.commit()


def revision(database: Database) -> str | None:
    """None: a new database."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def alembic_config() -> Config:
    """Alembic takes most of a second to import: only those who migrate pay it."""
    config: Config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
