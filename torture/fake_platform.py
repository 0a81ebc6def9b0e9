"""A fake platform that the gateway delivers to: it keeps all requests, and fails on purpose."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that the platform accepted. `name` is the first word of the avatar's text;
    `digest` is the SHA-256 of the body."""

    name: str
    route: str
    key: str
    message_id: str
    seq: int
    digest: str


class FakePlatform:
    """The platform. It refuses a text that begins with "flaky" once, with 503; it accepts one that
    begins with "silent", but does not answer the first time."""

    def __init__(self) -> None:
        self.received: list[ReceivedRequest] = []
        self.port = 0
        self._failed: set[str] = set()
        self._well = False
        self._lock = threading.Lock()

    def clear(self, received: Sequence[ReceivedRequest] | None = None) -> None:
        """Forget all requests; or have exactly those in `received`, and fail no more."""
        with self._lock:
            self.received = list(received or ())
            self._failed = set()
            self._well = received is not None

    def respond(self, route: str, key: str, body: bytes) -> int | None:
        """Take a request; return the status to answer with, or None for no answer."""
        message: dict[str, Any] = json.loads(body)
        name = str(message["text"]).removeprefix("[AI] ").split()[0]
        with self._lock:
            first = name not in self._failed and not self._well
            if name.startswith("flaky") and first:
                self._failed.add(name)
                return 503
            self.received.append(
                ReceivedRequest(
                    name,
                    route,
                    key,
                    message["message_id"],
                    message["recorded_seq"],
                    sha256(body).hexdigest(),
                )
            )
            if name.startswith("silent") and first:
                self._failed.add(name)
                return None
            return 201

    @contextmanager
    def running(self) -> Iterator[FakePlatform]:
        """Serve on a free port of this machine, which `port` names."""
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the sender died
                    self.close_connection = True
                    return
                status = platform.respond(self.path[1:], self.headers["Idempotency-Key"], body)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        server = _FakePlatformServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _FakePlatformServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The gateway was killed while it sent."""
