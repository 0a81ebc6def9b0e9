from __future__ import annotations

import base64
import codecs
from collections import Counter

import pytest

from gateway.text.encoded import from_base64, from_rot13
from gateway.text.lexicon import load
from gateway.text.reader import TextReader
from gateway.text.tracked import Tracked

LEXICON = load()
READER = TextReader()


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "said",
    ["I am a real person", "holy shit", "傻逼", "他妈的", "j.smith@example.com", "06 12 34 56 78",
     "je veux mourir ce soir, très vite", "fuck"],
)  # fmt: skip
def test_base64_is_read_as_what_it_says(said: str) -> None:
    changes: Counter[str] = Counter()
    text = f"see {encode(said)} there"
    read = from_base64(Tracked.of(text), LEXICON, changes).mapped()
    assert read.text == f"see {said} there"
    assert read.to_original(4, 4 + len(said)) == (4, 4 + len(encode(said)))
    assert read.to_original(5, 6) == (4, 4 + len(encode(said)))
    assert changes == {"encoded": 1}


@pytest.mark.parametrize(
    "text",
    [
        "together everything understand",
        "WonderfulDayEverybody #ThisIsALongHashtag",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",  # the head of a signed token: JSON
        "sk-proj-a1b2c3d4e5f6a7b8c9d0e1f2",
        "d41d8cd98f00b204e9800998ecf8427e",
        "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        "https://example.com/watch?v=dQw4w9WgXcQ",
        "a=b x== y=",
        "short",
    ],
)
def test_what_says_nothing_stays(text: str) -> None:
    tracked = Tracked.of(text)
    assert from_base64(tracked, LEXICON, Counter()) is tracked


def test_layers_are_undone_and_their_number_is_bounded() -> None:
    text = "what an asshole you are"
    for _ in range(3):
        text = encode(text)
    assert READER(text, "en").folded.text == "what an asshole you are"
    assert READER(encode(encode(text)), "en").folded.text != "what an asshole you are"


def test_full_width_base64_is_read_too() -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in encode("what an asshole"))
    assert READER(wide, "en").folded.text == "what an asshole"


def test_rot13_is_undone_where_it_is_named() -> None:
    changes: Counter[str] = Counter()
    text = "ROT13: " + codecs.encode("what an asshole Zyx", "rot13") + " my friend"
    assert from_rot13(Tracked.of(text), LEXICON, changes).text == (
        "ROT13: what an asshole Zyx my friend"
    )
    assert changes == {"encoded": 4}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rot13: SE76 3000 6000 0112 3456 7890 189 ok", "FR76 3000 6000 0112 3456 7890 189"),
        ("ROT-13 QR89370400440532013000", "DE89370400440532013000"),
        ("rot13 TO82 JRFG 1234 5698 7654 32 naq zber", "GB82 WEST 1234 5698 7654 32"),
    ],
)
def test_an_account_is_turned_where_its_checksum_says_so(written: str, said: str) -> None:
    assert said in from_rot13(Tracked.of(written), LEXICON, Counter()).text


@pytest.mark.parametrize(
    "text",
    ["rot13: FR76 3000 6000 0112 3456 7890 189", "rot13: SE76 3000 6000 0112 3456 7890 188",
     "rot13 AB12 3456 7890 1234 5678", "rot13 " + "AB12 " * 2000],
)  # fmt: skip
def test_other_numbers_after_a_mention_of_rot13_stay(text: str) -> None:
    tracked = Tracked.of(text)
    assert from_rot13(tracked, LEXICON, Counter()) is tracked


@pytest.mark.parametrize(
    "text",
    ["rot13 is a cipher that turns letters", "jung na nffubyr", "rot13", "rot13: fuck you"],
)
def test_rot13_leaves(text: str) -> None:
    tracked = Tracked.of(text)
    assert from_rot13(tracked, LEXICON, Counter()) is tracked
