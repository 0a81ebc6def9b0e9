"""The stores of both engines, for properties that must hold on them."""

from tests.stores import blank_postgres, blank_sqlite, postgres_server

__all__ = ["blank_postgres", "blank_sqlite", "postgres_server"]
