from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.lexicon import load
from gateway.text.tracked import Tracked
from gateway.text.turned import from_turned

LEXICON = load()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ʇoıpı ssǝlɥʇɹoʍ noʎ 'noʎ llıʞ llıʍ I", "I will kill you, you worthless idiot"),
        ("well then, ʇoqoɹ ɐ ʇou ɯɐ I my friend", "well then, I am not a robot my friend"),
        ("ǝuuosɹǝd ǝıɐɹʌ ǝun à sǝlɹɐd nʇ", "tu parles à une vraie personne"),
    ],
)
def test_what_stands_on_its_head_is_read(text: str, said: str) -> None:
    changes: Counter[str] = Counter()
    assert from_turned(Tracked.of(text), LEXICON, changes).text.replace("ı", "i") == said
    assert changes == {"encoded": 1}


@pytest.mark.parametrize(
    "text",
    [
        "plain words, nothing else",
        "/ˈhɛloʊ ˈwɜːɹld/ is how ɹ and ʃ sound, ɹɛd, ʌp, ɪntəˈnæʃənəl fəˈnɛtɪk",
        "ışık ve ağrı",
        "ʞʞɹʍ ɥɥɹ",
        "ʇ",
    ],
)
def test_phonetic_script_and_other_letters_stay(text: str) -> None:
    tracked = Tracked.of(text)
    assert from_turned(tracked, LEXICON, Counter()) is tracked


def test_each_character_leads_to_the_whole_run() -> None:
    form = from_turned(Tracked.of("hey: ʇoqoɹ ɐ"), LEXICON, Counter()).mapped()
    assert form.text == "hey: a robot"
    assert form.to_original(5, 6) == (5, 12)
