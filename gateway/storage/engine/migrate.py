"""Migrates a database to the tables of this version, with Alembic."""

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
    """Migrate `database` to HEAD; does nothing when it is there already.

    Processes that open the database together take turns. Raises DatabaseUnusable when a newer
    version made it, or when it is older and opened read-only.
    """
    if revision(database) == HEAD:
        return
    with database.exclusive():
        current = revision(database)
        if current == HEAD:  # another process migrated it meanwhile
            return
        config = alembic_config()
        script = import_module("alembic.script").ScriptDirectory.from_config(config)
        known = {step.revision for step in script.walk_revisions()}
        if current is not None and current not in known:
            raise DatabaseUnusable(
                database.name,
                f"was made by a newer version of the gateway (revision {current})",
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
    """Read the database's revision; None for a new database."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if version is None else str(version)


def alembic_config() -> Config:
    """Alembic's configuration, with this package's migrations. Imports Alembic here, since that
    takes most of a second and most starts migrate nothing."""
    config: Config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
