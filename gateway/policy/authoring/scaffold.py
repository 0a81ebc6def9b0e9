"""The files of a new rule: they pass `policy check` and `policy test` as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import InvalidField

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
_RESERVED = frozenset({"lib", "schemas", "gateway_bundle", "gateway", "packs"})
_VERDICTS = ("publish", "hold", "block")

_RULE = """\
# METADATA
# title: {title}
# description: >-
#   What the rule is for, in a sentence or two: it is shown in docs/reference/packs.md.
# custom:
#   id: {id}
#   verdicts: [{verdict}]
package packs.{pack}.{rule}

results contains {{
	"rule": "{id}",
	"text": "It says something that {title} is about. Leave that out.",
	"verdict": "{verdict}",
	"obligations": [],
}} if {{
	some signal in input.findings.signals
	signal.list == "{id}"
	signal["in"] == "text"
}}
"""
_TEST = """\
package packs.{pack}.{rule}_test

import data.packs.{pack}.{rule}

said(list, where) := {{"findings": {{"signals": [{{"list": list, "in": where}}]}}}}

test_it_fires_when_the_avatar_says_it if {{
	results := {rule}.results with input as said("{id}", "text")
	{{result.verdict | some result in results}} == {{"{verdict}"}}
}}

test_it_lets_the_human_say_it if {{
	count({rule}.results) == 0 with input as said("{id}", "human")
}}

test_it_lets_other_talk_pass if {{
	count({rule}.results) == 0 with input as said("another.list", "text")
}}
"""
_PHRASES = """\
# Patterns are RE2, matched on the folded text: lower case, no accents, leetspeak and look-alike
# letters undone. A space stands for any white space. Every language is always tried.
list: {id}
in: [text]
languages:
  en: ["replace me with a phrase"]
  fr: ["remplace moi par une phrase"]
"""
_EXAMPLES = """\
# Sentences as people write them: `hits` must be found, `misses` must not.
list: {id}
hits:
  en: ["Now replace me with a phrase!"]
  fr: ["Alors, remplace moi par une phrase !"]
misses:
  en: ["See you on Sunday."]
"""
_PACK = "pack: {{title: {title}, version: 0.1.0}}\n"
_PAGE = """\
# {title} (`{id}`)

Why the rule exists, what it asks for (`{verdict}`), and what it deliberately lets pass.

| file | what |
|---|---|
| `{rule}.rego` | the rule |
| `{rule}_test.rego` | its tests: `avatar-gateway policy test --run {pack}.{rule}` |
| `{rule}.phrases.yaml` | the phrases that it looks for |
| `examples.yaml` | sentences that must be found, and sentences that must not |

## Before it decides anything

1. `avatar-gateway policy check` and `policy test`
2. `avatar-gateway policy backtest --pack {pack}`: what it would have changed
3. `policies_shadow_dir`: let it judge beside the rules in use
"""


def scaffold(directory: Path, name: str, *, verdict: str = "hold", title: str = "") -> list[Path]:
    """Write the files of rule `name` (`<pack>.<rule>`) below the policies in `directory`, and
    the pack's when it is new; return their paths. Raises InvalidField; never writes over a
    file."""
    pack, _, rule = name.partition(".")
    if not _NAME.match(pack) or not _NAME.match(rule) or pack in _RESERVED:
        raise InvalidField(
            "NAME", f"{name[:80]!r} is no name of a rule", "Write <pack>.<rule>, such as shop.exams"
        )
    if verdict not in _VERDICTS:
        raise InvalidField("--verdict", "is not known", f"Use {', '.join(_VERDICTS)}.")
    title = checked_title(title) or rule.replace("_", " ").capitalize()
    words = {"pack": pack, "rule": rule, "id": name, "verdict": verdict, "title": title}
    templates = {
        f"{rule}.rego": _RULE,
        f"{rule}_test.rego": _TEST,
        f"{rule}.phrases.yaml": _PHRASES,
        "examples.yaml": _EXAMPLES,
        "README.md": _PAGE,
    }
    files = {name: text.format(**words) for name, text in templates.items()}
    written = write_new(directory / pack / rule, files)
    about_pack = directory / pack / "data.yaml"
    if not about_pack.exists():
        about_pack.write_text(_PACK.format(title=pack), encoding="utf-8")
        written.append(about_pack)
    return sorted(written)


def checked_title(title: str) -> str:
    """Raises InvalidField for a title that would need quotes in METADATA or YAML."""
    if re.search(r"[\"\\\n:#{}\[\]]", title):
        raise InvalidField("--title", "has a character that needs quotes", "Use plain words.")
    return title


def write_new(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Make `folder`, with `files` (text by name) in it; return their paths, sorted. Raises
    InvalidField where the folder is there already."""
    if folder.exists():
        place = f"{folder.parent.name}/{folder.name}"
        raise InvalidField("NAME", f"{place} is there already", "Choose another name.")
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(folder / name for name in files)
