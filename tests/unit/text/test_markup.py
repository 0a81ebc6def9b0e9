from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.markup import without_markup
from gateway.text.tracked import Tracked


def read(text: str) -> tuple[str, int]:
    changes: Counter[str] = Counter()
    return without_markup(Tracked.of(text), changes).text, changes["markup"]


@pytest.mark.parametrize(
    ("text", "shown", "inside"),
    [
        ("ki<b></b>ll", "kill", 0),
        ("k<b>il</b>l", "kill", 2),
        ("k<B CLASS='x' style=color:red>il</B>l", "kill", 2),
        ("4111<wbr> 1111<wbr/>1111", "4111 11111111", 1),
        ("k<!-- -->ill k<!--x-->ill", "kill kill", 2),
        ("k**il**l", "kill", 2),
        ("**k**ill", "kill", 1),
        ("id__io__t k||il||l k~~il~~l k`il`l", "idiot kill kill kill", 8),
        ("john**@**example.com", "john@example.com", 2),
        ("<b>hello</b> there<br>you", "hello there you", 0),
        ("john\\@example\\.com", "john@example.com", 0),
    ],
)
def test_what_a_page_does_not_show_is_not_read(text: str, shown: str, inside: int) -> None:
    assert read(text) == (shown, inside)


@pytest.mark.parametrize(
    "text",
    [
        "I <3 you, 5 < 6 > 4, a<b and c>d",
        "<john@example.com> <https://example.org> <alice>",
        '<a href="mailto:john@example.com">',
        '<b title="I am a real person">',
        "<b data-x=0612345678> <b data-x=061 data-y=234>",
        "<!-- call 06 12 34 56 78 --> <!-- I am a real person -->",
        "<script>x</script> <img alt=x>",
        "the __init__ method, **bold** and `code`",
        "a **b c",
        "C:\\users",
    ],
)
def test_what_says_something_or_stands_around_words_stays(text: str) -> None:
    tracked = Tracked.of(text)
    assert without_markup(tracked, Counter()) is tracked


def test_a_span_over_what_was_dropped_covers_it() -> None:
    form = without_markup(Tracked.of("4111<b></b> 1111"), Counter()).mapped()
    assert form.text == "4111 1111"
    assert form.to_original(0, 9) == (0, 16)
