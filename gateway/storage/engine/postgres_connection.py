"""A psycopg connection with a time limit for each answer.

Keepalives notice a network that is gone, and the server's time-outs end statements that take too
long. Neither helps when a request never reached the server or a proxy swallowed the answer: libpq
does not report a failed send, and waits for the server to say why
(`pqSendSome` in https://github.com/postgres/postgres/blob/master/src/interfaces/libpq/fe-misc.c).
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


class LimitedConnection(psycopg.Connection[Any]):
    """A connection that closes itself and raises OperationalError when an answer takes longer
    than `limit_s` seconds. The statement may have been carried out all the same."""

    limit_s = 65.0
    """Seconds; `PostgresServer.connect` sets it."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
        return super().wait(self._limited(gen), *args, **options)

    def _limited(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Wrap psycopg's wait for an answer. psycopg resumes the generator when the socket is
        ready, and otherwise ten times a second."""
        until = time.monotonic() + self.limit_s
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() > until:
                    self.pgconn.finish()  # does not wait for the server
                    raise psycopg.OperationalError(f"no answer within {self.limit_s:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            answer: T = end.value
            return answer
