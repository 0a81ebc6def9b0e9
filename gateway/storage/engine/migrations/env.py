"""Run by alembic, on the connection that migrate.py hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from gateway.storage.engine.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
