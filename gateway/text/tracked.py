"""`Tracked`: a text that is being rewritten, with the place that each character came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.model.text import Mapped

Edit = tuple[int, int, str]
"""Start, end, and the text that replaces the span; empty to drop it."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A text and its offsets in the submitted text. `starts[i]` is where the character `text[i]`
    came from, with one more element for the end; `ends` as in `Mapped`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int] | None = None

    @classmethod
    def of(cls, text: str) -> Tracked:
        """A submitted text, not rewritten yet."""
        return cls(text, range(len(text) + 1))

    def rewrite(self, edits: Iterable[Edit], *, merge: bool = False) -> Tracked:
        """Apply `edits`, which are ascending and do not overlap. Characters of an edit that keeps
        the length map one to one, unless `merge` is set; those of any other edit map to the whole
        of its span."""
        edits = list(edits)
        if not edits:
            return self
        pieces: list[str] = []
        done = 0
        for start, end, new in edits:
            pieces += (self.text[done:start], new)
            done = end
        pieces.append(self.text[done:])
        text = "".join(pieces)
        if not merge and all(len(new) == end - start for start, end, new in edits):
            return Tracked(text, self.starts, self.ends)
        ends = self.ends
        if ends is None and any(new and end - start > 1 for start, end, new in edits):
            ends = [start + 1 for start in self.starts[: len(self.text)]]
        starts = _carry_offsets(self.starts, edits, merge=merge, last=False)
        return Tracked(text, starts, ends and _carry_offsets(ends, edits, merge=merge, last=True))

    def with_text(self, text: str) -> Tracked:
        """The same offsets for a text of the same length, changed character by character."""
        if len(text) != len(self.text):
            raise ValueError("the text changed its length")
        return Tracked(text, self.starts, self.ends)

    def mapped(self) -> Mapped:
        return Mapped(
            self.text, tuple(self.starts), None if self.ends is None else tuple(self.ends)
        )


def _carry_offsets(
    offsets: Sequence[int], edits: list[Edit], *, merge: bool, last: bool
) -> list[int]:
    """`offsets` after `edits`. Characters that do not map one to one take the first offset of the
    span, or the last one if `last` is set."""
    carried: list[int] = []
    done = 0
    for start, end, new in edits:
        carried += offsets[done:start]
        if len(new) == end - start and not merge:
            carried += offsets[start:end]
        elif new:
            carried += [offsets[end - 1 if last else start]] * len(new)
        done = end
    carried += offsets[done:]
    return carried
