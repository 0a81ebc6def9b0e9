"""Routes, read from YAML files and checked before anything is sent over them."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from gateway.errors import ConfigurationError
from gateway.model.route import LengthUnit, Overflow, Route
from gateway.model.submission import Channel
from gateway.model.verdict import Verdict
from gateway.platforms.signing import secret_bytes

_MAX_BYTES = 65_536
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """`routes` by name; `secrets` of those that have one of their own."""

    routes: Mapping[str, Route]
    secrets: Mapping[str, bytes] = field(repr=False)


def load_routes(*, sandbox_url: str, directory: Path | None = None) -> Routes:
    """The shipped routes, and those of `directory`/*.yaml, which replace shipped ones of the same
    name. Raises ConfigurationError naming file, line and mend."""
    routes: dict[str, Route] = {}
    secrets: dict[str, bytes] = {}
    shipped = files("gateway.platforms") / "routes"
    for entry in sorted(shipped.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".yaml"):
            route, _ = parse_route(entry.read_text("utf-8"), entry.name, sandbox_url=sandbox_url)
            routes[route.name] = route
    own: dict[str, Path] = {}
    for path in _route_files(directory):
        route, secret_file = parse_route(_read(path), str(path), sandbox_url=sandbox_url)
        if route.name in own:
            raise ConfigurationError(
                str(path), f"names its route like {own[route.name]}", "Rename one of them."
            )
        own[route.name] = path
        routes[route.name] = route
        if secret_file is not None:
            secrets[route.name] = _secret(path.parent / secret_file)
    return Routes(routes=routes, secrets=secrets)


def parse_route(text: str, where: str, *, sandbox_url: str) -> tuple[Route, str | None]:
    """The route in `text`, and the name of its secret's file. `where` is for error messages."""
    document, lines = _parse(text, where)
    error = best_match(_validator().iter_errors(document))
    if error is not None:
        raise ConfigurationError(
            f"{where}:{_line(lines, error.absolute_path)}",
            error.message,
            "See docs/reference/webhook.md.",
        )
    kind = document["kind"]
    url = document.get("url", sandbox_url if kind == "sandbox" else None)
    if kind == "stream" and url is not None:
        raise ConfigurationError(where, "a stream has no url", "Its readers come by themselves.")
    if kind != "stream":
        _check_url(str(url), f"{where}:{lines.get(('url',), 1)}", plain=kind == "sandbox")
    given = {name: make(document[name]) for name, make in _MAKERS.items() if name in document}
    return Route(name=document["name"], kind=kind, url=url, **given), document.get("secret_file")


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
    """The address comes from configuration alone, never from a message. `plain` allows http to
    other machines: the sandbox holds nothing worth hiding."""
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


def _validator() -> Draft202012Validator:
    schema = json.loads((files("gateway.platforms") / "route.schema.json").read_text("utf-8"))
    return Draft202012Validator(schema)


Lines = Mapping[tuple[str | int, ...], int]


def _parse(text: str, where: str) -> tuple[Any, Lines]:
    """The document, and the line of each of its parts by path."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(
            f"{where}:{line}", f"is not YAML: {error.problem}", "Mend it."
        ) from None
    except yaml.YAMLError:
        raise ConfigurationError(where, "is not YAML", "Mend it.") from None
    lines: dict[tuple[str | int, ...], int] = {}
    if node is not None:
        _locate(node, (), lines, where, depth=0)
    return document, lines


def _locate(
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    where: str,
    *,
    depth: int,
) -> None:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if depth > 8:
        raise ConfigurationError(f"{where}:{line}", "is nested too deep", "A route is flat.")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = (*path, str(key.value))
            if name in lines:
                raise ConfigurationError(
                    f"{where}:{key.start_mark.line + 1}",
                    f"gives {key.value!r} twice",
                    "Give it once.",
                )
            lines[name] = key.start_mark.line + 1
            _locate(value, name, lines, where, depth=depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _locate(item, (*path, index), lines, where, depth=depth + 1)


def _line(lines: Lines, path: Sequence[str | int]) -> int:
    whole = tuple(path)
    return next(
        (lines[whole[:end]] for end in range(len(whole), -1, -1) if whole[:end] in lines), 1
    )


def _route_files(directory: Path | None) -> list[Path]:
    if directory is None:
        return []
    if not directory.is_dir():
        raise ConfigurationError(
            f"routes_dir {directory}", "is no folder", "Name the folder with your route files."
        )
    return sorted(directory.glob("*.yaml"))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read ({error.strerror})", "Name a readable file."
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(str(path), "is not UTF-8", "Save it in UTF-8.") from None
    if len(raw) > _MAX_BYTES:
        raise ConfigurationError(str(path), "is too large for a route", "Mend it.")
    return text


def _secret(path: Path) -> bytes:
    text = _read(path).strip()
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(str(path), "can be read by others", f"chmod 600 {path}")
    return secret_bytes(text, str(path))
