"""Our categories as those of OpenAI's moderation. Pure.

What no model here covers is None, never 0 and never False.
docs/reference/toxicity.md has the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import StageUndefined
from gateway.model.finding import Stage

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""All that OpenAI answers with, in its order."""

_MADE_OF: Mapping[str, tuple[str, ...]] = {
    "harassment": ("insult",),
    "harassment/threatening": ("threat",),
    "hate": ("identity_attack",),
    "hate/threatening": ("identity_attack", "threat"),
    "self-harm": ("self_harm",),
    "sexual": ("sexual_explicit",),
    "violence": ("threat",),
}
OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """By category of OpenAI's: whether it is flagged, and its score 0..1; both None where no
    model covers it."""

    categories: Mapping[str, bool | None]
    scores: Mapping[str, float | None]

    @property
    def flagged(self) -> bool:
        return any(self.categories.values())


def moderation(
    scores: Mapping[str, float | None], lines: Mapping[str, float], *, self_harm_told: bool
) -> Moderation:
    """`scores` are a detection's; `lines` map a category of ours, or "other", to the score that
    flags it. `self_harm_told`: a phrase of self-harm stands in the text, which counts as
    certainty; that none does says nothing where the model does not cover it."""
    ours = dict(scores)
    if self_harm_told:
        ours["self_harm"] = 1.0
    flags: dict[str, bool | None] = dict.fromkeys(CATEGORIES)
    found: dict[str, float | None] = dict.fromkeys(CATEGORIES)
    for category, parts in _MADE_OF.items():
        known = {part: score for part in parts if (score := ours.get(part)) is not None}
        if len(known) < len(parts):
            continue
        found[category] = min(known.values())
        flags[category] = all(
            score >= lines.get(part, lines[OTHER]) for part, score in known.items()
        )
    return Moderation(categories=flags, scores=found)


def hold_lines(data: Mapping[str, Any]) -> dict[str, float]:
    """The lowest score of any channel at which the policies' `data` hold a message of a creator
    with normal strictness. Raises StageUndefined where they name none."""
    try:
        tables = [channel["hold"] for channel in data["baseline"]["toxicity"]["normal"].values()]
        names = {name for table in tables for name in table}
        return {
            OTHER: min(float(table[OTHER]) for table in tables),
            **{
                name: min(float(table.get(name, table[OTHER])) for table in tables)
                for name in sorted(names)
            },
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StageUndefined(
            Stage.POLICY, "there are no lines to hold the scores against"
        ) from error
