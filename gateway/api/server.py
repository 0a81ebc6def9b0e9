"""Listen on an address, and serve an application there until a signal stops it."""

from __future__ import annotations

import asyncio
import errno
import resource
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import ASGIApp

from gateway.api.protocol import BoundedHttp
from gateway.errors import ConfigurationError

_BACKLOG = 2_048  # connections that the system queues up before they are accepted
_GRACE_S = 10  # for requests under way to end, once a signal has come
_IDLE_S = 75
"""How long an idle connection is kept: longer than clients do (5 s to a minute). If the server
closed first, a client could send its next request into a closed connection."""
_OPEN_FILES = 65_536  # more connections than one process serves
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def allow_open_files() -> None:
    """Raise this process's own limit of open files as far as the system lets it, to 65,536 at
    most: every connection is one, and many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Bind a socket to each address of `host`, without listening: no caller is answered yet. Port 0
    takes any free one. Raises ConfigurationError."""
    allow_open_files()
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        with _errors_name_address(host, port):
            addresses = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            for family, kind, protocol, _, address in dict.fromkeys(addresses):
                listener = stack.enter_context(socket.socket(family, kind, protocol))
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                same = sockets[0].getsockname()[1] if sockets else port
                listener.bind((address[0], same, *address[2:]))
                sockets.append(listener)
        yield sockets


def listen(sockets: Sequence[socket.socket]) -> int:
    """Let callers connect from now on, and return the port. Raises ConfigurationError when another
    process took the address meanwhile."""
    for listener in sockets:
        host, port = listener.getsockname()[:2]
        with _errors_name_address(host, port):
            listener.listen(_BACKLOG)
    return int(sockets[0].getsockname()[1])


async def serve_app(app: ASGIApp, sockets: Sequence[socket.socket]) -> None:
    """Serve until SIGINT or SIGTERM; then take no more, and let what is under way end."""
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        ws="websockets-sansio",
        ws_max_size=65_536,
        # Frames are sentences: compressing them costs each connection some 50 KB for nothing.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_IDLE_S,
    )
    loop = asyncio.get_running_loop()
    for signal_number in _SIGNALS:
        # Once it has stopped, uvicorn raises the signal again: it must not end the process before
        # the callers of this function have closed what they opened.
        loop.add_signal_handler(signal_number, _ignore_signal)
    try:
        await uvicorn.Server(config).serve(list(sockets))
    finally:
        for signal_number in _SIGNALS:
            loop.remove_signal_handler(signal_number)


def _ignore_signal() -> None:
    """Do nothing: uvicorn has handled the signal already."""


@contextmanager
def _errors_name_address(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except (socket.gaierror, UnicodeError):
        raise ConfigurationError(
            "host", f"{host[:80]!r} leads to no address", "Name one of this machine."
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                "port",
                f"{port} is in use on {host}",
                "Stop what listens there, or name another with --port.",
            ) from None
        raise ConfigurationError(
            "host",
            f"cannot listen on {host}, port {port} ({error.strerror})",
            "Name an address of this machine, and a port that its user may take.",
        ) from None
