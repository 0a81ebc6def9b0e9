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
  A look into `data` costs about 7 µs, a reference to another package 3 µs, a regular expression 11,
  each further rule or function of the same file 2, whether it is needed or not.
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
        if pack == "legal":
            lines += ["The rules themselves are facts: [legal-rules](legal-rules/README.md).", ""]
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
    if (folder / "data.yaml").exists():
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
    """An overview, and a page for each rule, made from the rules' facts."""
    rules = [(folder, _facts(folder)) for folder in _legal_rules()]
    pages = {f"legal-rules/{facts['id']}.md": _legal_page(folder, facts) for folder, facts in rules}
    return {"legal-rules/README.md": _legal_overview([facts for _, facts in rules]), **pages}


def _legal_rules() -> list[Path]:
    return sorted(file.parent for file in (POLICIES / "legal").glob("*/data.yaml"))


def _facts(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))
    return found


LEGAL_HEAD = """\
# Legal rules

Not legal advice. Most facts come from secondary sources (`statute`: the law's own text was read;
`secondary`: somebody's report of it; `memory`: to be verified before anybody relies on it).

Each rule is one file of facts, `policies/legal/<rule>/data.yaml`; `policies/legal/duties` judges
them all against `input.now`. Whatever any rule asks for is done: the shortest interval, all labels,
any prohibition. Who may be a minor counts as one, and who may be anywhere is under every rule.

To add a law: `avatar-gateway policy new --law us.xx` writes its facts, its test and a page that says
how it becomes more than a draft; `policy check` refuses a law without a test. After a change of any
facts run `avatar-gateway policy index`, which looks duties up by occasion and place in
`law/data.json`; policies whose index is stale are refused. Drafts and voluntary codes are off until
`switched_on` in `policies/legal/data.yaml` names them.

| field of a duty | meaning |
|---|---|
| `when` | an occasion, or several; `always` when left out. [policy-input.md](../policy-input.md) lists them under `occasions`. |
| `start` | due when the person has not been told that an AI is talking, or not since a human spoke in its place |
| `every_s` | due so many seconds after the last notice of its kind (`ai`, `ai_reminder` and `ai_answer` are one kind); by channel, if need be |
| `full_s` | due so many seconds after that very notice, reminders not counted |
| `gap_s` | due when the avatar has not spoken to the person for so many seconds |
| none of these four | due each time |
| `notice`, `position`, `marks`, `escalate`, `verdict` | what is done: a notice, machine-readable marks, a person called; hold or block |
| `minors` | for those alone who are or may be minors |
| `channels`, `from`, `until` | narrower than the rule's own |
| `text` | the reason, in plain words |

| rule | what | where | in force | asks for | source |
|---|---|---|---|---|---|
"""


def _legal_overview(rules: list[dict[str, Any]]) -> str:
    lines = []
    for facts in rules:
        asks = sorted({what for duty in facts["duties"] for what in _asks(duty)})
        lines.append(
            f"| [`{facts['id']}`]({facts['id']}.md) | {facts['title']} "
            f"| {', '.join(facts['jurisdictions'])} | {_in_force(facts)} "
            f"| {', '.join(asks) or 'nothing message by message'} | {facts['source_quality']} |"
        )
    return LEGAL_HEAD + "\n".join(lines) + "\n"


def _in_force(facts: dict[str, Any]) -> str:
    if facts["status"] == "draft":
        return "draft: off"
    until = f" until {facts['effective_until']}" if facts["effective_until"] else ""
    return f"from {facts['effective_from']}{until}" + (
        ", voluntary: off" * bool(facts.get("opt_in"))
    )


def _asks(duty: dict[str, Any]) -> list[str]:
    verdict = duty.get("verdict", "publish")
    found = [] if verdict == "publish" else [f"**{verdict}**"]
    if "notice" in duty:
        found.append(f"notice `{duty['notice']}`")
    if "marks" in duty:
        found.append("marks")
    if "escalate" in duty:
        found.append("a person looks")
    return found


def _due(duty: dict[str, Any]) -> str:
    dues = ["at the start, and after a human spoke in between"] if duty.get("start") else []
    for field, meaning in (
        ("every_s", "since the last such notice"),
        ("full_s", "since the last full notice"),
        ("gap_s", "since the last message"),
    ):
        given = duty.get(field)
        if isinstance(given, dict):
            dues += [f"{_time(one)} {meaning} ({channel})" for channel, one in given.items()]
        elif given is not None:
            dues.append(f"{_time(given)} {meaning}")
    return "; ".join(dues) or "each time"


def _time(seconds: int) -> str:
    if seconds == 0:
        return "each time, 0 s"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _legal_page(folder: Path, facts: dict[str, Any]) -> str:
    rows = {
        "citation": facts["citation"],
        "source": facts["url"],
        "status": facts["status"] + (", voluntary" * bool(facts.get("opt_in"))),
        "in force": _in_force(facts),
        "jurisdictions": ", ".join(facts["jurisdictions"]),
        "channels": ", ".join(facts["channels"]),
        "audience": facts["audience"],
        "trigger": facts["trigger"],
        "obligation": facts["obligation"],
        "our reading": facts.get("reading", ""),
        "kept by": facts.get("kept_by", ""),
        "parameters": f"`{json.dumps(facts['params'], ensure_ascii=False)}`"
        * bool(facts["params"]),
        "last looked at": f"{facts['verified_on']} (source quality: {facts['source_quality']})",
    }
    lines = [f"# {facts['id']}: {facts['title']}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows.items() if value]
    if facts["duties"]:
        lines += ["", "| occasion | asks for | due | for | says |", "|---|---|---|---|---|"]
        lines += [_duty_row(facts, duty) for duty in facts["duties"]]
    if (phrases := folder / f"{folder.name}.phrases.yaml").exists():
        languages = yaml.safe_load(phrases.read_text(encoding="utf-8"))["languages"]
        link = f"../../../policies/legal/{folder.name}/{phrases.name}"
        lines += ["", f"Phrases: [{phrases.name}]({link}) ({', '.join(languages)})."]
    lines += [
        "",
        f"Facts and tests: [policies/legal/{folder.name}](../../../policies/legal/{folder.name}/).",
        "Not legal advice: verify the source before you rely on it.",
    ]
    return "\n".join(lines) + "\n"


def _duty_row(facts: dict[str, Any], duty: dict[str, Any]) -> str:
    when = duty.get("when", "always")
    due = _due(duty)
    for bound in ("from", "until"):
        due += f", {bound} {duty[bound]}" if bound in duty else ""
    whom = "who is or may be a minor" if duty.get("minors") else "everyone"
    return (
        f"| {', '.join([when] if isinstance(when, str) else when)} | {', '.join(_asks(duty))} "
        f"| {due} | {whom} | {' '.join(duty['text'].split())} |"
    )


def pages() -> dict[str, str]:
    """Every page by its path below docs/reference/."""
    return {"packs.md": packs_page(), **legal_pages()}
