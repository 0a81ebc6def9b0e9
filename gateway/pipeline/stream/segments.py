"""Where a text that still grows may be cut. Pure.

A place is decided by the text before it and a few words after it, never by how the text came in
pieces: however it is split, `sentence_end` cuts alike. An entity (a number, an address, a link)
is never cut: not before the words after it show that it has ended, and never inside a word.
"""

from __future__ import annotations

from typing import Final

import regex
from sentencex import get_sentence_boundaries

CONTEXT_WORDS: Final = 50
"""Words of what was released that are judged again with what follows."""
_CONTEXT_CHARACTERS: Final = 600
"""The longest context in code points, where words are long or have no spaces between them."""
_AHEAD = 6  # words after a place that must have come before the text is cut there
_LEAST = 5  # words of a segment that is cut within a sentence: fewer are not worth an entry
_BACK = 8  # words after a number in which an address may still go on
_SCAN = 2_000  # code points in which the end of a sentence is looked for

_WORD = regex.compile(r"\S+")
_END = regex.compile(
    r"(?:[.!?…]+[\"'»”’)\]*_]*\s+|[。！？｡]+[」』”’）]*\s*|\n\s*)(?=(\S+)(\s)|([\p{Han}\p{Hiragana}"
    r"\p{Katakana}]))"
)
_UNSPACED_END = regex.compile(r"[。！？｡]+[」』”’）]*\s*$")
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_CJK_PAUSE = regex.compile(r"[，、；：]")
# What begins, joins or is part of something that identifies a person.
_OPENER = regex.compile(
    r"\p{Nd}|@|://|^www\.|^[+(\[{<]|^\W*(?![aàyiéoeuôIA]\W*$)\p{L}\W*$|^\p{Lu}{2,4}$|_"
)
# Numbers, @ and dots as they are said, but for what sentences are full of: un, one, y, sei.
_SAID = (
    "at|dot|d0t|point|punto|ponto|punkt|punt|kropka|nokta|period|точка|arob\\w*|arrob\\w*"
    "|chiocciol\\w*|klammeraffe|affenschwanz|apenstaartje|kuyruklu|işareti|ät|собака|ma[łl]pa"
    "|underscore|tiret|dash|gui[oó]n|bajo|trattino|basso|unterstrich|bindestrich|underline"
    "|sublinhado|h[ií]fen|oh|nought|double|triple|treble|meia|null|zwo"
    "|z[ée]ro|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\\w+teen"
    "|deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    "|vingt|trente|quarante|cinquante|soixante|septante|huitante|nonante|cent|mille"
    "|cero|dos|tr[eê]s|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince"
    "|dieci\\w*|veint\\w*|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien|ciento"
    "|trinta|quarenta|cinquenta|sessenta|oitenta|\\w*cento\\w*"
    "|eins|zwei|drei|vier|f[üu]e?nf|sechs|sieben|acht|neun|zehn|elf|zw[öo]e?lf|\\w+zehn"
    "|\\w*(?:zwanzig|drei(?:ß|ss)ig|vierzig|f[üu]e?nfzig|sechzig|siebzig|achtzig|neunzig)"
    "|\\w+hundert\\w*"
    "|due|tre|quattro|cinque|sette|otto|nove|undici|dodici|tredici|quattordici|quindici|sedici"
    "|dici\\w+|(?:vent|trent|quarant|cinquant|sessant|settant|ottant|novant)\\w+"
    "|dois|quatro|sete|oito|dez|doze|treze|catorze|dez[ae]\\w+|dezoito|vinte|cem|\\w+ent[oa]s"
)
_SPELLED = regex.compile(
    rf"\W*(?:{_SAID}|(?:twen|thir|for|fif|six|seven|eigh|nine)ty)(?:-\p{{L}}+)*\W*",
    regex.IGNORECASE,
)
# Digits as they are read out in Han and Hangul, and what @ and dot are called there.
_READ_OUT = "〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖○"
_SAID_CJK = rf"艾特|圈a|アットマーク|ドット|[{_READ_OUT}][ 、，,·~\-]?[{_READ_OUT}]"
_PLAIN_CJK = regex.compile(rf"(?:(?!{_SAID_CJK})[^\p{{Nd}}@A-Za-z+])*")
_HANGUL = regex.compile("[공영일이삼사오육륙칠팔구]{2,}|골뱅이|점|닷|쩜")
_PAUSE = regex.compile(r"[,;:—–)»”]$")
_HALF_ADDRESS = regex.compile(r"@(?!\S+\.\p{L}{2,}\W*$)|://[^\s.]*\W*$")
_LIST_MARK = regex.compile(r"\d{1,2}[.)]$")
_ORDINAL = regex.compile(r"\d{1,2}\.")  # "Straße des 17. Juni"
_STRONG_END = regex.compile(r"[!?…。！？｡][\"'»”’)\]*_]*\s*$|\n\s*$")


