"""The visible label: one for all notices, at the start, and one more for those at the end.

Short: "[AI · Ad] Hello". Long: "🤖 AI · Ad · I am an AI speaking on behalf of …" on a line of its
own; that of a person's words, "👤 A person is writing now, …". Where label and text run in
different directions the label also has its own line: a line break begins a new paragraph of the
bidirectional algorithm (UAX #9), so neither disturbs the other, and no invisible control
characters are needed.
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

_DOT = " · "
_MACHINE, _PERSON = "🤖 ", "👤 "
_UNSPACED = ("ja", "zh")  # sentences follow each other without a space
_BRACKETS = re.compile(r"\[([^\[\]\n]{1,120})\]")
_BY_URGENCY = (
    NoticeKind.AI_ANSWER,
    NoticeKind.AI_REMINDER,
    NoticeKind.AI,
    NoticeKind.AI_PUBLIC,
)
"""Of several notices that say "AI" the first here gives the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredNotice:
    """One notice that obligations ask for, with every rule that does."""

    notice: str
    position: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What stands before and after the avatar's words, separators included."""

    start: str
    end: str
    notices: tuple[Notice, ...]

    def around(self, words: str) -> str:
        return self.start + words + self.end


def asked(obligations: Iterable[Obligation]) -> tuple[RequiredNotice, ...]:
    """The notices that DISCLOSE obligations ask for, each once, in the order of labels. One that
    is asked for at both ends stands at the start. Raises StageUndefined for an unknown one."""
    rules: dict[str, set[str]] = {}
    positions: dict[str, set[str]] = {}
    for one in obligations:
        if one.kind is not ObligationKind.DISCLOSE:
            continue
        notice, position = one.params.get("notice"), one.params.get("position", "start")
        if notice not in NOTICES or position not in tuple(NoticePosition):
            raise StageUndefined(Stage.DISCLOSE, f"unknown notice or position ({one.rules[0]})")
        rules.setdefault(notice, set()).update(one.rules)
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
    """Words labels for one message. `language` is one that `wording` has; `creator` is a plain
    name (see wording.plain_name)."""

    wording: Wording
    language: str
    jurisdictions: tuple[str, ...]
    creator: str

    def label(
        self, notices: Sequence[RequiredNotice], words: str, *, sentences: Collection[str]
    ) -> Label:
        """The label for `words`. Notices in `sentences` are said in full, the others as tags."""
        first = [one for one in notices if one.position == "start"]
        last = [one for one in notices if one.position == "end"]
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
        if not notices:
            return "", ()
        names = [one.notice for one in notices]
        tags = self._tags(names)
        said: dict[str, str] = {}
        if (chosen := next((n for n in _BY_URGENCY if n in names and n in sentences), None)) and (
            sentence := self._words(chosen).sentence
        ):
            # One sentence says it for all notices of its kind.
            spoken = sentence.replace("{creator}", self.creator)
            said |= {name: spoken for name in names if name in AI_NOTICES}
        for name in (HUMAN_NOTICE, NoticeKind.TAKE_A_BREAK.value):
            if name in names and name in sentences:
                said[name] = self._words(name).sentence or ""
                del tags[name]
        shown = tuple(
            Notice(
                notice=one.notice,
                text=said.get(one.notice) or tags[one.notice],
                position=one.position,
                rules=one.rules,
            )
            for one in notices
        )
        icon = _PERSON if HUMAN_NOTICE in names else _MACHINE
        return self._text(tags, tuple(dict.fromkeys(said.values())), icon), shown

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
            tags[name] = _DOT.join((tag, *missing))
        return tags

    def _text(self, tags: Mapping[str, str], sentences: Sequence[str], icon: str) -> str:
        heading = _DOT.join(dict.fromkeys(tags.values()))
        if not sentences:
            return f"[{heading}]" if heading else ""
        spoken = ("" if self.language in _UNSPACED else " ").join(sentences)
        return icon + _DOT.join(filter(None, (heading, spoken)))

    def _words(self, notice: str) -> NoticeWords:
        return self.wording.notices[self.language][notice]


def bare(
    text: str, label: Label, notices: Sequence[RequiredNotice], wording: Wording
) -> tuple[int, int]:
    """The span of `text` without labels like the one it is about to get, so that a text that
    comes back is not labelled twice, and without combining marks that would sit on the label.
    A bracket that says more than `notices` stays: it may be the only one that says it."""
    wanted = {one.notice for one in notices if one.position == "start"}
    start, end = label.start.strip(), label.end.strip()
    first, last = _skip(text, 0), len(text.rstrip())
    while first < last:
        if start and text.startswith(start, first):
            first += len(start)
        elif (match := _BRACKETS.match(text, first)) and _says(match.group(1), wanted, wording):
            first = match.end()
        else:
            break
        first = _skip(text, first)
    while end and text.endswith(end, first, last):
        last = first + len(text[first : last - len(end)].rstrip())
    return min(first, last), last


def _skip(text: str, at: int) -> int:
    """Past white space and combining marks."""
    while at < len(text) and (text[at].isspace() or category(text[at]) in ("Mn", "Me")):
        at += 1
    return at


def _says(inside: str, wanted: Collection[str], wording: Wording) -> bool:
    """Whether each tag of a bracket says one of the `wanted` notices, in any language."""
    return all(
        any(tag == words[notice].tag for words in wording.notices.values() for notice in wanted)
        or any(tag == words.get(notice) for words in wording.mandated.values() for notice in wanted)
        for tag in inside.split(_DOT)
    )


def _gap(block: str, words: str) -> str:
    """Between label and words: long labels, and those in another direction, have their line."""
    if block.startswith((_MACHINE, _PERSON)) or _right_to_left(block) is not _right_to_left(words):
        return "\n"
    return " "


def _right_to_left(text: str) -> bool:
    """The direction of a paragraph: that of its first strong character (UAX #9, P2, P3)."""
    for character in text:
        kind = bidirectional(character)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False
