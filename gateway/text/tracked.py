"""A text under rewriting that remembers where each of its characters came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.model.text import Mapped

Edit = tuple[int, int, str]
"""`start`, `end`, what stands there afterwards. Empty: dropped."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """`starts[i]` is the offset in the first text of what produced `text[i]`, with one more
    element for the end; `ends` as in `Mapped`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int] | None = None

    @classmethod
    def of(cls, text: str) -> Tracked:
        return cls(text, range(len(text) + 1))

    def rewrite(self, edits: Iterable[Edit], *, merge: bool = False) -> Tracked:
        """Apply `edits`, which are ascending and do not overlap. Characters of an edit that
        keeps the length map one to one, unless `merge`; all others of an edit map to the whole
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
        starts = _carry(self.starts, edits, merge=merge, last=False)
        return Tracked(text, starts, ends and _carry(ends, edits, merge=merge, last=True))

    def with_text(self, text: str) -> Tracked:
        """The same offsets for a text of the same length, changed character by character."""
        if len(text) != len(self.text):
            raise ValueError("the text changed its length")
        return Tracked(text, self.starts, self.ends)

    def mapped(self) -> Mapped:
        return Mapped(
            self.text, tuple(self.starts), None if self.ends is None else tuple(self.ends)
        )


def _carry(offsets: Sequence[int], edits: list[Edit], *, merge: bool, last: bool) -> list[int]:
    """`offsets` through `edits`: what is not one to one takes the span's first or last."""
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