def sentence_end(text: str, language: str) -> int | None:
    """Where the first sentence of `text` ends, white space after it included; None while the words
    that decide have not come. Once there is an answer, it is the same for any continuation of
    `text`."""
    for match in _END.finditer(text, 0, _SCAN):
        at, following = match.end(), match.group(1) or match.group(3)
        seen = match.end(1) if match.group(1) else match.end(3)
        if not text[:at].strip() or not _ends_entity(text[:at], following):
            continue
        if _UNSPACED_END.search(text[:at]) or "\n" in match.group():
            return at
        if _sentence_begins(language, text[:seen], at):
            return at
    return None


def _sentence_begins(language: str, text: str, at: int) -> bool:
    """Whether a sentence begins at `at`, by sentencex. It looks abbreviations up by bytes, so it
    gets a text of the same length in ASCII."""
    plain = text if text.isascii() else "".join(map(_as_ascii, text))
    return any(
        sentence["start_index"] == at for sentence in get_sentence_boundaries(language, plain)
    )


def _as_ascii(character: str) -> str:
    if character.isascii():
        return character
    if character.isspace():
        return " "
    if character == "…":
        return "."
    return "A" if character.isupper() else "a" if character.isalpha() else "-"


def soft_end(text: str) -> int | None:
    """The last place where `text` may be cut within a sentence: after a pause if there is one,
    else between two words. None when what there is might all belong to one entity, or is less
    than a few words."""
    if _CJK.search(text):
        return _soft_cjk(text)
    words = list(_WORD.finditer(text))
    open_at = [_may_open_entity(word.group()) for word in words]
    between = None
    for index in range(len(words) - _AHEAD, _LEAST - 1, -1):  # the word `index` would come next
        near = open_at[max(0, index - _BACK) : index + _AHEAD]
        if any(near):
            continue
        if _PAUSE.search(words[index - 1].group()):
            return words[index].start()
        between = between or words[index].start()
    return between


def _soft_cjk(text: str) -> int | None:
    """`soft_end` for text without spaces: after a pause with only plain writing around it."""
    best = None
    for match in _CJK_PAUSE.finditer(text):
        before, after = text[max(0, match.start() - 24) : match.start()], text[match.end() :]
        if len(after) >= 12 and _is_plain_cjk(before) and _is_plain_cjk(after[:24]):
            best = match.end()
    return best


def _is_plain_cjk(text: str) -> bool:
    return _PLAIN_CJK.fullmatch(text) is not None


def _may_open_entity(word: str) -> bool:
    return (
        _OPENER.search(word) is not None
        or _SPELLED.fullmatch(word) is not None
        or _HANGUL.search(word) is not None
    )


def _ends_entity(before: str, following: str) -> bool:
    """Whether an entity at the end of `before` cannot go on in the word `following`."""
    words = before.split()[-3:]
    if _HALF_ADDRESS.search(words[-1]) or _ORDINAL.fullmatch(words[-1]):
        return False
    if following[0].islower() and not _STRONG_END.search(before):
        return False
    if not regex.search(r"\p{Nd}|@|://|^[+(]", following):
        return True
    if any(_may_open_entity(word) for word in words):
        return False
    if _LIST_MARK.match(following):
        return True
    return _STRONG_END.search(before) is not None or len(words[-1]) > 6


def context_of(released: str) -> str:
    """The end of what was released: whole words, at most CONTEXT_WORDS."""
    tail = released[-_CONTEXT_CHARACTERS:]
    starts = [word.start() for word in _WORD.finditer(tail)]
    if len(tail) < len(released):
        starts = starts[1:] or [len(tail)] if not _CJK.search(tail) else [0]
    if not starts:
        return ""
    return tail[starts[-CONTEXT_WORDS] if len(starts) > CONTEXT_WORDS else starts[0] :]
