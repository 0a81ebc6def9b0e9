"""Decodes base64, and rot13 in messages that mention it.

Only what decodes to plain words is replaced: keys, hashes and signed tokens stay as they are.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections import Counter, deque
from collections.abc import Iterator

from stdnum import iban

from gateway.text.lexicon import Lexicon
from gateway.text.tracked import Edit, Tracked

_QUICK = re.compile(r"[A-Za-z0-9+/_-][A-Z0-9]")  # a run all in lower case is never decoded
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{6,}={0,2}(?![\w+/=])")
_SHORTEST, _LONGEST = 8, 20_000  # characters of a run in base64
_SHORT = 16  # characters: of a shorter run, each decoded word must be in the lexicon
_PLAIN_TEXT = re.compile(r"[\w\s.,;:!?'\"@+=()&/%€$-]+")
_WORD, _HAN = re.compile(r"[^\W\d_]+"), re.compile("[\u3400-\u9fff]+")
_PLAIN_SHARE = 0.6  # least share of letters, digits and spaces among the decoded characters
_ROT13 = re.compile(r"\brot[\s_-]?13\b", re.IGNORECASE)
_LATIN_WORD = re.compile("[A-Za-z]+")
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?: ?[A-Za-z0-9]){11,30}")
_GROUP = re.compile("[A-Za-z0-9]+")


def from_base64(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """Decode runs of base64 in the text. Each decoded character maps to the whole of its run.
    Returns `tracked` itself when nothing is encoded."""
    text = tracked.text
    if _QUICK.search(text) is None:
        return tracked
    edits: list[Edit] = []
    for match in _BASE64.finditer(text):
        decoded = _decoded_base64(match[0], lexicon)
        if decoded is not None:
            edits.append((match.start(), match.end(), decoded))
    if edits:
        changes["encoded"] += len(edits)
    return tracked.rewrite(edits, merge=True)


def _decoded_base64(run: str, lexicon: Lexicon) -> str | None:
    """The text whose base64 is `run`; None when it is not the base64 of plain words."""
    if not _SHORTEST <= len(run) <= _LONGEST or run.islower():
        return None
    padded = run.rstrip("=").replace("-", "+").replace("_", "/")
    padded += "=" * (-len(padded) % 4)
    try:
        decoded = base64.b64decode(padded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    words = sum(char.isalnum() or char == " " for char in decoded)
    plain = _PLAIN_TEXT.fullmatch(decoded) is not None and words >= _PLAIN_SHARE * len(decoded)
    if plain and len(run) < _SHORT:
        plain = all(
            word.lower() in lexicon or _HAN.fullmatch(word) for word in _WORD.findall(decoded)
        )
    return decoded if plain else None


def from_rot13(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """Decode the words after a mention of rot13.

    A word that is in the lexicon only when decoded is decoded; one that is in it only as written is
    not. Of a word that is in it both ways or neither way, the word before decides. An account
    number (IBAN) is decoded if its checksum holds only then. Returns `tracked` itself when decoding
    makes no word or number.
    """
    hint = _ROT13.search(tracked.text) if "13" in tracked.text else None
    if hint is None:
        return tracked
    edits: list[Edit] = []
    accounts = deque(_find_accounts(tracked.text, hint.end()))
    turned, made = True, sum(is_turned for _, _, is_turned in accounts)
    for match in _LATIN_WORD.finditer(tracked.text, hint.end()):
        plain = match[0].lower()
        while accounts and accounts[0][1] <= match.start():
            accounts.popleft()
        if accounts and accounts[0][0] <= match.start():
            turned = accounts[0][2]
        else:
            as_written, as_meant = plain in lexicon, codecs.encode(plain, "rot13") in lexicon
            turned = turned if as_written == as_meant else as_meant
            made += turned and as_meant and not as_written
        if turned:
            edits.append((match.start(), match.end(), codecs.encode(match[0], "rot13")))
    if not made:
        return tracked
    changes["encoded"] += len(edits)
    return tracked.rewrite(edits)


def _find_accounts(text: str, start: int) -> Iterator[tuple[int, int, bool]]:
    """Yield start and end of each IBAN, and whether it is one only when decoded."""
    for match in _ACCOUNT.finditer(text, start):
        for group in reversed(list(_GROUP.finditer(match[0]))):
            written = match[0][: group.end()]
            as_written = _is_account(written)
            if as_written or _is_account(codecs.encode(written, "rot13")):
                yield match.start(), match.start() + group.end(), not as_written
                break


def _is_account(number: str) -> bool:
    return bool(iban.is_valid(number, check_country=False))
