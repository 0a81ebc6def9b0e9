"""Every adapter of a port passes that port's suite here."""

from tests.stores import (
    blank_postgres,
    blank_sqlite,
    clock,
    place,
    postgres_server,
    reopen,
    samples,
    store,
    url,
)

__all__ = [
    "blank_postgres",
    "blank_sqlite",
    "clock",
    "place",
    "postgres_server",
    "reopen",
    "samples",
    "store",
    "url",
]
