"""Platform files: YAML, checked against platform.schema.json before anything is proxied."""

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
    found: dict[str, Declaration] = {}
    shipped = files("gateway.platforms") / SHIPPED
    for entry in sorted(shipped.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".yaml"):
            made = parse_declaration(entry.read_text("utf-8"), entry.name)
            found[made.name] = made
    if directory is not None and directory.is_dir():
        for path in sorted(directory.glob("*.yaml")):
            made = parse_declaration(read_file(path), str(path))
            found[made.name] = made
    return found


def parse_declaration(text: str, where: str) -> Declaration:
    """The platform that `text` declares. `where` is for error messages."""
    document, lines = read_checked(text, where, schema="platform.schema.json", page=_PAGE)
    at = _At(where, lines)
    operations = tuple(
        _make_operation(one, at.inside("operations", index))
        for index, one in enumerate(document["operations"])
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
                path=_compile_template(one["path"], at.inside("rewrites", index)),
                at=tuple(at.inside("rewrites", index).pointer(each) for each in one["at"]),
            )
            for index, one in enumerate(document.get("rewrites", ()))
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


def _make_operation(one: Mapping[str, Any], at: _At) -> Operation:
    texts = tuple(
        _make_text(each, at.inside("texts", index))
        for index, each in enumerate(one.get("texts", ()))
    )
    known = {text.pointer for text in texts}
    named = [*one.get("label", ()), *(text.renders for text in texts if text.renders)]
    named += [each["of"] for each in one.get("offsets", ())]
    for pointer in named:
        if pointer not in known:
            raise at.wrong(f"{pointer} is none of the texts", "Name one of `texts`.")
    given = one.get("idempotency")
    return Operation(
        name=one["name"],
        methods=frozenset(one["methods"]),
        paths=tuple(_compile_template(path, at.inside("paths")) for path in one["paths"]),
        templates=tuple(one["paths"]),
        action=Action(one["action"]),
        content=frozenset(Content(name) for name in one.get("content", ())),
        query=frozenset(one.get("query", ())),
        fields=frozenset(one.get("fields", ())),
        texts=texts,
        label=tuple(one.get("label", ())),
        offsets=tuple(
            _make_offsets(each, at.inside("offsets", index))
            for index, each in enumerate(one.get("offsets", ()))
        ),
        refuse=tuple(at.inside("refuse").pointer(each) for each in one.get("refuse", ())),
        json_fields=frozenset(one.get("json_fields", ())),
        envelope=one.get("envelope"),
        brackets=one.get("brackets", False),
        channels=tuple(
            ChannelRule(
                channel=Channel(each["is"]),
                when=_make_fetch(each["when"], at) if "when" in each else None,
                equals=each.get("equals"),
            )
            for each in one.get("channel", ())
        ),
        conversation=_make_fetch(one["conversation"], at) if "conversation" in one else None,
        audience=_make_fetch(one["audience"], at) if "audience" in one else None,
        idempotency=None
        if given is None
        else Idempotency(
            source=_make_fetch(given["from"], at), deduplicates=given.get("deduplicates", False)
        ),
        mark=_make_mark(one.get("mark"), at.inside("mark")),
        success=None
        if "success" not in one
        else Success(
            at=at.inside("success").pointer(one["success"]["at"]), equals=one["success"]["equals"]
        ),
        answer_id=at.inside("id").pointer(one["id"]) if "id" in one else None,
        edits=one.get("edits"),
        deletes=one.get("deletes"),
        when_empty=Action(one.get("when_empty", "deny")),
        writes=one.get("writes", True),
        max_bytes=one.get("max_bytes"),
    )


def _make_text(one: Mapping[str, Any], at: _At) -> Text:
    return Text(
        pointer=one["at"],
        pattern=at.pointer(one["at"]),
        format=TextFormat(one.get("format", "plain")),
        format_from=at.pointer(one["format_from"]) if "format_from" in one else (),
        formats={name: TextFormat(value) for name, value in one.get("formats", {}).items()},
        escape=one.get("escape", ""),
        renders=one.get("renders"),
    )


def _make_offsets(one: Mapping[str, Any], at: _At) -> Offsets:
    return Offsets(
        of=one["of"],
        array=at.pointer(one["array"]),
        start=at.pointer(one["start"]),
        end=at.pointer(one["end"]) if "end" in one else None,
        unit=LengthUnit(one["unit"]),
    )


def _make_mark(one: Mapping[str, Any] | None, at: _At) -> Mark | None:
    if one is None:
        return None
    return Mark(at=at.pointer(one["at"]), value=one["value"], append=one.get("append"))


def _make_fetch(text: str, at: _At) -> Fetch:
    source, _, name = text.partition(":")
    pattern = at.pointer(name) if source == "body" else ()
    return Fetch(source=Source(source), name=name, pattern=pattern)


def _make_credential(one: Mapping[str, Any], at: _At) -> CredentialSlot:
    sources = [name for name in ("header", "path", "query") if name in one]
    if len(sources) != 1:
        raise at.wrong("names no place, or several", "Give one of header, path, query.")
    return CredentialSlot(source=sources[0], name=one[sources[0]], prefix=one.get("prefix", ""))


def _check_names(operations: tuple[Operation, ...], at: _At) -> None:
    names = [one.name for one in operations]
    for index, one in enumerate(operations):
        if names.index(one.name) != index:
            raise at.inside("operations", index).wrong(f"names {one.name} twice", "Rename one.")
        for linked in (one.edits, one.deletes):
            if linked is not None and linked not in names:
                raise at.inside("operations", index).wrong(
                    f"{linked} is none of the operations", "Name one of them."
                )


def _compile_template(text: str, at: _At) -> re.Pattern[str]:
    try:
        return path_pattern(text)
    except StrayCharacter as stray:
        raise at.wrong(f"{text!r} has a stray {str(stray)!r}", f"See {_PAGE}.") from None
