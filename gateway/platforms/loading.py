"""Loads platform files: YAML, checked against platform.schema.json before anything is proxied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from gateway.errors import ConfigurationError
from gateway.model.route import LengthUnit
from gateway.model.submission import Channel
from gateway.platforms.declaration import (
    Action,
    ChannelRule,
    Content,
    CredentialSlot,
    Declaration,
    ErrorForm,
    Fetch,
    Idempotency,
    Mark,
    Offsets,
    Operation,
    Rewrite,
    Source,
    Success,
    Text,
    TextFormat,
)
from gateway.platforms.located import Lines, line_of, read_checked, read_file
from gateway.platforms.pointers import Pattern, compiled
from gateway.platforms.templates import StrayCharacter, path_pattern

SHIPPED = "shipped"
_PAGE = "docs/reference/routes.md"


def load_declarations(directory: Path | None = None) -> dict[str, Declaration]:
    """The shipped platforms by name, and those of `directory`/*.yaml, which replace shipped ones
    of the same name. Raises ConfigurationError naming file, line and mend."""
    by_name: dict[str, Declaration] = {}
    shipped = files("gateway.platforms") / SHIPPED
    for entry in sorted(shipped.iterdir(), key=lambda file: file.name):
        if entry.name.endswith(".yaml"):
            parsed = parse_declaration(entry.read_text("utf-8"), entry.name)
            by_name[parsed.name] = parsed
    if directory is not None and directory.is_dir():
        for path in sorted(directory.glob("*.yaml")):
            parsed = parse_declaration(read_file(path), str(path))
            by_name[parsed.name] = parsed
    return by_name


def parse_declaration(text: str, where: str) -> Declaration:
    """The platform that `text` declares. `where` is for error messages."""
    document, lines = read_checked(text, where, schema="platform.schema.json", page=_PAGE)
    at = _At(where, lines)
    operations = tuple(
        _make_operation(given, at.inside("operations", index))
        for index, given in enumerate(document["operations"])
    )
    _check_names(operations, at)
    return Declaration(
        name=document["platform"],
        title=document["title"],
        verified=document.get("verified", ""),
        sources=tuple(document["sources"]),
        notes=document.get("notes", "").strip(),
        credential=_make_credential(document["credential"], at.inside("credential")),
        max_length=document["limit"]["length"],
        unit=LengthUnit(document["limit"]["unit"]),
        error=ErrorForm(
            status=document["error"]["status"],
            body=document["error"]["body"],
            fixed=document["error"].get("fixed", False),
        ),
        operations=operations,
        reads=Action(document.get("reads", "pass")),
        rewrites=tuple(
            Rewrite(
                path=_compile_template(rewrite["path"], at.inside("rewrites", index)),
                at=tuple(at.inside("rewrites", index).pointer(text) for text in rewrite["at"]),
            )
            for index, rewrite in enumerate(document.get("rewrites", ()))
        ),
        forbidden_query=frozenset(document.get("forbidden_query", ())),
    )


@dataclass(frozen=True, slots=True)
class _At:
    """A part of a file, for error messages."""

    where: str
    lines: Lines
    path: tuple[str | int, ...] = ()

    def inside(self, *path: str | int) -> _At:
        return _At(self.where, self.lines, (*self.path, *path))

    def wrong(self, problem: str, mend: str) -> ConfigurationError:
        line = line_of(self.lines, self.path)
        return ConfigurationError(f"{self.where}:{line}", problem, mend)

    def pointer(self, text: str) -> Pattern:
        try:
            return compiled(text)
        except ValueError as error:
            raise self.wrong(str(error), f"See {_PAGE}.") from None


def _make_operation(given: Mapping[str, Any], at: _At) -> Operation:
    texts = tuple(
        _make_text(text, at.inside("texts", index))
        for index, text in enumerate(given.get("texts", ()))
    )
    known = {text.pointer for text in texts}
    named = [*given.get("label", ()), *(text.renders for text in texts if text.renders)]
    named += [offsets["of"] for offsets in given.get("offsets", ())]
    for pointer in named:
        if pointer not in known:
            raise at.wrong(f"{pointer} is none of the texts", "Name one of `texts`.")
    idempotency = given.get("idempotency")
    return Operation(
        name=given["name"],
        methods=frozenset(given["methods"]),
        paths=tuple(_compile_template(path, at.inside("paths")) for path in given["paths"]),
        templates=tuple(given["paths"]),
        action=Action(given["action"]),
        content=frozenset(Content(name) for name in given.get("content", ())),
        query=frozenset(given.get("query", ())),
        fields=frozenset(given.get("fields", ())),
        texts=texts,
        label=tuple(given.get("label", ())),
        offsets=tuple(
            _make_offsets(offsets, at.inside("offsets", index))
            for index, offsets in enumerate(given.get("offsets", ()))
        ),
        refuse=tuple(at.inside("refuse").pointer(text) for text in given.get("refuse", ())),
        json_fields=frozenset(given.get("json_fields", ())),
        envelope=given.get("envelope"),
        brackets=given.get("brackets", False),
        channels=tuple(_make_channel_rule(rule, at) for rule in given.get("channel", ())),
        conversation=_make_fetch(given["conversation"], at) if "conversation" in given else None,
        audience=_make_fetch(given["audience"], at) if "audience" in given else None,
        idempotency=None
        if idempotency is None
        else Idempotency(
            source=_make_fetch(idempotency["from"], at),
            deduplicates=idempotency.get("deduplicates", False),
        ),
        mark=_make_mark(given.get("mark"), at.inside("mark")),
        success=None
        if "success" not in given
        else Success(
            at=at.inside("success").pointer(given["success"]["at"]),
            equals=given["success"]["equals"],
        ),
        answer_id=at.inside("id").pointer(given["id"]) if "id" in given else None,
        edits=given.get("edits"),
        deletes=given.get("deletes"),
        when_empty=Action(given.get("when_empty", "deny")),
        writes=given.get("writes", True),
        max_bytes=given.get("max_bytes"),
    )


def _make_channel_rule(given: Mapping[str, Any], at: _At) -> ChannelRule:
    return ChannelRule(
        channel=Channel(given["is"]),
        when=_make_fetch(given["when"], at) if "when" in given else None,
        equals=given.get("equals"),
    )


def _make_text(given: Mapping[str, Any], at: _At) -> Text:
    return Text(
        pointer=given["at"],
        pattern=at.pointer(given["at"]),
        format=TextFormat(given.get("format", "plain")),
        format_from=at.pointer(given["format_from"]) if "format_from" in given else (),
        formats={name: TextFormat(value) for name, value in given.get("formats", {}).items()},
        escape=given.get("escape", ""),
        renders=given.get("renders"),
    )


def _make_offsets(given: Mapping[str, Any], at: _At) -> Offsets:
    return Offsets(
        of=given["of"],
        array=at.pointer(given["array"]),
        start=at.pointer(given["start"]),
        end=at.pointer(given["end"]) if "end" in given else None,
        unit=LengthUnit(given["unit"]),
    )


def _make_mark(given: Mapping[str, Any] | None, at: _At) -> Mark | None:
    if given is None:
        return None
    return Mark(at=at.pointer(given["at"]), value=given["value"], append=given.get("append"))


def _make_fetch(text: str, at: _At) -> Fetch:
    source, _, name = text.partition(":")
    pattern = at.pointer(name) if source == "body" else ()
    return Fetch(source=Source(source), name=name, pattern=pattern)


def _make_credential(given: Mapping[str, Any], at: _At) -> CredentialSlot:
    sources = [name for name in ("header", "path", "query") if name in given]
    if len(sources) != 1:
        raise at.wrong("names no place, or several", "Give one of header, path, query.")
    return CredentialSlot(source=sources[0], name=given[sources[0]], prefix=given.get("prefix", ""))


def _check_names(operations: tuple[Operation, ...], at: _At) -> None:
    names = [operation.name for operation in operations]
    for index, operation in enumerate(operations):
        if names.index(operation.name) != index:
            raise at.inside("operations", index).wrong(
                f"names {operation.name} twice", "Rename one."
            )
        for linked in (operation.edits, operation.deletes):
            if linked is not None and linked not in names:
                raise at.inside("operations", index).wrong(
                    f"{linked} is none of the operations", "Name one of them."
                )


def _compile_template(text: str, at: _At) -> re.Pattern[str]:
    try:
        return path_pattern(text)
    except StrayCharacter as stray:
        raise at.wrong(f"{text!r} has a stray {str(stray)!r}", f"See {_PAGE}.") from None
