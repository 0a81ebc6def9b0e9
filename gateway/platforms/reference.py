"""The reference page of the routes, made from the platform files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.platforms.declaration import Action, ChannelRule, Declaration, Fetch, Operation

_NONE = "—"


def table_row(declaration: Declaration) -> tuple[str, str, str, str, str]:
    """Name, title, what it is verified against, limit, and the texts that carry the label."""
    judged = [operation for operation in declaration.operations if operation.action is Action.JUDGE]
    slots = dict.fromkeys(slot for operation in judged for slot in operation.label)
    return (
        declaration.name,
        declaration.title,
        declaration.verified or "from documentation only",
        f"{declaration.max_length} {declaration.unit.value}",
        " ".join(slots),
    )


def platforms_section(declarations: Mapping[str, Declaration]) -> str:
    """A table of all platforms, then each with its operations. Markdown."""
    lines = ["| platform | | verified against | limit | label |", "|---|---|---|---|---|"]
    for declaration in declarations.values():
        name, title, verified, limit, slots = table_row(declaration)
        shown = ", ".join(f"`{slot}`" for slot in slots.split())
        lines.append(f"| [`{name}`](#{name}) | {title} | {verified} | {limit} | {shown} |")
    for declaration in declarations.values():
        lines += ["", *_platform_section(declaration)]
    return "\n".join(lines) + "\n"


def _platform_section(declaration: Declaration) -> list[str]:
    lines = [
        f"### {declaration.name}",
        "",
        f"{declaration.title}. Written from: {', '.join(declaration.sources)}.",
    ]
    if declaration.notes:
        lines += ["", " ".join(declaration.notes.split())]
    slot, error = declaration.credential, declaration.error
    reads = (
        "pass"
        if declaration.reads is Action.PASS
        else "pass only where they are listed; others are denied"
    )
    lines += [
        "",
        f"Credential in the {slot.source} `{slot.name}`. Reads {reads}. A block is "
        f"HTTP {error.status}{' whatever went wrong' if error.fixed else ''}.",
        "",
        "| operation | request | what | texts | channel | repeated |",
        "|---|---|---|---|---|---|",
    ]
    return [*lines, *(_operation_row(operation) for operation in declaration.operations)]


def _operation_row(operation: Operation) -> str:
    methods = ", ".join(sorted(operation.methods))
    paths = "<br>".join(f"`{path}`" for path in operation.templates).replace("|", "\\|")
    linked = f", edits {operation.edits}" if operation.edits else ""
    linked += f", deletes {operation.deletes}" if operation.deletes else ""
    content = f" ({', '.join(sorted(operation.content))})" if operation.content else ""
    texts = _join_lines(
        f"`{text.pointer}`" + ("" if text.format == "plain" else f" {text.format.value}")
        for text in operation.texts
    )
    channel = _join_lines(_channel_words(rule) for rule in operation.channels)
    repeated = _NONE
    if operation.idempotency is not None:
        taken = "taken once" if operation.idempotency.deduplicates else "the gateway's alone"
        repeated = f"{_fetch_words(operation.idempotency.source)}, {taken}"
    noted = ", noted" if operation.action is Action.PASS and operation.writes else ""
    return (
        f"| {operation.name} | {methods} {paths} | {operation.action.value}{noted}{content}"
        f"{linked} | {texts} | {channel} | {repeated} |"
    )


def _channel_words(rule: ChannelRule) -> str:
    if rule.when is None:
        return rule.channel.value
    equals = "" if rule.equals is None else f" = {rule.equals}"
    return f"{rule.channel.value} where {_fetch_words(rule.when)}{equals}"


def _fetch_words(fetch: Fetch) -> str:
    return f"{fetch.source.value} `{fetch.name}`"


def _join_lines(parts: Iterable[str]) -> str:
    return "<br>".join(parts) or _NONE


def keys_section(schema: Mapping[str, Any]) -> str:
    """A table of the keys of a platform file. Markdown."""
    lines = ["| key | what |", "|---|---|"]
    operation = schema["$defs"]["operation"]["properties"]
    for name, key in schema["properties"].items():
        lines.append(f"| `{name}` | {key.get('description', 'See below.')} |")
    lines += ["", "Of each operation:", "", "| key | what |", "|---|---|"]
    for name, key in operation.items():
        described = key.get("description") or _KEYS[name]
        lines.append(f"| `{name}` | {described} |")
    return "\n".join(lines) + "\n"


_KEYS = {
    "name": "What errors and links call it.",
    "methods": "HTTP methods; a read that is listed may be judged too.",
    "paths": "Templates: `{name}` and `*` are one step, `(a\\|b)` one of several words. Matched "
    "decoded.",
    "action": "`judge`, `pass` (no words in it) or `deny`.",
    "content": "Where the fields are: `json`, `form`, `multipart`, `query`.",
    "texts": "What people read: a pointer with `*`, `**`, `{a,b}`; its `format` (`plain`, `html`, "
    "`html-lines`, `markdown`), or a field that tells it (`format_from`, `formats`); characters to "
    "`escape`; the text that it `renders` anew.",
    "offsets": "Arrays that point into a text (`of`), moved by the label: `start`, `end`, `unit`.",
    "channel": "Rules, the first that applies: `is`, `when` a value is there, or `equals`.",
    "conversation": "Where it comes from. Not there: each message begins one.",
    "audience": "Where the pseudonym of the person spoken to comes from.",
    "idempotency": "The platform's own key (`from`); `deduplicates`: it takes a key once.",
    "mark": "A machine-readable mark put into the request; `append` adds to an array.",
    "success": "What a 2xx answer must hold, where errors come with 200.",
    "id": "The platform's id of the message, in its answer.",
    "max_bytes": "Largest body; else the setting `max_body_bytes`.",
}
