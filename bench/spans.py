"""Labelled spans: reading them, and matching found spans with them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from bench.figure import labelled_data

Span = tuple[str, int, int]
"""Kind, start and end."""

_OVERLAP = 0.5  # share of the union that two spans must have in common
_GLUED_TO_NEXT = frozenset("@#([{$_/“")
_GLUED_TO_LAST = re.compile(r"[.,!?:;)\]}…%_/]+|n't|'[a-z]{1,2}")
_SHORTENED = re.compile(r"[a-z]{1,2}", re.IGNORECASE)


def matched(labels: Sequence[Span], found: Sequence[Span]) -> int:
    """The number of `found` spans that match a label: of the same kind, with an overlap of more
    than half of their union. Each label is matched once."""
    left = list(found)
    right = 0
    for kind, start, end in labels:
        for label in left:
            shared = min(end, label[2]) - max(start, label[1])
            if label[0] == kind and shared > _OVERLAP * (max(end, label[2]) - min(start, label[1])):
                left.remove(label)
                right += 1
                break
    return right


def synthetic_persons() -> list[tuple[int, str, list[Span]]]:
    """Template, text and the names in the text, from synth_dataset_v2. Raises DataMissing."""
    documents = json.loads(labelled_data("pii/synth_dataset_v2.json").read_text("utf-8"))
    return [
        (
            document["template_id"],
            document["full_text"],
            [
                ("PERSON", span["start_position"], span["end_position"])
                for span in document["spans"]
                if span["entity_type"] == "PERSON"
            ],
        )
        for document in documents
    ]


def social_persons() -> list[tuple[str, list[Span]]]:
    """WNUT-17 messages, with their tokens joined as people write them, and the names in each.
    Raises DataMissing."""
    blocks = labelled_data("pii/wnut17.test.conll").read_text("utf-8").split("\n\n")
    messages = []
    for block in blocks:
        rows = [tuple(row.split("\t")) for row in block.splitlines() if row.strip()]
        if rows:
            messages.append(_together([(token, label) for token, label in rows]))
    return messages


def _together(rows: Sequence[tuple[str, str]]) -> tuple[str, list[Span]]:
    text = ""
    spans: list[Span] = []
    before = ""
    for at, (token, label) in enumerate(rows):
        following = rows[at + 1][0] if at + 1 < len(rows) else ""
        apostrophe = token in {"'", "’"} and before.isalpha() and _SHORTENED.fullmatch(following)
        glued = before in _GLUED_TO_NEXT or _GLUED_TO_LAST.fullmatch(token)
        if text and not glued and not apostrophe:
            text += " "
        start = len(text)
        text += token
        if label == "B-person":
            spans.append(("PERSON", start, len(text)))
        elif label == "I-person":
            spans[-1] = ("PERSON", spans[-1][1], len(text))
        before = "@" if apostrophe else token  # no space on either side of it
    return text, spans
