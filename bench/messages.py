"""The twenty-word messages that every comparison uses: DISTINCT different ones, and eight that are
repeated."""

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

_OPENINGS: Final = (
    "Thanks for watching the stream last night,",
    "My sister finally tried the lemon tart,",
    "We moved the rehearsal to Thursday evening,",
    "The garden looks wonderful after the rain,",
    "I repainted the old bicycle bright orange,",
    "Our train stopped in a tiny village,",
    "The second season begins in early spring,",
    "Somebody asked about my favourite camera lens,",
    "The bakery downstairs has new rye bread,",
    "I learnt three chords on the ukulele,",
    "Yesterday we climbed the hill before sunrise,",
    "The museum opened a room for maps,",
    "My grandmother knitted these striped winter socks,",
    "The puzzle took us an entire weekend,",
    "I cleaned the attic with loud music,",
    "Our little team won the charity quiz,",
    "The ferry was late because of fog,",
    "I started a notebook for small victories,",
    "The orchestra played outdoors for two hours,",
    "We adopted a shy grey kitten today,",
    "The recipe needs ginger and brown sugar,",
    "I finished the novel on the balcony,",
    "The new track has a slower chorus,",
    "We built a telescope from a kit,",
)
_MIDDLES: Final = (
    "and the whole chat went completely wild",
    "so dinner smelled of cinnamon and butter",
    "which gave everyone time to practise more",
    "and two snails crossed the stone path",
    "because plain metal seemed far too boring",
    "where a kind farmer offered us pears",
    "and the writers promise a calmer story",
    "so here is a short honest answer",
    "and the queue reached the next corner",
    "though my fingers still hurt a bit",
    "and the valley was full of mist",
    "with drawings that sailors made by hand",
    "in colours that nobody else would choose",
    "since half of it was blue sky",
    "and found letters from my school days",
    "thanks to one question about river otters",
    "so we played cards near the window",
    "and the first page is about patience",
    "until the lamps in the park came on",
    "who sleeps inside my guitar case now",
    "but please keep the oven door shut",
    "while the neighbours practised their slow waltz",
    "that I wrote during a long flight",
    "and saw the rings of Saturn twice",
)
_CLOSINGS: Final = (
    "what would you have done there?",
    "tell me about your own attempts.",
    "I will post pictures on Sunday.",
    "it made the week much lighter.",
    "and honestly it was worth it.",
    "next time bring a warm jacket.",
    "the full story is coming soon.",
    "please send me your best tips.",
    "my brother laughed the whole way.",
    "small things like that keep me going.",
    "I still cannot believe our luck.",
    "which part did you like most?",
    "we should do it again sometime.",
    "there is a longer video about it.",
    "leave your guesses in the comments.",
    "the details are in my newsletter.",
    "nobody expected it to end well.",
    "and now the kettle is boiling.",
    "that was my highlight this month.",
    "I hope your day went smoothly.",
    "let me know if you agree.",
    "the weather could not have been better.",
    "a few of you were even there.",
    "so the plan for tomorrow is rest.",
)
DISTINCT: Final = len(_OPENINGS) * len(_MIDDLES) * len(_CLOSINGS)


def message(number: int) -> str:
    """An ordinary message of 20 to 22 words, a different one for each number below DISTINCT; two
    consecutive ones share no part."""
    opening = number % len(_OPENINGS)
    middle = number // len(_OPENINGS) + opening
    closing = number // (len(_OPENINGS) * len(_MIDDLES)) + middle
    return (
        f"{_OPENINGS[opening]} {_MIDDLES[middle % len(_MIDDLES)]}, "
        f"{_CLOSINGS[closing % len(_CLOSINGS)]}"
    )


def direct(text: str, *, language: str | None = None) -> Submission:
    """A direct message with nothing but `text`."""
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


def submission(number: int, *, again: bool = False) -> dict[str, Any]:
    """The wire form of message `number`, each in a conversation of its own. With `again`, one of
    the eight repeated messages."""
    return {
        "channel": ("dm", "group", "comment", "live", "space")[number % 5],
        "creator": "bench",
        "avatar": "bench-twin",
        "conversation": f"conversation-{number}",
        "audience": {"id": f"person-{number}", "minor": "no", "jurisdictions": ["FR", "US-CA"]},
        "text": MESSAGES[number % len(MESSAGES)] if again else message(number),
        "human_text": "That was great, tell me more!",
    }
