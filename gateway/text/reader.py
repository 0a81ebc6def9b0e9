"""`TextReader`: reads a message into its forms and its language (`ports.Read`)."""

from __future__ import annotations

from gateway.model.text import ReadText, TextChange
from gateway.text.language import Languages, declared_language
from gateway.text.lexicon import load
from gateway.text.normalise import Normaliser
from gateway.text.tables import build


class TextReader:
    """A callable `ports.Read`. Building one takes some 30 ms and loads no model. It never changes
    afterwards, so that any number of threads can share one."""

    __slots__ = ("_languages", "_normalise")

    def __init__(self) -> None:
        self._normalise = Normaliser(build(), load())
        self._languages = Languages()

    def __call__(self, text: str, language: str | None) -> ReadText:
        """The forms and the language of `text`. A well-formed BCP 47 tag in `language` is believed
        (score 1); otherwise the language is detected. Never raises, whatever the text: lone
        surrogates are read as U+FFFD."""
        declared = declared_language(language)
        clean, normalised, folded, changes = self._normalise(text, declared)
        if declared is not None:
            detected, score = declared, 1.0
        else:
            detected, score = self._languages(normalised.text)
        return ReadText(
            original=text,
            clean=clean,
            normalised=normalised,
            folded=folded,
            language=detected,
            language_score=score,
            changes=tuple(TextChange(kind=kind, count=changes[kind]) for kind in sorted(changes)),
        )
