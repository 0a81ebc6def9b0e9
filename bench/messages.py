"""The twenty-word messages that every comparison runs on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from gateway.model.submission import Channel, Submission

MESSAGES: Final = (
    "Thanks for watching the stream last night, the final boss took us four tries and everyone "
    "in the chat went completely wild",
    "My favourite part of the new album is the bridge in the third song, what did you think "
    "of the drums there",
    "I usually start with ten minutes of stretching, then squats and lunges, and I finish with "
    "a slow walk around the park",
    "For the pancakes you need two eggs, a cup of flour, some milk and patience, and please do "
    "not flip them too early",
    "The next video is about how I edit on a small laptop, with free tools and keyboard shortcuts "
    "that save hours every week",
    "Honestly the ending of that game surprised me, I had to put the controller down and take a "
    "long walk before writing about it",
    "We are reading your comments together every Sunday, so leave your questions below and I will "
    "pick the funniest ones for the show",
    "If you liked the painting, the colours come from a trip along the coast in autumn, when the "
    "light is low and very warm",
)
"""Ordinary talk, twenty to twenty-four words each."""


def direct(text: str, *, language: str | None = None) -> Submission:
    """A direct message that is nothing but `text`."""
    return Submission(
        message_id="m",
        tenant="t",
        channel=Channel.DM,
        creator="c",
        avatar="a",
        conversation="v",
        text=text,
        received_at=datetime(2026, 9, 1, tzinfo=UTC),
        language=language,
    )


def submission(number: int) -> dict[str, Any]:
    """The wire form of message `number`, each in a conversation of its own."""
    return {
        "channel": ("dm", "group", "comment", "live", "space")[number % 5],
        "creator": "bench",
        "avatar": "bench-twin",
        "conversation": f"conversation-{number}",
        "audience": {"id": f"person-{number}", "minor": "no", "jurisdictions": ["FR", "US-CA"]},
        "text": MESSAGES[number % len(MESSAGES)],
        "human_text": "That was great, tell me more!",
    }
