"""`Normaliser`: makes the clean, normalised and folded forms of a text."""

from __future__ import annotations

from collections import Counter

from gateway.model.text import Mapped
from gateway.text.capitals import without_posing_capitals
from gateway.text.compat import compat
from gateway.text.encoded import from_base64, from_rot13
from gateway.text.fold import Fold
from gateway.text.hidden import clean
from gateway.text.homoglyphs import Homoglyphs
from gateway.text.lexicon import Lexicon
from gateway.text.markup import without_markup
from gateway.text.references import from_references
from gateway.text.tables import Tables
from gateway.text.tracked import Tracked
from gateway.text.turned import from_turned

_LAYERS = 3  # of encoding that are undone, one inside the other


class Normaliser:
    """Makes the three forms of a text. Built once; it keeps nothing but tables. Time and memory are
    linear in the text; the longest expansion is that of NFKC, 18 characters for one."""

    __slots__ = ("_fold", "_homoglyphs", "_lexicon")

    def __init__(self, tables: Tables, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._fold = Fold(tables, lexicon)
        self._homoglyphs = Homoglyphs(tables, lexicon)

    def __call__(
        self, text: str, declared: str | None
    ) -> tuple[Mapped, Mapped, Mapped, Counter[str]]:
        """The clean, normalised and folded forms of `text`, and how many code points of each
        kind of hiding were undone."""
        changes: Counter[str] = Counter()
        tracked = clean(Tracked.of(text), changes)
        published = tracked.mapped()
        read = self._undo_hiding(tracked, declared, changes)
        normalised = published if read is tracked else read.mapped()
        folded = self._fold(read, changes)
        if folded.starts is read.starts:
            return published, normalised, _same_offsets(folded.text, normalised), changes
        return published, normalised, folded.mapped(), changes

    def _undo_hiding(
        self, tracked: Tracked, declared: str | None, changes: Counter[str]
    ) -> Tracked:
        """The normalised form: lookalikes and encodings undone, up to _LAYERS times, then markup,
        posing capitals and rot13."""
        tracked = from_turned(tracked, self._lexicon, changes)
        for _ in range(_LAYERS):
            if not tracked.text.isascii():
                tracked = self._homoglyphs(compat(tracked, changes), declared, changes)
            decoded = self._decode_codes(tracked, changes)
            if decoded is tracked:
                break
            tracked = decoded
        tracked = without_markup(tracked, changes)
        tracked = without_posing_capitals(tracked, self._lexicon, changes)
        return from_rot13(tracked, self._lexicon, changes)

    def _decode_codes(self, tracked: Tracked, changes: Counter[str]) -> Tracked:
        decoded = from_references(tracked, changes)
        if decoded is not tracked:
            decoded = clean(decoded, changes)  # hidden characters may have been written as codes
        return from_base64(decoded, self._lexicon, changes)


def _same_offsets(text: str, form: Mapped) -> Mapped:
    return Mapped(text, form.origins, form.ends)
