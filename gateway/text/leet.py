"""Digits and signs that stand for letters, token by token: "k1ll", "@ss", "f4ggot", "sh!t".

A digit is a letter only where nobody writes a number: between two letters, or before one of a
few stems. "2nd", "covid19", "mp3", prices, telephone numbers, links and addresses stay.
"""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.tracked import Edit, Tracked

_SIGNS = frozenset("0134579@$!€£¢¡|")
_BESIDE = re.compile(r"[0134579@$!€£¢¡|](?=[a-z$])|(?<=[a-z])\$")
_CHUNK = re.compile(r"\S+")
_TOKEN = re.compile(r"[a-z0-9@$!€£¢¡|]+")
_ADDRESS = re.compile(r"://|^www\.|@[\w.-]*\.\w|\w\.\w{2,}/")
_LONGEST = 24
_DIGITS = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "9": "g"}
_SYMBOLS = {"@": "a", "$": "s", "€": "e", "£": "l", "¢": "c", "!": "i", "¡": "i", "|": "i"}
_VOWELS = frozenset("aeiouy")

# What a leading digit or sign must be followed by: otherwise "4ever", "5star" and "@sam" would be
# taken for evasion.
_STEMS = {
    "@": re.compile("ss|rse|nal|nus"),
    "4": re.compile("ss|rse|nal|nus"),
    "$": re.compile("hit|lut|ex|tup|uck|cum|[@a]l"),
    "5": re.compile("hit|lut|exy?$|tup|uck|cum"),
    "1": re.compile("diot|mbec|ncel"),
    "7": re.compile("rann|wat"),
    "0": re.compile("[a-z]{3}"),
}
# What stands before a digit that is a digit: versions and grades.
_NUMBERED_LISTED = (
    "mp ps web co v lvl level top gen ios iphone galaxy xbox rtx gtx usb hdmi vol ep season day "
    "round stage test step note room part"
)
_NUMBERED = frozenset(_NUMBERED_LISTED.split())


def unleet(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """`tracked` is lower case. Lengths do not change."""
    text = tracked.text
    if _BESIDE.search(text) is None:
        return tracked
    edits: list[Edit] = []
    for chunk in _CHUNK.finditer(text):
        if _SIGNS.isdisjoint(chunk[0]) or _ADDRESS.search(chunk[0]) is not None:
            continue
        for match in _TOKEN.finditer(chunk[0]):
            token = match[0]
            new = _read(token)
            if new != token:
                start = chunk.start() + match.start()
                edits.append((start, start + len(token), new))
                changes["leet"] += sum(a != b for a, b in zip(token, new, strict=True))
    return tracked.rewrite(edits)


def _read(token: str) -> str:
    letters = sum(map(str.isalpha, token))
    digits = sum(map(str.isdigit, token))
    if not letters or letters == len(token) or digits > letters or len(token) > _LONGEST:
        return token
    read = list(token)
    at = 0
    while at < len(token):
        end = at + 1
        while end < len(token) and token[end] == token[at]:
            end += 1
        if token[at] in _SIGNS:
            read[at:end] = _run(token, at, end, letters, digits)
        at = end
    return "".join(read)


def _run(token: str, start: int, end: int, letters: int, digits: int) -> str:
    """The run of one sign `token[start:end]`, as letters or as it is. As long as the run."""
    sign, run, rest = token[start], token[start:end], token[end:]
    follows = rest[:1].isalpha()
    if start == 0:
        stem = _STEMS.get(sign)
        fits = len(run) == 1 and stem is not None and stem.match(rest) is not None
        return (_DIGITS | _SYMBOLS | {"1": "i"})[sign] if fits else run
    if not token[start - 1].isalpha():
        return run
    if sign.isdigit():
        if not follows or len(run) > 4 or letters < 2 or token[:start] in _NUMBERED:
            return run
        return _ones(run, token[start - 1]) if sign == "1" else _DIGITS[sign] * len(run)
    if sign == "$" and not follows:
        ends = not rest and not digits and (len(run) == 2 or letters > 2)
        return "s" * len(run) if ends else run
    return _SYMBOLS[sign] * len(run) if follows and _hides(token, start, end) else run


def _ones(run: str, before: str) -> str:
    """1 is l after a vowel ("ki1l", "he11o") and i elsewhere ("k1ll")."""
    first = "l" if before in _VOWELS else "i"
    return first + "l" * (len(run) - 1)


def _hides(token: str, start: int, end: int) -> bool:
    """Whether the sign hides a letter, rather than separates two words."""
    left = start
    while left and token[left - 1].isalpha():
        left -= 1
    right = end
    while right < len(token) and token[right].isalpha():
        right += 1
    if token[start] in "!¡|":
        return start - left <= 2 and _VOWELS.isdisjoint(token[left:start])
    if token[start] == "@":
        return start - left <= 3 or right - end <= 3
    return True
