"""The visible label: one for all notices at the start of a text, and one for those at its end.

The short form is "[AI · Ad] Hello". The long form has a line of its own: "🤖 AI · Ad · I am an AI
speaking on behalf of …" or, for a person's words, "👤 A person is writing now, …". A label that
runs in another direction than the text has its own line as well: a line break begins a new
paragraph of the bidirectional algorithm (UAX #9), so that neither reorders the other, without
invisible control characters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import bidirectional, category

from gateway.disclosure.wording import AI_NOTICES, HUMAN_NOTICE, NOTICES, NoticeWords, Wording
from gateway.errors import StageUndefined
from gateway.model.disclosure import Notice, NoticeKind, NoticePosition
from gateway.model.finding import Stage
from gateway.model.obligation import Obligation, ObligationKind

_SEPARATOR = " · "
_AI_ICON, _PERSON_ICON = "🤖 ", "👤 "
_UNSPACED = ("ja", "zh")  # sentences follow each other without a space
_BRACKETS = re.compile(r"\[([^\[\]\n]{1,120})\]")
_BY_URGENCY = (
    NoticeKind.AI_ANSWER,
    NoticeKind.AI_REMINDER,
    NoticeKind.AI,
    NoticeKind.AI_PUBLIC,
)
"""The notices that say "AI", most urgent first: the first of several gives the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredNotice:
    """One notice that obligations ask for, with all rules that ask for it."""

    notice: str
    position: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The texts before and after the avatar's words, separators included."""

    start: str
    end: str
    notices: tuple[Notice, ...]

    def around(self, words: str) -> str:
        return self.start + words + self.end


