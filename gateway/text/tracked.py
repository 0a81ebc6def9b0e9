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
        merging = any(
            new and end - start > 1 and (merge or len(new) != end - start)
            for start, end, new in edits
        )
        old_ends = self.ends
        if old_ends is None and merging:
            old_ends = [start + 1 for start in self.starts[: len(self.text)]]
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for start, end, new in edits:
            pieces.append(self.text[done:start])
            starts.extend(self.starts[done:start])
            pieces.append(new)
            paired = len(new) == end - start and not merge
            if paired:
                starts.extend(self.starts[start:end])
            else:
                starts.extend([self.starts[start]] * len(new))
            if old_ends is not None:
                ends.extend(old_ends[done:start])
                if paired:
                    ends.extend(old_ends[start:end])
                else:
                    ends.extend([old_ends[end - 1]] * len(new))
            done = end
        pieces.append(self.text[done:])
        starts.extend(self.starts[done:])
        if old_ends is not None:
            ends.extend(old_ends[done:])
        return Tracked("".join(pieces), starts, None if old_ends is None else ends)

    def with_text(self, text: str) -> Tracked:
        """The same offsets for a text of the same length, changed character by character."""
        if len(text) != len(self.text):
            raise ValueError("the text changed its length")
        return Tracked(text, self.starts, self.ends)

    def mapped(self) -> Mapped:
        return Mapped(
            self.text, tuple(self.starts), None if self.ends is None else tuple(self.ends)
        )
