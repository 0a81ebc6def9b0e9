"""Compare the outcome of a line of the script with its expectation. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.demo.script import Expectation, ScriptLine

_AD_NOTICES = frozenset({"ad", "paid_partnership"})


def faults(
    line: ScriptLine, outcome: Mapping[str, Any], received: Mapping[str, Any] | None
) -> list[str]:
    """What differs from the expectation: the outcome as answered, and what the platform got."""
    return [*_outcome_faults(line.expect, outcome), *_platform_faults(line, outcome, received)]


def _outcome_faults(expect: Expectation, outcome: Mapping[str, Any]) -> list[str]:
    differences = []
    if outcome["verdict"] != expect.verdict:
        differences.append(f"verdict {outcome['verdict']}, expected {expect.verdict}")
    fired = {reason["rule"] for reason in outcome["reasons"]}
    if missing := sorted(set(expect.rules) - fired):
        differences.append(f"did not fire: {', '.join(missing)}")
    if expect.verdict != "publish":
        return differences
    if sorted(outcome["redacted"]) != sorted(expect.redacted):
        differences.append(f"stripped {outcome['redacted']}, expected {list(expect.redacted)}")
    disclosure = outcome["disclosure"] or {"notices": [], "replaced_by": None}
    notices = {notice["notice"] for notice in disclosure["notices"]}
    if bool(notices - _AD_NOTICES) != expect.labelled:
        differences.append(f"notices {sorted(notices)}, expected labelled={expect.labelled}")
    if bool(notices & _AD_NOTICES) != expect.ad:
        differences.append(f"notices {sorted(notices)}, expected ad={expect.ad}")
    if (disclosure["replaced_by"] is not None) != expect.replaced:
        differences.append(f"replaced_by {disclosure['replaced_by']}, expected {expect.replaced}")
    return differences


def _platform_faults(
    line: ScriptLine, outcome: Mapping[str, Any], received: Mapping[str, Any] | None
) -> list[str]:
    if outcome["verdict"] != "publish":
        return [] if received is None else ["the platform received what was not published"]
    if received is None:
        return ["the platform received nothing"]
    differences = []
    if received["text"] != outcome["text"]:
        differences.append("the platform received another text")
    differences += [
        f"the notice {notice['notice']} is not in the text"
        for notice in outcome["disclosure"]["notices"]
        if notice["text"] not in received["text"]
    ]
    if line.expect.redacted and line.submission["text"] in received["text"]:
        differences.append("the platform received the text unstripped")
    return differences


def tally(results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many lines got each verdict."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result["verdict"]] = counts.get(result["verdict"], 0) + 1
    return counts