def asked(obligations: Iterable[Obligation]) -> tuple[RequiredNotice, ...]:
    """The notices that DISCLOSE obligations ask for, each once, in the order in which labels show
    them. A notice that is asked for at both ends is put at the start. Raises StageUndefined for an
    unknown notice or position."""
    rules: dict[str, set[str]] = {}
    positions: dict[str, set[str]] = {}
    for obligation in obligations:
        if obligation.kind is not ObligationKind.DISCLOSE:
            continue
        notice, position = (
            obligation.params.get("notice"),
            obligation.params.get("position", "start"),
        )
        if notice not in NOTICES or position not in tuple(NoticePosition):
            raise StageUndefined(
                Stage.DISCLOSE, f"unknown notice or position ({obligation.rules[0]})"
            )
        rules.setdefault(notice, set()).update(obligation.rules)
        positions.setdefault(notice, set()).add(position)
    return tuple(
        RequiredNotice(
            notice=notice,
            position="start" if "start" in positions[notice] else "end",
            rules=tuple(sorted(rules[notice])),
        )
        for notice in NOTICES
        if notice in rules
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labeller:
    """Makes the labels of one message. `language` is one that `wording` has; `creator` is the
    creator's name from `wording.plain_name`."""

    wording: Wording
    language: str
    jurisdictions: tuple[str, ...]
    creator: str

    def label(
        self, notices: Sequence[RequiredNotice], words: str, *, sentences: Collection[str]
    ) -> Label:
        """The label for `words`. Notices in `sentences` become full sentences, the others tags."""
        first = [required for required in notices if required.position == "start"]
        last = [required for required in notices if required.position == "end"]
        start, shown = self._block(first, sentences)
        end, shown_last = self._block(last, sentences)
        return Label(
            start=start + _gap(start, words) if start else "",
            end=_gap(end, words) + end if end else "",
            notices=(*shown, *shown_last),
        )

    def _block(
        self, notices: Sequence[RequiredNotice], sentences: Collection[str]
    ) -> tuple[str, tuple[Notice, ...]]:
        """The text of the label at one end, and the notices as it words them."""
        if not notices:
            return "", ()
        names = [required.notice for required in notices]
        tags = self._tags(names)
        sentence_of: dict[str, str] = {}
        if (chosen := next((n for n in _BY_URGENCY if n in names and n in sentences), None)) and (
            sentence := self._words(chosen).sentence
        ):
            # One sentence is enough for all notices that say "AI".
            spoken = sentence.replace("{creator}", self.creator)
            sentence_of |= {name: spoken for name in names if name in AI_NOTICES}
        for name in (HUMAN_NOTICE, NoticeKind.TAKE_A_BREAK.value):
            if name in names and name in sentences:
                sentence_of[name] = self._words(name).sentence or ""
                del tags[name]
        shown = tuple(
            Notice(
                notice=required.notice,
                text=sentence_of.get(required.notice) or tags[required.notice],
                position=required.position,
                rules=required.rules,
            )
            for required in notices
        )
        icon = _PERSON_ICON if HUMAN_NOTICE in names else _AI_ICON
        sentences_once = tuple(dict.fromkeys(sentence_of.values()))
        return self._label_text(tags, sentences_once, icon), shown

    def _tags(self, names: Sequence[str]) -> dict[str, str]:
        """The tag of each notice. All that say "AI" share one tag, the fullest."""
        ai = [name for name in names if name in AI_NOTICES]
        tags = {}
        for name in names:
            public = NoticeKind.AI_PUBLIC.value
            fullest = public if name in ai and public in ai else name
            tag = self._words(fullest).tag
            missing = [
                word
                for word in self.wording.required(name, self.jurisdictions)
                if word.casefold() not in tag.casefold()
            ]
            tags[name] = _SEPARATOR.join((tag, *missing))
        return tags

    def _label_text(self, tags: Mapping[str, str], sentences: Sequence[str], icon: str) -> str:
        heading = _SEPARATOR.join(dict.fromkeys(tags.values()))
        if not sentences:
            return f"[{heading}]" if heading else ""
        spoken = ("" if self.language in _UNSPACED else " ").join(sentences)
        return icon + _SEPARATOR.join(filter(None, (heading, spoken)))

    def _words(self, notice: str) -> NoticeWords:
        return self.wording.notices[self.language][notice]


def bare(
    text: str, label: Label, notices: Sequence[RequiredNotice], wording: Wording
) -> tuple[int, int]:
    """The span of `text` without labels like `label`, so that a text that is submitted again is not
    labelled twice, and without leading combining marks, which would attach to the label. A bracket
    that says more than `notices` stays, since nothing else may say it."""
    wanted = {required.notice for required in notices if required.position == "start"}
    start, end = label.start.strip(), label.end.strip()
    first, last = _skip_space(text, 0), len(text.rstrip())
    while first < last:
        if start and text.startswith(start, first):
            first += len(start)
        elif (match := _BRACKETS.match(text, first)) and _says_only(
            match.group(1), wanted, wording
        ):
            first = match.end()
        else:
            break
        first = _skip_space(text, first)
    while end and text.endswith(end, first, last):
        last = first + len(text[first : last - len(end)].rstrip())
    return min(first, last), last


def _skip_space(text: str, at: int) -> int:
    """The first place from `at` on that is neither white space nor a combining mark."""
    while at < len(text) and (text[at].isspace() or category(text[at]) in ("Mn", "Me")):
        at += 1
    return at


def _says_only(inside: str, wanted: Collection[str], wording: Wording) -> bool:
    """Whether every tag of the bracket `inside` is one of the `wanted` notices, in any language."""
    return all(
        any(tag == words[notice].tag for words in wording.notices.values() for notice in wanted)
        or any(tag == words.get(notice) for words in wording.mandated.values() for notice in wanted)
        for tag in inside.split(_SEPARATOR)
    )


def _gap(block: str, words: str) -> str:
    """The separator of label and words: a line break for long labels and for labels in another
    direction, else a space."""
    is_long = block.startswith((_AI_ICON, _PERSON_ICON))
    if is_long or _right_to_left(block) is not _right_to_left(words):
        return "\n"
    return " "


def _right_to_left(text: str) -> bool:
    """Whether a paragraph runs from right to left: its first strong character decides (UAX #9, P2,
    P3)."""
    for character in text:
        kind = bidirectional(character)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False
