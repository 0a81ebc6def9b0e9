"""The words of labels and of replaced messages, read from the data files beside this one."""

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
NOTICES: tuple[str, ...] = tuple(notice.value for notice in NoticeKind)
"""Every notice, in the order in which labels show them."""
TEMPLATES: tuple[str, ...] = tuple(template.value for template in ReplacementTemplate)
FALLBACK = "en"
_MAX_NAME = 60
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """One notice in one language. `sentence` is None where a tag says it all."""

    tag: str
    sentence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of all notices, by language.

    `notices[language][notice]`; `mandated[jurisdiction][notice]` are words that the law there
    asks for; `templates[language][template]` is (long, short); `lines[jurisdiction]` a crisis
    line, `elsewhere` the one for everyone else.
    """

    notices: Mapping[str, Mapping[str, NoticeWords]]
    mandated: Mapping[str, Mapping[str, str]]
    templates: Mapping[str, Mapping[str, tuple[str, str]]]
    lines: Mapping[str, str]
    elsewhere: str

    def language(self, tag: str) -> str:
        """The language to word a notice in, for BCP 47 `tag`: its primary subtag, or English."""
        primary = tag.replace("_", "-").split("-", 1)[0].lower()
        return primary if primary in self.notices else FALLBACK

    def required(self, notice: str, jurisdictions: Sequence[str]) -> tuple[str, ...]:
        """Words that these jurisdictions (ISO 3166, also subdivisions) ask for, sorted."""
        countries = {place for code in jurisdictions for place in around(code)}
        return tuple(
            words[notice]
            for country, words in sorted(self.mandated.items())
            if country in countries and notice in words
        )

    def line(self, jurisdictions: Sequence[str]) -> str:
        """The crisis line of the first jurisdiction that has one."""
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
    """Read and check the shipped words. Raises ConfigurationError naming what is wrong."""
    notices, replacements = _read("wording.yaml"), _read("replacements.yaml")
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
    """A display name as it may stand inside a label: one line, nothing hidden or directional,
    at most 60 code points."""
    shown = "".join(
        character for character in normalize("NFC", name) if category(character) not in _HIDDEN
    )
    return _SPACES.sub(" ", shown).strip()[:_MAX_NAME].strip() or fallback


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})


def _read(name: str) -> Any:
    text = (files("gateway.disclosure") / name).read_text(encoding="utf-8")
    if not is_normalized("NFC", text):
        raise ConfigurationError(name, "is not in NFC", "Save it in that form.")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe one, in C where there is one
