"""Undoes digits and signs that stand for letters, token by token: "k1ll", "@ss", "f4ggot", "sh!t".

A digit is a letter only where nobody writes a number: between two letters, or before one of a few
stems. "2nd", "covid19", "mp3", prices, telephone numbers, links and addresses stay.
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
_RUN = re.compile(r"[0134579@$!€£¢¡|]+")
_NEVER_LETTERS = frozenset("268")
_LONGEST = 40  # characters of a token; longer ones are keys and identifiers
_LETTERS = {
    **{"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "9": "g"},
    **{"@": "a", "$": "s", "€": "e", "£": "l", "¢": "c", "!": "i", "¡": "i", "|": "i"},
}
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
# Words before a digit that is a number: versions, levels and the like.
_NUMBERED_LISTED = (
    "mp ps web co v lvl level top gen ios iphone galaxy xbox rtx gtx usb hdmi vol ep season day "
    "round stage test step note room part"
)
_NUMBERED = frozenset(_NUMBERED_LISTED.split())


def unleet(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """Replace signs and digits that stand for letters. `tracked` is lower case; lengths do not
    change."""
    text = tracked.text
    if _BESIDE.search(text) is None:
        return tracked
    edits: list[Edit] = []
    for chunk in _CHUNK.finditer(text):
        if _SIGNS.isdisjoint(chunk[0]) or _ADDRESS.search(chunk[0]) is not None:
            continue
        for match in _TOKEN.finditer(chunk[0]):
            token = match[0]
            new = _unleet_token(token)
            if new != token:
                start = chunk.start() + match.start()
                edits.append((start, start + len(token), new))
                changes["leet"] += sum(a != b for a, b in zip(token, new, strict=True))
    return tracked.rewrite(edits)


def _unleet_token(token: str) -> str:
    letters = sum(map(str.isalpha, token))
    digits = sum(map(str.isdigit, token))
    if not letters or letters == len(token) or digits > letters or len(token) > _LONGEST:
        return token
    if not _NEVER_LETTERS.isdisjoint(token):  # an identifier, "b2b4" or "a1c2"
        return token
    read = []
    done = 0
    for match in _RUN.finditer(token):
        start, end = match.span()
        read.append(token[done:start])
        if start == 0:
            read.append(_read_leading_run(match[0], token[end:]))
        elif end == len(token):
            read.append(_read_trailing_run(match[0], letters, digits))
        else:
            read.append(_read_inner_run(token, start, end, letters))
        done = end
    read.append(token[done:])
    return "".join(read)


def _read_leading_run(run: str, rest: str) -> str:
    stem = _STEMS.get(run[0])
    fits = stem is not None and stem.match(run[1:].replace("$", "s") + rest) is not None
    return "".join(map(_LETTERS.__getitem__, run)) if fits else run


def _read_trailing_run(run: str, letters: int, digits: int) -> str:
    fits = not digits and (run == "$$" or (run == "$" and letters > 2))
    return "s" * len(run) if fits else run


def _read_inner_run(token: str, start: int, end: int, letters: int) -> str:
    """The run of signs `token[start:end]` between two letters: as letters, or unchanged."""
    run = token[start:end]
    numbers = {char for char in run if char.isdigit()}
    if len(run) > 4 or len(numbers) > 1 or letters < 2 or not token[end].isalpha():
        return run
    if not token[start - 1].isalpha() or (numbers and token[:start] in _NUMBERED):
        return run
    if not _stands_for_letter(token, start, end):
        return run
    read = "".join(map(_LETTERS.__getitem__, run))
    # 1 is l after a vowel ("ki1l", "he11o"), and i elsewhere ("k1ll")
    ones = run.count("1")
    first = "l" if token[start - 1] in _VOWELS else "i"
    return read.replace("i" * ones, first + "l" * (ones - 1), 1) if ones == len(run) else read


def _stands_for_letter(token: str, start: int, end: int) -> bool:
    """Whether the signs `token[start:end]` stand for letters, rather than separate two words."""
    left = start
    while left and token[left - 1].isalpha():
        left -= 1
    right = end
    while right < len(token) and token[right].isalpha():
        right += 1
    run = token[start:end]
    if any(char in run for char in "!¡|"):
        return start - left <= 2 and _VOWELS.isdisjoint(token[left:start])
    return "@" not in run or start - left <= 3 or right - end <= 3
