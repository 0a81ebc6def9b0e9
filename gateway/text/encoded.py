"""Text in base64, and in rot13 where the message says so: read as what it says.

Only what decodes to plain words: keys, hashes and signed tokens stay as they are.
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

_QUICK = re.compile(r"[A-Za-z0-9+/_-][A-Z0-9]")  # nothing is all lower case
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{6,}={0,2}(?![\w+/=])")
_SHORTEST, _LONGEST = 8, 20_000
_SHORT = 16  # below it, each word of what is said must be one
_SAID = re.compile(r"[\w\s.,;:!?'\"@+=()&/%€$-]+")
_WORD, _HAN = re.compile(r"[^\W\d_]+"), re.compile("[\u3400-\u9fff]+")
_MOSTLY = 0.6  # of the decoded characters are letters, digits or spaces
_ROT13 = re.compile(r"\brot[\s_-]?13\b", re.IGNORECASE)
_LATIN_WORD = re.compile("[A-Za-z]+")
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?: ?[A-Za-z0-9]){11,30}")
_GROUP = re.compile("[A-Za-z0-9]+")


def from_base64(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """`tracked` itself when nothing in it is encoded. Each decoded character maps to the whole of
    the run that it was in."""
    text = tracked.text
    if _QUICK.search(text) is None:
        return tracked
    edits: list[Edit] = []
    for match in _BASE64.finditer(text):
        said = _said(match[0], lexicon)
        if said is not None:
            edits.append((match.start(), match.end(), said))
    if edits:
        changes["encoded"] += len(edits)
    return tracked.rewrite(edits, merge=True)


def _said(run: str, lexicon: Lexicon) -> str | None:
    """The text that `run` is the base64 of; None when it is none."""
    if not _SHORTEST <= len(run) <= _LONGEST or run.islower():
        return None
    padded = run.rstrip("=").replace("-", "+").replace("_", "/")
    padded += "=" * (-len(padded) % 4)
    try:
        said = base64.b64decode(padded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    words = sum(char.isalnum() or char == " " for char in said)
    plain = _SAID.fullmatch(said) is not None and words >= _MOSTLY * len(said)
    if plain and len(run) < _SHORT:
        plain = all(word.lower() in lexicon or _HAN.fullmatch(word) for word in _WORD.findall(said))
    return said if plain else None


def from_rot13(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """The words after a mention of rot13, decoded where that makes a word and the writing is
    none; a word that is none either way goes as the one before it. An account number (IBAN) is
    decoded where its checksum says so. `tracked` itself where decoding makes nothing."""
    hint = _ROT13.search(tracked.text) if "13" in tracked.text else None
    if hint is None:
        return tracked
    edits: list[Edit] = []
    accounts = deque(_accounts(tracked.text, hint.end()))
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


def _accounts(text: str, start: int) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each IBAN, and whether it is one once its letters are turned."""
    for match in _ACCOUNT.finditer(text, start):
        for group in reversed(list(_GROUP.finditer(match[0]))):
            written = match[0][: group.end()]
            as_written = _is_account(written)
            if as_written or _is_account(codecs.encode(written, "rot13")):
                yield match.start(), match.start() + group.end(), not as_written
                break


def _is_account(number: str) -> bool:
    return bool(iban.is_valid(number, check_country=False))
