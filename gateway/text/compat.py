"""First half of the normalised form: replaces compatibility forms, digits and punctuation by plain
ones."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from gateway.text.hidden import compose
from gateway.text.tracked import Edit, Tracked

_MARK = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_OVERLAY = "\u0334-\u0338\u0488\u0489\u20d0-\u20ef"  # struck through or enclosed

# Characters that never change: most messages consist of them alone.
_UNCHANGED = (
    "\x00-\x7f\xa1\xbf-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u0400-\u0487\u048a-\u052f"
    "\u0386\u0388-\u03ce\u05d0-\u05ea\u060c\u061b\u061f\u0620-\u065f\u0671-\u0674\u0679-\u06d3"
    "\u0900-\u0957\u3001\u3003-\u3020\u3041-\u3096\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
_UNCHANGED_EMOJI = (
    "\U0001f300-\U0001f51e\U0001f520-\U0001f64f\U0001f680-\U0001f6ff\U0001f900-\U0001faff"
)
_MAY_CHANGE = re.compile(f"[^{_UNCHANGED}]+")
_PIECE = re.compile(
    "(?P<keycap>[0-9#*]\ufe0f?\u20e3)"
    "|(?P<letters>[\U0001f1e6-\U0001f1ff]+)"
    f"|(?P<stacked>[^{_MARK}][{_MARK}]{{3,}})"
    # NFC makes one letter of all that belong together
    f"|(?P<marked>[!-~][{_MARK}]+)"
    f"|(?P<overlaid>[^{_MARK}][{_OVERLAY}]+)"
    "|(?P<wide>[\uff01-\uff5e]+)"
    "|(?P<styled>[\U0001d400-\U0001d7ff]+)"  # maths alphabets
    "|(?P<joiner>[\u115f\u1160\u180b-\u180f\u200b-\u200d\ufe0e\ufe0f\U000e0020-\U000e007f])"
    f"|(?P<other>[^{_UNCHANGED}{_UNCHANGED_EMOJI}])",
    re.DOTALL,
)

_VALUE = re.compile(
    rf"(?<!\S)(?=\S*[0-9])(?!\S*@)\S*[\u00c0-\u024f\u1e00-\u1eff]\S*"
    rf"|(?<!\S)(?=\S*[{_MARK}])\S*@\S*"
)
_ACCENTED = re.compile(f"[\u00c0-\u024f\u1e00-\u1eff][{_MARK}]*")
_KEYCAP = re.compile("[0-9]\ufe0f?\u20e3")
_INDICATORS = re.compile("[\U0001f1e6-\U0001f1ff]+")

_STRUCK = re.compile(f"[{_OVERLAY}]")

_PUNCTUATION = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u2032\xb4\ua78c", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\xab\xbb\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63", "-"),
    **dict.fromkeys("\u2800\u1680", " "),
    **dict.fromkeys("\u2044\u2215", "/"),
    **dict.fromkeys("\u3002\uff61", "."),
    "\U0001f51f": "10",
}
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_SHAPES = {"ϲ": "c", "Ϲ": "C", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ꭵ": "i", "ᶃ": "g", "ᶌ": "y", "ỿ": "y"}

# ISO 3166-1 regions and the few others that have a flag.
_REGIONS_LISTED = (
    "AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
    "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CR CU CV CW CX CY CZ DE DG DJ DK "
    "DM DO DZ EA EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ "
    "GR GS GT GU GW GY HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI "
    "KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP "
    "MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX "
    "SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM UN US UY UZ VA VC VE VG VI "
    "VN VU WF WS XK YE YT ZA ZM ZW"
)
_REGIONS = frozenset(_REGIONS_LISTED.split())


def compat(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """Apply NFKC, then make plain what NFKC leaves: emoji digits, enclosed letters, small capitals,
    flags that spell a word, digits of other scripts, stacked marks, typographic punctuation."""
    text = tracked.text
    edits: list[Edit] = []
    spelling = any(not _are_flags(run) for run in _INDICATORS.findall(text))
    for run in _MAY_CHANGE.finditer(text):
        # marks belong to the letter before them
        for match in _PIECE.finditer(text, max(run.start() - 1, 0), run.end()):
            letters = spelling or _KEYCAP.match(text, match.end()) is not None
            new = _plain_piece(match[0], str(match.lastgroup), changes, spelling=letters)
            if new != match[0]:
                edits.append((match.start(), match.end(), new))
    if edits:
        tracked = tracked.rewrite(edits)
        if not unicodedata.is_normalized("NFC", tracked.text):
            tracked = compose(tracked)
    return _plain_values(tracked)


def _plain_values(tracked: Tracked) -> Tracked:
    """Drop accents from values: from pieces with digits in them, and from addresses with marks that
    belong to no letter."""
    if _ACCENTED.search(tracked.text) is None:
        return tracked
    edits: list[Edit] = []
    for chunk in _VALUE.finditer(tracked.text):
        for match in _ACCENTED.finditer(tracked.text, chunk.start(), chunk.end()):
            plain = unicodedata.normalize("NFD", match[0])[0]
            if plain.isascii():
                edits.append((match.start(), match.end(), plain))
    return tracked.rewrite(edits)


def _plain_piece(piece: str, kind: str, changes: Counter[str], *, spelling: bool) -> str:
    if kind == "other":
        return _plain_char(piece, changes)
    if kind in {"wide", "styled"}:
        return _plain_run(piece, kind, changes)
    if kind == "letters":
        if spelling:
            changes["styled"] += len(piece)
        return _indicated_letters(piece) if spelling else piece
    if kind in {"keycap", "joiner"} or (kind == "marked" and _is_accent(piece)):
        return "" if kind == "joiner" else piece[0]
    return _drop_marks(piece, kind, changes)


def _is_accent(piece: str) -> bool:
    """Whether `piece` is a letter with one mark that some orthography may give it."""
    return len(piece) == 2 and piece[0].isalpha() and _STRUCK.search(piece) is None


def _drop_marks(piece: str, kind: str, changes: Counter[str]) -> str:
    changes["combining"] += len(piece) - 1
    accented = kind == "stacked" and "\xc0" <= piece[0] <= "\u04ff"
    return unicodedata.normalize("NFD", piece[0])[0] if accented else piece[0]


def _plain_run(piece: str, kind: str, changes: Counter[str]) -> str:
    """Make plain a run of full-width or mathematical characters, which NFKC maps one to one.
    Full-width punctuation is Chinese and does not count as hiding."""
    new = unicodedata.normalize("NFKC", piece)
    plain = sum(map(str.isalnum, new))
    if plain:
        changes["full_width" if kind == "wide" else "styled"] += plain
    return "".join(_PUNCTUATION.get(char, char) for char in new)


def _plain_char(char: str, changes: Counter[str]) -> str:
    known = _PUNCTUATION.get(char)
    if known is not None:
        return known
    if char in _SMALL_CAPITALS:
        changes["styled"] += 1
        return _SMALL_CAPITALS[char]
    if char in _SHAPES:
        changes["homoglyph"] += 1
        return _SHAPES[char]
    enclosed = _enclosed_letter(ord(char))
    if enclosed is not None:
        changes["styled"] += 1
        return enclosed
    new = unicodedata.normalize("NFKC", char).replace("\u2044", "/")
    if new == char or (new[0] == " " and len(new) > 1) or char == "\u0e33":
        digit = unicodedata.digit(char, None)
        return char if digit is None else str(digit)
    if len(new) == 1:
        digit = unicodedata.digit(new, None)
        if digit is not None:
            new = str(digit)
        if new.isascii() and new.isalnum() and char not in "ªº":
            changes["styled"] += 1
    return new


def _enclosed_letter(point: int) -> str | None:
    """The letter or digit of an enclosed character (in a circle, square or brackets) that NFKC
    leaves as it is or writes with brackets; None for any other character."""
    if 0x1F150 <= point <= 0x1F169:
        return chr(point - 0x1F150 + 65)
    if 0x1F170 <= point <= 0x1F189:
        return chr(point - 0x1F170 + 65)
    if 0x2474 <= point <= 0x247C:
        return chr(point - 0x2474 + 49)
    if 0x249C <= point <= 0x24B5:
        return chr(point - 0x249C + 97)
    if 0x1F110 <= point <= 0x1F129:
        return chr(point - 0x1F110 + 65)
    return None


def _indicated_letters(indicators: str) -> str:
    return "".join(chr(ord(char) - 0x1F1E6 + 65) for char in indicators)


def _are_flags(indicators: str) -> bool:
    """Whether a run of regional indicators consists of flags of regions. If not, they spell a
    word."""
    letters = _indicated_letters(indicators)
    return _REGIONS.issuperset(letters[at : at + 2] for at in range(0, len(letters), 2))
