"""One text, three forms."""

from __future__ import annotations

from collections import Counter

from gateway.model.text import Mapped
from gateway.text.compat import compat
from gateway.text.fold import Fold
from gateway.text.hidden import clean
from gateway.text.homoglyphs import Homoglyphs
from gateway.text.tables import Tables


class Normaliser:
    """Built once; holds tables only. Time and memory are linear in the text: the longest
    expansion is NFKC's, 18 characters for one."""

    __slots__ = ("_fold", "_homoglyphs")

    def __init__(self, tables: Tables) -> None:
        self._fold = Fold(tables)
        self._homoglyphs = Homoglyphs(tables)

    def __call__(
        self, text: str, declared: str | None
    ) -> tuple[Mapped, Mapped, Mapped, Counter[str]]:
        """The clean, normalised and folded forms of `text`, and how many code points of each
        kind of hiding were undone."""
        changes: Counter[str] = Counter()
        tracked = clean(text, changes)
        published = tracked.mapped()
        if published.text.isascii():
            read, normalised = tracked, published
        else:
            read = self._homoglyphs(compat(tracked, changes), declared, changes)
            normalised = published if read is tracked else read.mapped()
        folded = self._fold(read, changes)
        if folded.starts is read.starts:
            return published, normalised, _same_offsets(folded.text, normalised), changes
        return published, normalised, folded.mapped(), changes


def _same_offsets(text: str, form: Mapped) -> Mapped:
    return Mapped(text, form.origins, form.ends)
