"""The words of labels and of replacement texts, read from the data files beside this one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from unicodedata import category, is_normalized, normalize

import yaml

from gateway.errors import ConfigurationError
from gateway.jurisdictions import around
from gateway.model.disclosure import NoticeKind, ReplacementTemplate

AI_NOTICES: tuple[str, ...] = (
    NoticeKind.AI.value,
    NoticeKind.AI_REMINDER.value,
    NoticeKind.AI_ANSWER.value,
    NoticeKind.AI_PUBLIC.value,
)
"""Notices that say that an AI is talking."""
HUMAN_NOTICE: str = NoticeKind.HUMAN.value
"""The notice that says that a person is talking."""
NOTICES: tuple[str, ...] = tuple(notice.value for notice in NoticeKind)
"""Every notice, in the order in which labels show them."""
TEMPLATES: tuple[str, ...] = tuple(template.value for template in ReplacementTemplate)
"""Every replacement text, in the order of precedence."""
FALLBACK = "en"
"""Language of labels for texts in a language without words of its own."""
_MAX_NAME = 60
"""Code points of a creator's name in a label; the rest is cut."""
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """One notice in one language. `sentence` is None for a notice that has only a tag."""

    tag: str
    sentence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of all notices, by language.

    The keys are `notices[language][notice]`; `mandated[jurisdiction][notice]`, the words that the
    law there asks for; `templates[language][template]`, as (long, short); `lines[jurisdiction]`, a
    crisis line; `elsewhere` is the crisis line for all other jurisdictions.
    """

    notices: Mapping[str, Mapping[str, NoticeWords]]
    mandated: Mapping[str, Mapping[str, str]]
    templates: Mapping[str, Mapping[str, tuple[str, str]]]
    lines: Mapping[str, str]
    elsewhere: str

    def language(self, tag: str) -> str:
        """The language of notices for the BCP 47 `tag`: its primary subtag, or FALLBACK."""
        primary = tag.replace("_", "-").split("-", 1)[0].lower()
        return primary if primary in self.notices else FALLBACK

    def required(self, notice: str, jurisdictions: Sequence[str]) -> tuple[str, ...]:
        """The words that the law of these jurisdictions (ISO 3166, also subdivisions) asks for,
        sorted by country."""
        countries = {place for code in jurisdictions for place in around(code)}
        return tuple(
            words[notice]
            for country, words in sorted(self.mandated.items())
            if country in countries and notice in words
        )

    def line(self, jurisdictions: Sequence[str]) -> str:
        """The crisis line of the first jurisdiction that has one, else `elsewhere`."""
        for code in jurisdictions:
            for place in around(code):
                if line := self.lines.get(place):
                    return line
        return self.elsewhere

    def replacement(
        self, template: str, tag: str, *, jurisdictions: Sequence[str], creator: str
    ) -> tuple[str, str]:
        """The long and the short text of `template`. Raises KeyError for an unknown one."""
        long, short = self.templates[self.language(tag)][template]
        line = self.line(jurisdictions)
        return (
            long.replace("{line}", line).replace("{creator}", creator),
            short.replace("{line}", line),
        )


def load_wording() -> Wording:
    """Read and check the shipped words. Raises ConfigurationError."""
    notices, replacements = _read_yaml("wording.yaml"), _read_yaml("replacements.yaml")
    languages = {
        language: {
            notice: NoticeWords(tag=words["tag"], sentence=words.get("sentence"))
            for notice, words in table.items()
        }
        for language, table in notices["languages"].items()
    }
    templates = {
        language: {name: (texts["long"], texts["short"]) for name, texts in table.items()}
        for language, table in replacements["languages"].items()
    }
    for language, table in languages.items():
        if tuple(table) != NOTICES or tuple(templates.get(language, ())) != TEMPLATES:
            raise ConfigurationError(
                f"the wording of {language!r}", "is not complete", "Give every notice and template."
            )
    return Wording(
        notices=languages,
        mandated=notices["jurisdictions"],
        templates=templates,
        lines={code: line["text"] for code, line in replacements["lines"].items()},
        elsewhere=replacements["elsewhere"]["text"],
    )


def plain_name(name: str, fallback: str) -> str:
    """A display name made fit for a label: on one line, without invisible or directional
    characters, at most 60 code points; `fallback` when nothing is left."""
    shown = "".join(
        character
        for character in normalize("NFC", name)
        if category(character) not in _INVISIBLE_CATEGORIES
    )
    return _SPACES.sub(" ", shown).strip()[:_MAX_NAME].strip() or fallback


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})


def _read_yaml(name: str) -> Any:
    text = (files("gateway.disclosure") / name).read_text(encoding="utf-8")
    if not is_normalized("NFC", text):
        raise ConfigurationError(name, "is not in NFC", "Save it in that form.")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, in C when available
