"""The files of a new law: its facts, its test and a page. They pass `policy check` and `policy
test` as they are. A new law is a draft, which is off until somebody has verified it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from gateway.errors import InvalidField
from gateway.policy.authoring.scaffold import checked_title, write_new
from gateway.policy.packs.circumstances import COUNTRIES
from gateway.policy.packs.legal import EVALUATOR, PACK

_ID = re.compile(r"[a-z]{2}(\.[a-z0-9]{1,30}){1,4}")

_FACTS = """\
# Not legal advice. A draft is off until legal/data.yaml names it under `switched_on`. Replace each
# line by what the law's own text says, then see README.md beside this file.
id: {id}
title: {title}
citation: Name the act and the section.
url: https://example.org/the-text-of-the-law
status: draft
effective_from: null
effective_until: null
jurisdictions: [{place}]
channels: [space, group, dm, comment, live]
audience: all
trigger: Say when the law applies.
obligation: Say what the law asks for.
params: {{}}
duties:
  - notice: ai
    start: true
    text: People are told that they talk to AI; the notice is added ({id}).
verified_on: "{today}"
source_quality: memory
"""
_TEST = """\
package packs.legal.{rule}_test

import data.lib.fixture
import data.lib.law

# A draft: off until legal/data.yaml names it.
test_off_as_long_as_it_is_a_draft if {{
	every channel in ["space", "group", "dm", "comment", "live"] {{
		here := fixture.message({{
			"message": {{"channel": channel}},
			"audience": {{"jurisdictions": ["{place}"]}},
		}})
		fixture.law("{id}", here) == set()
		not "{id}" in law.in_reach with input as here
	}}
}}
"""
_PAGE = """\
# {title} (`{id}`)

A draft that nobody has verified yet: it is off. `data.yaml` holds the facts,
`{rule}_test.rego` the tests (`avatar-gateway policy test --run {rule}`). The fields of a duty are
explained in docs/reference/legal-rules/README.md, the occasions in docs/reference/policy-input.md.

## Before it counts

1. Read the law's own text. Write its facts into `data.yaml`: `citation`, `url`, `trigger`,
   `obligation`, `duties`, the day you looked (`verified_on`), and what you read
   (`source_quality`: statute, secondary or memory).
2. Set `status` to `in_force` or `scheduled`, and `effective_from` to the day it begins. (To keep to
   a draft all the same, name it in `legal/data.yaml` under `switched_on`.)
3. Replace the test by tests of what is due, where, for whom and from which day on, such as this
   one for the duty as scaffolded, in force since 2026-01-01:

```rego
due(notices, patch) := fixture.notices(fixture.law("{id}", fixture.shown(notices, object.union(
	{{"now": "2026-01-01T00:00:00.000000Z", "audience": {{"jurisdictions": ["{place}"]}}}},
	patch,
))))

test_at_the_start if {{
	due({{}}, {{}}) == {{"ai"}}
	due({{"ai": 60}}, {{}}) == set()
}}

test_the_day_it_begins if {{
	due({{}}, {{"now": "2025-12-31T23:59:59.999999Z"}}) == set()
}}
```

4. `avatar-gateway policy index`, then `policy check` and `policy test`.
5. Among the shipped policies: `python -m docs.generate`, which makes the law's page in
   docs/reference/legal-rules/.
"""


def scaffold_law(directory: Path, law: str, *, title: str = "", today: date) -> list[Path]:
    """Write the files of the law with the id `law` (`<country>.<name>`, such as us.xx) below the
    policies in `directory`; return their paths. `today` is written down as the day on which
    somebody last looked. Raises InvalidField; never writes over a file."""
    rule = law.replace(".", "_")
    if not _ID.fullmatch(law):
        raise InvalidField(
            "NAME",
            f"{law[:80]!r} is no id of a law",
            "Write the country in two letters, a dot and a name, such as us.xx or fr.influ.",
        )
    if not (directory / PACK / EVALUATOR).is_dir():
        raise InvalidField(
            "--law",
            f"these policies have no {PACK}/{EVALUATOR}, which judges laws",
            "Copy the shipped policies, or leave --law out.",
        )
    title = checked_title(title) or f"What {law} asks for"
    words = {
        "id": law,
        "rule": rule,
        "title": title,
        "place": _jurisdiction_of(law),
        "today": str(today),
    }
    folder = directory / PACK / rule
    templates = {"data.yaml": _FACTS, f"{rule}_test.rego": _TEST, "README.md": _PAGE}
    return write_new(folder, {name: text.format(**words) for name, text in templates.items()})


def _jurisdiction_of(law: str) -> str:
    """The jurisdiction that an id speaks of: US-ME for us.me, US for us.tida, FR for fr.influ."""
    country, name = law.upper().split(".")[:2]
    state = country in COUNTRIES and len(name) == 2 and name.isalpha()
    return f"{country}-{name}" if state else country
