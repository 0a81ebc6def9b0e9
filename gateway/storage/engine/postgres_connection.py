"""A psycopg connection that does not wait for ever for an answer.

Keepalives notice a network that is gone and the server's own time-outs end what takes it too long.
Neither helps where a request never reached the server, or a proxy between swallowed the answer:
libpq keeps a failed send to itself and waits for the server to say why
(`pqSendSome` in https://github.com/postgres/postgres/blob/master/src/interfaces/libpq/fe-misc.c).
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


class LimitedConnection(psycopg.Connection[Any]):
    """After `limit_s` without the end of an answer it is closed, and OperationalError raised.
    Nobody knows then whether the server did what was asked."""

    limit_s = 65.0

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
        return super().wait(self._limited(gen), *args, **options)

    def _limited(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """psycopg resumes it when the socket is ready, and ten times a second where it is not."""
        until = time.monotonic() + self.limit_s
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    self.pgconn.finish()  # only a goodbye: it waits for nothing
                    raise psycopg.OperationalError(f"no answer within {self.limit_s:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            found: T = end.value
            return found
