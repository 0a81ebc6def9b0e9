"""Makes docs/reference/packs.md and docs/reference/legal-rules/ from the packs themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

POLICIES = Path(__file__).parent.parent / "policies"

PACKS = {
    "baseline": "What every message has to pass, whoever sends it.",
    "platform": "What platforms punish, by channel.",
    "creator": "What creators fear, driven by each creator's settings.",
    "legal": "What the law asks for, by place, channel, audience and date. Not legal advice.",
}

HEAD = """\
# Packs and rules

A rule is a folder, `policies/<pack>/<rule>/`: the Rego, its test, its parameters (`data.yaml`) and
its phrases. [policy-input.md](policy-input.md) describes the document that rules see, the
[guide for policy authors](../guides/policy-authors.md) how to add one.

The strictest verdict wins: block, then hold, then publish. A result with the verdict publish only
obliges. Three ids come from `main.rego` itself: `gateway.unavailable` (a stage gave no answer:
hold), `gateway.malformed` (a rule answered in a shape that cannot be read: block), and the decision
`data.gateway.decision`.
"""

WRITING = """\
## Writing rules for both engines

`policy check` holds most of this. The rest was learnt by measuring.

- Test the cheapest condition on `input` first: a rule that does not apply then costs about 5 µs.
  A look into `data` costs about 7 µs, a reference to another package 3 µs, a regular expression 11.
- Helpers of a rule are functions, even without need of an argument. The embedded engine evaluates
  every rule without arguments in a package under `packs`, and in a package of `lib` once one of
  them is needed.
- Negate a reference, a rule, or a function whose arguments are always there. `not f(x)` with an
  undefined `x` is undefined in OPA and true in the embedded engine.
- `f(x)[0]` is slow in the embedded engine: give `f(x)` a name first.
- Text to search for belongs into a phrases file, not into Rego. A space in a phrase stands for
  white space and light punctuation; an optional one is written `\\s?`.
- Tests of a rule must not ask for `data.gateway.decision`, which is made of the rules. Whole
  decisions are tested in `main_test.rego`.
- Compare days as text: `input.now` is UTC and of fixed width.
- Beside each phrases file, `examples.yaml` holds sentences that must hit and sentences that must
  not, by language.
"""


def packs_page() -> str:
    lines = [HEAD]
    for pack, about in PACKS.items():
        lines += [f"## {pack}", "", about, "", "| rule | what | verdicts | obligations | facts |"]
        lines.append("|---|---|---|---|---|")
        for folder in _rules(pack):
            lines.append(_row(pack, folder))
        lines.append("")
    lines += ["## Settings of a creator", ""]
    lines += ["`policies/schemas/creator.schema.json`. Every setting may be left out.", ""]
    lines += ["| setting | meaning |", "|---|---|", *_settings(), "", WRITING]
    return "\n".join(lines)


def _rules(pack: str) -> list[Path]:
    return sorted(
        folder
        for folder in (POLICIES / pack).iterdir()
        if (folder / f"{folder.name}.rego").exists()
    )


def _row(pack: str, folder: Path) -> str:
    about = metadata(folder / f"{folder.name}.rego")
    custom = about["custom"]
    facts = []
    if pack == "legal":
        facts.append(f"[{custom['id']}](legal-rules/{custom['id']}.md)")
    elif (folder / "data.yaml").exists():
        facts.append(f"[parameters](../../policies/{pack}/{folder.name}/data.yaml)")
    phrases = folder / f"{folder.name}.phrases.yaml"
    if phrases.exists():
        languages = yaml.safe_load(phrases.read_text(encoding="utf-8"))["languages"]
        link = f"../../policies/{pack}/{folder.name}/{phrases.name}"
        facts.append(f"[phrases]({link}): {', '.join(languages)}")
    return (
        f"| `{custom['id']}` | **{about['title']}.** {about['description']} "
        f"| {', '.join(custom['verdicts'])} | {', '.join(custom.get('obligations', ()))} "
        f"| {'; '.join(facts)} |"
    )


def metadata(file: Path) -> dict[str, Any]:
    """The annotation of the package."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("package "):
            break
        if line != "# METADATA":
            lines.append(line.removeprefix("#").removeprefix(" "))
    found: dict[str, Any] = yaml.safe_load("\n".join(lines))
    return {**found, "description": found["description"].strip()}


def _settings() -> list[str]:
    schema = json.loads((POLICIES / "schemas/creator.schema.json").read_text(encoding="utf-8"))
    return list(_properties(schema, ""))


def _properties(schema: dict[str, Any], path: str) -> list[str]:
    rows = []
    for name, field in schema.get("properties", {}).items():
        rows.append(f"| `{path}{name}` | {field['description']} |")
        rows += _properties(field, f"{path}{name}.")
        rows += _properties(field.get("items", {}), f"{path}{name}[].")
    return rows


def legal_pages() -> dict[str, str]:
    return {
        f"legal-rules/{folder_id(folder)}.md": _legal_page(folder) for folder in _rules("legal")
    }


def folder_id(folder: Path) -> str:
    return str(metadata(folder / f"{folder.name}.rego")["custom"]["id"])


def _legal_page(folder: Path) -> str:
    facts = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))
    about = metadata(folder / f"{folder.name}.rego")
    until = facts["effective_until"] or "no end set"
    rows = {
        "citation": facts["citation"],
        "source": facts["url"],
        "status": facts["status"],
        "in force": f"from {facts['effective_from']}, {until}",
        "jurisdictions": ", ".join(facts["jurisdictions"]),
        "channels": ", ".join(facts["channels"]),
        "audience": facts["audience"],
        "trigger": facts["trigger"],
        "obligation": facts["obligation"],
        "parameters": f"`{json.dumps(facts['params'], ensure_ascii=False)}`",
        "last looked at": f"{facts['verified_on']} ({facts['source_quality']} source)",
    }
    lines = [
        f"# {facts['id']}: {facts['title']}",
        "",
        about["description"],
        "",
        "| | |",
        "|---|---|",
    ]
    lines += [f"| {name} | {value} |" for name, value in rows.items()]
    lines += [
        "",
        f"Rego and tests: [policies/legal/{folder.name}](../../../policies/legal/{folder.name}/).",
        "Not legal advice: verify the source before you rely on it.",
    ]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Every page by its path below docs/reference/."""
    return {"packs.md": packs_page(), **legal_pages()}
