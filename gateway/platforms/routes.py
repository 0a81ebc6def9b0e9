"""Reads routes from YAML files, and checks them before anything is sent over them."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import ConfigurationError
from gateway.jurisdictions import jurisdiction
from gateway.model.route import LengthUnit, Overflow, Route, RouteKind
from gateway.model.submission import Channel
from gateway.model.verdict import Verdict
from gateway.platforms.declaration import Declaration
from gateway.platforms.loading import load_declarations
from gateway.platforms.located import Lines, line_of, read_checked, read_file
from gateway.platforms.proxies import ProxyRoute, declaration_for, proxy_of
from gateway.platforms.signing import secret_bytes

PLATFORMS = "platforms"
"""The folder below `routes_dir` with further platform files."""

_PAGE = "docs/reference/webhook.md"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """All routes, as loaded.

    `routes` are by name; `secrets` are those of routes with a secret of their own; `proxies` are
    the routes of that kind, with all that the proxy needs.
    """

    routes: Mapping[str, Route]
    secrets: Mapping[str, bytes] = field(repr=False)
    proxies: Mapping[str, ProxyRoute] = field(default_factory=dict)

    def of_kinds(self, *kinds: RouteKind) -> Mapping[str, Route]:
        return {name: route for name, route in self.routes.items() if route.kind in kinds}


def load_routes(*, sandbox_url: str, directory: Path | None = None) -> Routes:
    """The shipped routes, and those of `directory`/*.yaml, which replace shipped ones of the same
    name. Raises ConfigurationError naming file, line and mend."""
    routes: dict[str, Route] = {}
    secrets: dict[str, bytes] = {}
    shipped = files("gateway.platforms") / "routes"
    for entry in sorted(shipped.iterdir(), key=lambda file: file.name):
        if entry.name.endswith(".yaml"):
            route, _ = parse_route(entry.read_text("utf-8"), entry.name, sandbox_url=sandbox_url)
            routes[route.name] = route
    own: dict[str, Path] = {}
    proxies: dict[str, ProxyRoute] = {}
    known: dict[str, Declaration] | None = None
    for path in _route_files(directory):
        text = read_file(path)
        document, lines = read_checked(text, str(path), schema="route.schema.json", page=_PAGE)
        secret_file = document.get("secret_file")
        if document["kind"] == RouteKind.PROXY:
            known = known or load_declarations(path.parent / PLATFORMS)
            proxy = _proxy_route(path, document, lines, known)
            route = proxy.route
            proxies[route.name] = proxy
        else:
            route = _make_route(document, lines, str(path), sandbox_url=sandbox_url)
        if route.name in own:
            raise ConfigurationError(
                str(path), f"names its route like {own[route.name]}", "Rename one of them."
            )
        own[route.name] = path
        routes[route.name] = route
        if secret_file is not None:
            secrets[route.name] = _read_secret(path.parent / secret_file)
    return Routes(routes=routes, secrets=secrets, proxies=proxies)


def _proxy_route(
    path: Path, document: Mapping[str, Any], lines: Lines, known: Mapping[str, Declaration]
) -> ProxyRoute:
    where = f"{path}:{lines.get(('platform',), 1)}"
    declaration = declaration_for(document["platform"], known, where)
    limits = {"max_length": declaration.max_length, "unit": declaration.unit.value}
    given: dict[str, Any] = {**limits, **document}
    route = _make_route(given, lines, str(path), sandbox_url="")
    credential = None
    if "credential_file" in document:
        file = path.parent / document["credential_file"]
        credential = _read_private_file(file).strip()
        if not credential or not credential.isprintable():
            raise ConfigurationError(str(file), "holds no credential in one line", "Put it there.")
    return proxy_of(document, route, credential, declaration, _jurisdictions(document, lines, path))


def _jurisdictions(document: Mapping[str, Any], lines: Lines, path: Path) -> tuple[str, ...]:
    given = document.get("audience", {}).get("jurisdictions", ())
    try:
        return tuple(map(jurisdiction, given))
    except ValueError as error:
        line = line_of(lines, ("audience", "jurisdictions"))
        raise ConfigurationError(f"{path}:{line}", str(error), f"See {_PAGE}.") from None


def parse_route(text: str, where: str, *, sandbox_url: str) -> tuple[Route, str | None]:
    """The route in `text`, and the name of its secret's file. `where` is for error messages."""
    document, lines = read_checked(text, where, schema="route.schema.json", page=_PAGE)
    made = _make_route(document, lines, where, sandbox_url=sandbox_url)
    return made, document.get("secret_file")


def _make_route(
    document: Mapping[str, Any], lines: Lines, where: str, *, sandbox_url: str
) -> Route:
    kind = RouteKind(document["kind"])
    url = document.get("url", sandbox_url if kind is RouteKind.SANDBOX else None)
    if kind is RouteKind.STREAM and url is not None:
        raise ConfigurationError(where, "a stream has no url", "Its readers come by themselves.")
    if kind is not RouteKind.STREAM:
        plain = kind is RouteKind.SANDBOX
        _check_url(str(url), f"{where}:{lines.get(('url',), 1)}", plain=plain)
    given = {name: make(document[name]) for name, make in _MAKERS.items() if name in document}
    # A stream cannot wait for a person.
    on_hold = Verdict.BLOCK if kind == "stream" else Verdict.HOLD
    return Route(name=document["name"], kind=kind, url=url, on_hold=on_hold, **given)


_MAKERS: Mapping[str, Any] = {
    "channels": lambda names: tuple(Channel(name) for name in names),
    "max_length": int,
    "unit": LengthUnit,
    "overflow": Overflow,
    "on_failure": Verdict,
    "c2pa": bool,
    "deduplicates": bool,
    "timeout_s": float,
}


def _check_url(url: str, where: str, *, plain: bool) -> None:
    """Check the URL of a route, which comes only from configuration, never from a message. `plain`
    allows http to other machines, for the sandbox, whose messages need no secrecy."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(where, "url is not a URL", "Mend it.") from None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment:
        raise ConfigurationError(
            where, "url is not a plain http(s) URL", "Give no credentials and no fragment."
        )
    if parts.scheme == "http" and not plain and host not in _LOOPBACK:
        raise ConfigurationError(where, "url is not encrypted", "Use https to other machines.")


def _route_files(directory: Path | None) -> list[Path]:
    if directory is None:
        return []
    if not directory.is_dir():
        raise ConfigurationError(
            f"routes_dir {directory}", "is no folder", "Name the folder with your route files."
        )
    return sorted(directory.glob("*.yaml"))


def _read_secret(path: Path) -> bytes:
    return secret_bytes(_read_private_file(path).strip(), str(path))


def _read_private_file(path: Path) -> str:
    """The text of a file that only its owner can read. Raises ConfigurationError."""
    text = read_file(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(str(path), "can be read by others", f"chmod 600 {path}")
    return text
