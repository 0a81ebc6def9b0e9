"""Evasion: what was garbled is read, and what would be redacted is what was written."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable

import pytest

from gateway.text.lexicon import load
from gateway.text.normalise import Normaliser
from gateway.text.tables import build

NORMALISE = Normaliser(build(), load())
LATIN = "abcdefghijklmnopqrstuvwxyz"


def _between(separator: str) -> Callable[[str], str]:
    return separator.join


def _styled(first_small: int, first_capital: int | None = None) -> Callable[[str], str]:
    def style(text: str) -> str:
        def one(char: str) -> str:
            if char in LATIN:
                return chr(first_small + LATIN.index(char))
            if first_capital is not None and char.lower() in LATIN:
                return chr(first_capital + LATIN.index(char.lower()))
            return char

        return "".join(map(one, text))

    return style


def _mapped(source: str, target: str) -> Callable[[str], str]:
    return lambda text: text.translate(str.maketrans(source, target))


def _after_each(marks: str) -> Callable[[str], str]:
    return lambda text: "".join(char + marks if char.isalpha() else char for char in text)


def _each_word(separator: str) -> Callable[[str], str]:
    return lambda text: " ".join(separator.join(word) for word in text.split(" "))


ANY_SCRIPT: dict[str, Callable[[str], str]] = {
    "zero width space": _between("\u200b"),
    "zero width joiner": _between("\u200d"),
    "word joiner": _between("\u2060"),
    "soft hyphen": _between("\xad"),
    "override": _between("\u202e"),
    "isolates": _between("\u2068\u2069"),
    "tags": _between("\U000e0068\U000e0069"),
    "variation selectors": _between("\ufe0f"),
    "more variation selectors": _between("\U000e0101\U000e0155"),
    "controls": _between("\x07"),
    "byte order marks": _between("\ufeff"),
    "struck through": _after_each("\u0336"),
    "stacked marks": _after_each("\u0321\u0334\u0322\u0337"),
}
LATIN_SCRIPT: dict[str, Callable[[str], str]] = {
    "full width": _styled(0xFF41, 0xFF21),
    "bold": _styled(0x1D41A, 0x1D400),
    "fraktur": _styled(0x1D586, 0x1D56C),
    "monospace": _styled(0x1D68A, 0x1D670),
    "circled": _styled(0x24D0, 0x24B6),
    "bracketed": _styled(0x249C),
    "negative squared": _styled(0x1F170),
    "regional indicators": lambda text: "".join(
        chr(0x1F1E6 + LATIN.index(char)) + "\u200b" if char in LATIN else char for char in text
    ).rstrip("\u200b"),
    "small capitals": _mapped("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ"),
    "Cyrillic": _mapped("aceopxyi", "асеорхуі"),
    "Greek": _mapped("aov", "αον"),
    "Cherokee": _mapped("ih", "ꭵᏂ"),
    "leet": _mapped("aeio", "4310"),
    "signs": _mapped("as", "@$"),
    "dots": _each_word("."),
    "dashes": _each_word("-"),
    "stars": _each_word("*"),
    "spaces": lambda text: "  ".join(" ".join(word) for word in text.split(" ")),
    "capitals": str.upper,
    "accents": lambda text: "".join(char + "\u0301" if char in "aeiou" else char for char in text),
    "letters held": lambda text: text.replace("i", "iiii").replace("a", "aaaa"),
}
CHINESE: dict[str, Callable[[str], str]] = {
    "stars": _between("*"),
    "dots": _between("·"),
    "spaces": _between(" "),
    "repeats": lambda text: "".join(char * 3 for char in text),
    "compatibility": lambda text: text.replace("死", "死\ufe00"),
}

CASES = [
    *((name, rewrite, text) for name, rewrite in (ANY_SCRIPT | LATIN_SCRIPT).items()
      for text in ("kill yourself", "stupid bastard", "sale connard", "va crever")),
    *((name, rewrite, text) for name, rewrite in (ANY_SCRIPT | CHINESE).items()
      for text in ("傻逼", "去死吧")),
]  # fmt: skip
# What a family leaves behind is stated here, not passed over.
LEFT = {
    ("leet", "va crever"),  # a digit that ends a word is read as a number
    ("leet", "kill yourself"),  # an l for an i and an i for an l
    ("leet", "sale connard"),
    ("signs", "va crever"),
    ("regional indicators", "va crever"),  # the flag of the Vatican
}


@pytest.mark.parametrize(("name", "rewrite", "text"), CASES)
def test_undoes(name: str, rewrite: Callable[[str], str], text: str) -> None:
    if (name, text) in LEFT or rewrite(text) == text:
        return
    before, after = ("look ", " there") if text.isascii() else ("看 ", " 啊")
    garbled = rewrite(text)
    submitted = f"{before}{garbled}{after}"
    clean, _, folded, changes = NORMALISE(submitted, None)
    read = folded.text.replace("  ", " ")
    assert text in read, folded.text
    start = folded.text.index(text.split(" ", maxsplit=1)[0])
    end = start + len(text) + folded.text.count("  ")
    assert folded.to_original(start, end) == (len(before), len(before) + len(garbled))
    span = clean.from_original(len(before), len(before) + len(garbled))
    cut = clean.text[: span[0]] + "[…]" + clean.text[span[1] :]
    assert cut == f"{before}[…]{after}"
    if name not in {"capitals", "accents"}:
        assert changes


@pytest.mark.parametrize(
    "rewrite",
    [
        *(pytest.param(rewrite, id=name) for name, rewrite in ANY_SCRIPT.items()),
        *(
            pytest.param(LATIN_SCRIPT[name], id=name)
            for name in ("full width", "bold", "fraktur", "monospace", "circled", "Cyrillic")
        ),
        pytest.param(lambda text: unicodedata.normalize("NFD", text), id="decomposed"),
        pytest.param(_mapped("@.", "＠．"), id="full width signs"),
        pytest.param(_mapped(".", "。"), id="ideographic stop"),
    ],
)
@pytest.mark.parametrize("address", ["jeanne.petit@example.com", "léa@exemple.fr"])
def test_an_address_is_found_where_it_was_written(
    rewrite: Callable[[str], str], address: str
) -> None:
    garbled = rewrite(address)
    submitted = f"write to {garbled}, quick"
    clean, normalised, _, _ = NORMALISE(submitted, None)
    stacked = garbled.count("\u0321") > 0
    expected = address.replace("é", "e") if stacked else address  # a stack takes the accent along
    start = normalised.text.index(expected)
    span = normalised.to_original(start, start + len(expected))
    assert submitted[slice(*span)] == garbled
    first, last = clean.from_original(*span)
    assert clean.text[:first] + clean.text[last:] == "write to , quick"


GENUINE = [
    "Привет, как дела? Сегодня играем в новую игру, кот ест суп.",
    "Їжак їв ягоди, ґанок мокрий",
    "Καλημέρα σας, τι κάνετε σήμερα;",
    "مرحبا يا أصدقائي، كيف حالكم اليوم؟",
    "می‌خواهم کتاب‌ها را بخوانم",
    "क्‍षमा कीजिए, हिन्दी में र्‍य",
    "今天晚上八点直播，大家一起来玩新游戏吧！",
    "東京で葛飾区のラーメンを食べた。すごーい！",
    "안녕하세요 ㅋㅋㅋ 반가워요 \u1100\u1160\u11a8 \u115f\u1161",
    "ภาษาไทย\u200bไม่มี\u200bวรรค",
    "👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🕵🏽‍♂️ ❤️ ☎︎ 🇫🇷🇺🇸 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁵󠁳󠁴󠁸󠁿 1️⃣ #️⃣",
    "∀x ∈ ℝ: α·x² ≥ 0, kΩ and 25 μm, Δt ≈ 3 ½",
    "$49.99, 1 299,00 €, £20, A$50, 50%",
    "“Don’t”, « bonjour », l’été… – ok",
    "Đặng Thị Hồng Ngân, Ẹ̀kọ́, Łódź, İstanbul ışık, Straße, œuvre",
    "שָׁלוֹם עֲלֵיכֶם",
    "بِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ",
    "l33t_gamer42 joined, gg wp c3po",
]


@pytest.mark.parametrize("text", GENUINE)
def test_genuine_text_is_published_as_it_is(text: str) -> None:
    clean, _, _, changes = NORMALISE(text, None)
    assert clean.text == unicodedata.normalize("NFC", text)
    hiding = {"zero_width", "bidi", "tag", "variation_selector", "homoglyph", "combining"}
    assert hiding.isdisjoint(changes)


@pytest.mark.parametrize("text", GENUINE[:3] + GENUINE[6:8])
def test_genuine_words_of_other_scripts_are_not_read_as_latin(text: str) -> None:
    _, normalised, folded, changes = NORMALISE(text, None)
    assert not any(char.isascii() and char.isalpha() for char in normalised.text + folded.text)
    assert changes == Counter()


@pytest.mark.parametrize(
    "text",
    [
        "see you on the 2nd, covid19 and mp3, ps5 or 4ever",
        "06 39 98 12 34 or (555) 555-0142",
        "only $50, 20% off, 3x3 = 9",
        "@sam and @lea32 look at https://example.com/a1b2c3?x=k1ll",
        "jean42@example.com",
        "U.S.A. or e.g. il y a à boire, a-t-il",
        "www.example.com hmm xxx kkk aaa",
        "peut-être well-known rendez-vous d'accord",
        "wow!amazing really!!! yes/no and/or",
        "FR76 3000 6000 0112 3456 7890 189",
    ],
)
def test_ordinary_writing_is_not_evasion(text: str) -> None:
    _, _, folded, changes = NORMALISE(text, None)
    assert folded.text.replace(".", "") == text.lower().replace("à", "a").replace("ê", "e").replace(
        ".", ""
    )
    assert changes.keys() <= {"spacing"}


def test_plain_text_shares_one_form() -> None:
    clean, normalised, folded, changes = NORMALISE("just an ordinary line", None)
    assert normalised is clean
    assert folded.origins is clean.origins
    assert folded.text == clean.text
    assert not changes
