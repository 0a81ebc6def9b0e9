"""The reference page of the routes, made from the platform files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.platforms.declaration import Action, ChannelRule, Declaration, Fetch, Operation

_NONE = "—"


def table_row(one: Declaration) -> tuple[str, str, str, str, str]:
    """Name, title, how far it is verified, limit, where the label goes."""
    judged = [each for each in one.operations if each.action is Action.JUDGE]
    slots = dict.fromkeys(slot for each in judged for slot in each.label)
    return (
        one.name,
        one.title,
        one.verified or "from documentation only",
        f"{one.max_length} {one.unit.value}",
        " ".join(slots),
    )


def platforms_section(declarations: Mapping[str, Declaration]) -> str:
    """A table of all platforms, then each with its operations. Markdown."""
    lines = ["| platform | | verified against | limit | label |", "|---|---|---|---|---|"]
    for one in declarations.values():
        name, title, verified, limit, slots = table_row(one)
        shown = ", ".join(f"`{slot}`" for slot in slots.split())
        lines.append(f"| [`{name}`](#{name}) | {title} | {verified} | {limit} | {shown} |")
    for one in declarations.values():
        lines += ["", *_platform_section(one)]
    return "\n".join(lines) + "\n"


def _platform_section(one: Declaration) -> list[str]:
    lines = [f"### {one.name}", "", f"{one.title}. Written from: {', '.join(one.sources)}."]
    if one.notes:
        lines += ["", " ".join(one.notes.split())]
    slot = one.credential
    reads = (
        "pass" if one.reads is Action.PASS else "pass only where they are listed; others are denied"
    )
    lines += [
        "",
        f"Credential in the {slot.source} `{slot.name}`. Reads {reads}. A block is "
        f"HTTP {one.error.status}{' whatever went wrong' if one.error.fixed else ''}.",
        "",
        "| operation | request | what | texts | channel | repeated |",
        "|---|---|---|---|---|---|",
    ]
    return [*lines, *(_operation_row(each) for each in one.operations)]


def _operation_row(one: Operation) -> str:
    methods = ", ".join(sorted(one.methods))
    paths = "<br>".join(f"`{path}`" for path in one.templates).replace("|", "\\|")
    linked = f", edits {one.edits}" if one.edits else ""
    linked += f", deletes {one.deletes}" if one.deletes else ""
    content = f" ({', '.join(sorted(one.content))})" if one.content else ""
    texts = _joined(
        f"`{text.pointer}`" + ("" if text.format == "plain" else f" {text.format.value}")
        for text in one.texts
    )
    channel = _joined(_channel_words(rule) for rule in one.channels)
    repeated = _NONE
    if one.idempotency is not None:
        taken = "taken once" if one.idempotency.deduplicates else "the gateway's alone"
        repeated = f"{_fetch_words(one.idempotency.source)}, {taken}"
    noted = ", noted" if one.action is Action.PASS and one.writes else ""
    return (
        f"| {one.name} | {methods} {paths} | {one.action.value}{noted}{content}{linked} | {texts} "
        f"| {channel} | {repeated} |"
    )


def _channel_words(rule: ChannelRule) -> str:
    if rule.when is None:
        return rule.channel.value
    equals = "" if rule.equals is None else f" = {rule.equals}"
    return f"{rule.channel.value} where {_fetch_words(rule.when)}{equals}"


def _fetch_words(fetch: Fetch) -> str:
    return f"{fetch.source.value} `{fetch.name}`"


def _joined(parts: Iterable[str]) -> str:
    return "<br>".join(parts) or _NONE


def keys_section(schema: Mapping[str, Any]) -> str:
    """What a platform file says, key by key. Markdown."""
    lines = ["| key | what |", "|---|---|"]
    operation = schema["$defs"]["operation"]["properties"]
    for name, one in schema["properties"].items():
        lines.append(f"| `{name}` | {one.get('description', 'See below.')} |")
    lines += ["", "Of each operation:", "", "| key | what |", "|---|---|"]
    for name, one in operation.items():
        described = one.get("description") or _KEYS[name]
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
