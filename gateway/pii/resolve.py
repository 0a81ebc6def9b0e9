"""`resolve`: which of several overlapping hits stand."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import replace

from gateway.pii.rule import RuleHit

_LEAST_PIECE = 4
"""Letters and digits that a rest of a hit needs to stay found; fewer tell nothing by themselves."""


def _hit_rank(hit: RuleHit) -> tuple[bool, bool, float, int, int, str, str]:
    return (hit.advisory, not hit.checked, -hit.score, hit.start - hit.end, hit.start, hit.kind,
            hit.source)  # fmt: skip


def resolve(text: str, hits: Iterable[RuleHit]) -> tuple[RuleHit, ...]:
    """The hits that stand, sorted by start, none overlapping another.

    Of two that overlap, one confirmed by a checksum wins, then the higher score, then the longer
    one. What the loser covers beyond the winner stays found, trimmed to letters and digits, unless
    that is too little to tell anything. Advisory hits come last and never displace others.
    """
    standing: list[tuple[int, int, RuleHit]] = []
    for hit in sorted(set(hits), key=_hit_rank):
        for start, end in _uncovered_spans(hit, standing):
            piece = _trimmed_hit(text, hit, start, end)
            if piece is not None:
                insort(standing, (piece.start, piece.end, piece))
    return tuple(hit for _, _, hit in standing)


def _trimmed_hit(text: str, hit: RuleHit, start: int, end: int) -> RuleHit | None:
    """`hit` reduced to `start:end` without signs at its edges; None if too little is left."""
    if (start, end) == (hit.start, hit.end):
        return hit
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if hit.advisory or sum(map(str.isalnum, text[start:end])) < _LEAST_PIECE:
        return None
    return replace(hit, start=start, end=end, checked=False)


def _uncovered_spans(
    hit: RuleHit, standing: list[tuple[int, int, RuleHit]]
) -> list[tuple[int, int]]:
    """The spans of `hit` that nothing in `standing` (sorted, disjoint) covers."""
    at = bisect_left(standing, (hit.start,))
    if at and standing[at - 1][1] > hit.start:
        at -= 1
    free: list[tuple[int, int]] = []
    position = hit.start
    while at < len(standing) and standing[at][0] < hit.end:
        if standing[at][0] > position:
            free.append((position, standing[at][0]))
        position = max(position, standing[at][1])
        at += 1
    if position < hit.end:
        free.append((position, hit.end))
    return free
