"""Translates our toxicity scores into the categories of OpenAI's moderation endpoint.

Pure functions. A category that no model here covers is None, never 0 and never False.
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
"""All categories of OpenAI's answers, in its order."""

_MADE_OF: Mapping[str, tuple[str, ...]] = {
    "harassment": ("insult",),
    "harassment/threatening": ("threat",),
    "hate": ("identity_attack",),
    "hate/threatening": ("identity_attack", "threat"),
    "self-harm": ("self_harm",),
    "sexual": ("sexual_explicit",),
    "violence": ("threat",),
}
"""OpenAI's category → those of ours that must all apply."""
OTHER = "other"
"""The key of the score that counts for categories that the policies do not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """An answer in OpenAI's categories: whether each is flagged, and its score in 0..1; both are
    None where no model covers it."""

    categories: Mapping[str, bool | None]
    scores: Mapping[str, float | None]

    @property
    def flagged(self) -> bool:
        return any(self.categories.values())


def moderation(
    scores: Mapping[str, float | None], lines: Mapping[str, float], *, self_harm_told: bool
) -> Moderation:
    """A detection's `scores` in OpenAI's categories.

    `lines` map a category of ours, or OTHER, to the score that flags it. `self_harm_told` says that
    the text contains a phrase of self-harm, which counts as certainty; where it is false and the
    model does not cover self-harm, the category stays None.
    """
    ours = dict(scores)
    if self_harm_told:
        ours["self_harm"] = 1.0
    flags: dict[str, bool | None] = dict.fromkeys(CATEGORIES)
    covered: dict[str, float | None] = dict.fromkeys(CATEGORIES)
    for category, parts in _MADE_OF.items():
        known = {part: score for part in parts if (score := ours.get(part)) is not None}
        if len(known) < len(parts):
            continue
        covered[category] = min(known.values())
        flags[category] = all(
            score >= lines.get(part, lines[OTHER]) for part, score in known.items()
        )
    return Moderation(categories=flags, scores=covered)


def hold_lines(data: Mapping[str, Any]) -> dict[str, float]:
    """For each category the lowest score, over all channels, at which the policies' `data` hold a
    message of a creator with normal strictness. Raises StageUndefined where they name none."""
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
