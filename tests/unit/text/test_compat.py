from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.compat import compat
from gateway.text.tracked import Tracked


@pytest.mark.parametrize(
    ("text", "expected", "changes"),
    [
        ("ｋｉｌｌ ７", "kill 7", {"full_width": 5}),
        ("好的，走！", "好的,走!", {}),
        ("𝓴ⓘ🅻🄻 ⒤ᴋ", "kiLL ik", {"styled": 6}),
        ("ɡo", "go", {"homoglyph": 1}),
        ("🇫🇺🇨🇰", "FUCK", {"styled": 4}),
        ("🇫🇷 🇺🇸🇬🇧", "🇫🇷 🇺🇸🇬🇧", {}),
        ("0️⃣6⃣ 🔟", "06 10", {}),
        ("٠٦١٢ १२ ¼", "0612 12 1/4", {}),
        ("②❷⁷", "227", {"styled": 2}),
        ("“a” ‘b’ «c» d–e‑f", '"a" \'b\' "c" d-e-f', {}),
        ("l’été", "l'été", {}),
        ("a\xa0b\u2003c\u2800d", "a b c d", {}),
        ("ﬁn œuvre ﷲ", "fin œuvre الله", {}),
        ("ｶﾞ", "ガ", {}),
        ("k̶i̷ll", "kill", {"combining": 2}),
        ("é" + "\u0321\u0334\u0322", "e", {"combining": 3}),
        ("각" + "\u0301" * 3, "각", {"combining": 3}),
        ("Ẹ̀kọ́", "Ẹ̀kọ́", {}),
        ("👩\u200d👧 ❤\ufe0f", "👩👧 ❤", {}),
        ("¨ ´", "¨ '", {}),
        ("นำ", "นำ", {}),
        ("№ 5 ™ 1º", "No 5 TM 1o", {}),
        ("mail。com", "mail.com", {}),
    ],
)
def test_compatibility_forms(text: str, expected: str, changes: dict[str, int]) -> None:
    seen: Counter[str] = Counter()
    assert compat(Tracked.of(text), seen).text == expected
    assert seen == Counter(changes)


def test_calm_text_is_left_as_it_is() -> None:
    tracked = Tracked.of("Ça va 好的 привет مرحبا")
    assert compat(tracked, Counter()) is tracked


def test_a_stack_of_marks_goes_with_its_letter() -> None:
    text = "ab" + "\u0334" * 4 + "c"
    mapped = compat(Tracked.of(text), Counter()).mapped()
    assert mapped.text == "abc"
    assert mapped.to_original(1, 2) == (1, 6)
