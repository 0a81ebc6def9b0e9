"""E-mail addresses in disguise, as people write them to slip past machines: "john at gmail dot
com"."""

from __future__ import annotations

import re

import regex
from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.domains import Domains
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import EMAIL

_OPEN, _CLOSE = r"\s{0,3}[(\[{<]\s{0,2}", r"\s{0,2}[)\]}>]\s{0,3}"
# Names of the @ that are no words of a sentence. Those of `_AT_GLUED` are written without spaces.
_AT_NAMES = (
    "arobase",
    "arobas",
    "arobaz",
    "arroba",
    "arrobas",
    "chiocciola",
    "chiocciolina",
    "klammeraffe",
    "affenschwanz",
    "apenstaartje",
    "kuyruklu a",
    "et işareti",
    "ät",
    "собака",
    "małpa",
    "malpa",
    "آت",
)
_AT_GLUED = ("艾特", "圈a", "アットマーク", "골뱅이")
_DOT_NAMES = (
    "dot",
    "point",
    "punto",
    "ponto",
    "punkt",
    "punt",
    "d0t",
    "точка",
    "kropka",
    "nokta",
    "period",
    "نقطة",
)
_DOT_GLUED = ("点", "點", "ドット", "점", "닷", "쩜")
# Hosts and suffixes as they sound, in scripts that have no Latin letters.
_BY_SOUND = {
    **{"네이버": "naver", "지메일": "gmail", "쥐메일": "gmail", "한메일": "hanmail"},
    **{"다음": "daum", "네이트": "nate", "ジーメール": "gmail", "ヤフー": "yahoo"},
    **{"майл": "mail", "мейл": "mail", "мэйл": "mail", "яндекс": "yandex", "рамблер": "rambler"},
    **{"гмейл": "gmail", "гмаил": "gmail", "жмейл": "gmail", "джимейл": "gmail"},
    **{"컴": "com", "넷": "net", "コム": "com", "ком": "com", "ру": "ru"},
}
_SURE_NAMES, _GLUED = "|".join(_AT_NAMES), "|".join(_AT_GLUED)
_AT_WORDS = rf"at|{_SURE_NAMES}|{_GLUED}"
_DOT_WORDS = "|".join(_DOT_NAMES)
# Signs on both sides of "at" or "dot" that set it off from the rest.
_MARK, _MARKED = r"[-_*#\"]{1,2}", "at|ät|arroba|arobase|arobas"
_UNDERLINES = (
    "underscore|tiret du bas|tiret bas|tiret|dash|gui[oó]n bajo|gui[oó]n|unterstrich|bindestrich"
    "|trattino basso|trattino|underline|sublinhado|h[ií]fen"
)
# An "at" that nobody writes in a plain sentence; a plain one needs a spelled-out dot after it.
_SIGN_AT = (
    rf"(?:@\s{{0,3}}|\s{{1,3}}@\s{{1,3}}|{_OPEN}(?:@|a|{_AT_WORDS}){_CLOSE}"
    rf"|\s{{0,3}}{_MARK}(?:{_MARKED}){_MARK}\s{{0,3}})"
)
_NAME_AT, _GLUED_AT = rf"\s{{1,3}}(?:{_SURE_NAMES})\s{{1,3}}", rf"\s{{0,3}}(?:{_GLUED})\s{{0,3}}"
# "Et" is also French for "and".
_TURKISH_AT = (
    rf"(?:\s{{1,3}}|{_OPEN})et(?:\s{{1,3}}|{_CLOSE})(?=[a-z0-9\-]{{1,40}}[\s(\[]{{0,4}}nokta)"
)
_PLAIN_AT = rf"(?:\s{{1,3}}(?:at(?: the rate(?: of)?)?|a|à|chez)\s{{1,3}}|{_TURKISH_AT})"
_BRACKETED_DOT = rf"{_OPEN}\.{_CLOSE}"
_SAID_DOT = (
    rf"(?:{_OPEN}(?:{_DOT_WORDS}){_CLOSE}|\s{{1,3}}(?:{_DOT_WORDS})\s{{1,3}}"
    rf"|\s{{0,3}}{_MARK}(?:{_DOT_WORDS}){_MARK}\s{{0,3}})"
)
_TOUCHING_DOT = (
    rf"(?:{_OPEN}(?:{'|'.join(_DOT_GLUED)}){_CLOSE}|\s{{0,3}}(?:{'|'.join(_DOT_GLUED)})\s{{0,3}})"
)
_WORD_DOT = rf"(?:{_BRACKETED_DOT}|{_SAID_DOT}|{_TOUCHING_DOT})"
# A dot with a space only after it ends a sentence.
_DOT = rf"(?:{_WORD_DOT}|,(?=(?:com|fr|net|org)(?!\w))|\s{{1,2}}\.\s{{0,2}}|\.)"
# Latin and digits: in Chinese and Japanese the word before an address touches it.
_LETTERS = r"a-z0-9\u00df-\u024f\u0400-\u04ff"
_LOCAL = (
    rf"(?<![{_LETTERS}_@.])[{_LETTERS}][{_LETTERS}_+\-]{{0,40}}"
    rf"(?:(?:\.|{_WORD_DOT}|\s(?:{_UNDERLINES})\s)[{_LETTERS}_+\-]{{1,40}}){{0,3}}"
)
_SOUNDS = "|".join(_BY_SOUND)
_LABEL = rf"(?:[a-z0-9][a-z0-9\-]{{0,40}}|{_SOUNDS})"
_TLD = rf"(?:[a-z]{{2,12}}(?![a-z0-9\u00df-\u024f_@])|(?:{_SOUNDS})(?![{_LETTERS}_@]))"
MAIL_HOSTS = (
    "gmail", "googlemail", "hotmail", "outlook", "ymail", "icloud", "protonmail", "gmx", "tutanota",
    "laposte", "wanadoo", "rocketmail", "fastmail", "yopmail",
)  # fmt: skip
_HOST = rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,2}}{_DOT}{_TLD}"
_WORDS = rf"{_LOCAL}{_PLAIN_AT}{_LABEL}(?:{_WORD_DOT}{_LABEL}){{0,2}}"
_APART = r"(?<!\w)(?:\w[ .]){2,40}@ (?:\w ){2,30}\. (?:\w ){1,5}\w(?!\w)"
_KNOWN_HOST = rf"{_LOCAL}{_PLAIN_AT}(?:{'|'.join(MAIL_HOSTS)})(?:\.|{_BRACKETED_DOT}){_TLD}"

# Hosts that are also words: "at web punkt de" is no address of "web.de" in a plain sentence.
ALSO_HOSTS = (
    "web",
    "freenet",
    "libero",
    "virgilio",
    "tiscali",
    "alice",
    "sapo",
    "uol",
    "bol",
    "terra",
    "yahoo",
    "live",
    "msn",
    "aol",
    "qq",
    "naver",
    "yandex",
)
_DOT_PIECES = (*_DOT_NAMES, *_DOT_GLUED)
# "d" is the word in "d0t". Words of scripts without spaces are left out: they are not set apart.
_PLAIN_WORDS = frozenset((*_DOT_NAMES, *MAIL_HOSTS, "d"))
_NAME_WORDS = frozenset(max(name.split(), key=len) for name in _AT_NAMES)
_SIGN_PIECES = ("@", "(", "[", "{", "<", *(mark + letter for mark in '-_*#"' for letter in "aä"))
_SIGN_QUICK = re.compile(
    rf"@(?:\s|(?<=\w@)[^\s(\[{{<]{{0,90}}(?:\s|[(\[{{<,{''.join(word[0] for word in _DOT_GLUED)}]"
    rf"|[-_*#\"](?:{_DOT_WORDS})))|[(\[{{<]\s{{0,2}}(?:[@aä]|{_SURE_NAMES}|{_GLUED})"
    rf"|[-_*#\"](?:{_MARKED})"
)
# An "at", one label and the beginning of a dot; or an "at" and a known mail host.
_PLAIN_QUICK = re.compile(
    rf"\s(?:at|rate|of|a|à|chez)\s{{1,3}}(?:{'|'.join(MAIL_HOSTS)}|{_LABEL}(?:\s{{0,3}}"
    rf"(?:[(\[{{<\-_*#\"]|{'|'.join(_DOT_GLUED)})|\s{{1,3}}(?:{_DOT_WORDS})))|[\s(\[{{<]et[\s)\]}}>]"
)

_NOT_A_HOST_LISTED = (
    "a an the this that my your his her our their which what le la les un une ce cet cette mon"
    " ton son quel el los un der die das il lo"
    " any some one all no every each least last first tel certain chaque cette quelque another"
)
_HOSTS = frozenset((*MAIL_HOSTS, *ALSO_HOSTS))
_NOT_A_HOST = frozenset(_NOT_A_HOST_LISTED.split())
# Suffixes that are also words which follow "point" in a plain sentence.
_ALSO_WORDS = frozenset(
    [
        "in",
        "it",
        "is",
        "to",
        "so",
        "no",
        "at",
        "me",
        "my",
        "us",
        "be",
        "de",
        "la",
        "le",
        "es",
        "un",
        "do",
        "am",
        "as",
        "by",
        "al",
        "et",
        "you",
        "where",
        "of",
    ]
)
_DOT_WORD = regex.compile(rf"(?<!\w)(?:{_DOT_WORDS})(?!\w)", regex.IGNORECASE)
_AT = regex.compile(f"{_SIGN_AT}|{_NAME_AT}|{_GLUED_AT}|{_PLAIN_AT}", regex.IGNORECASE)
_UNDODGED = regex.compile(
    rf"[^\s@]+@(?!.*(?:[-_](?:dot|punkt|punto|ponto|point)[-_]|{'|'.join(_DOT_GLUED)}))"
    r"[\w.]+(?:-\w+)*",
    regex.IGNORECASE,
)
_SPACED = regex.compile(r"(?<!\w)\w \w[ .].*@ \w ")
_DOTS = regex.compile(_DOT, regex.IGNORECASE)


class DodgedEmailRecognizer(PatternRecognizer):
    """Finds disguised addresses: undoes the disguise and checks that the host is below a public
    suffix."""

    def __init__(
        self, domains: Domains, name: str, patterns: list[Pattern], *, plain: bool
    ) -> None:
        """`plain` says that the "at" of the patterns may also be a word of a sentence."""
        super().__init__(supported_entity="EMAIL_ADDRESS", name=name, patterns=patterns)
        self._domains = domains
        self._plain = plain

    def validate_result(self, pattern_text: str) -> bool | None:
        if _UNDODGED.fullmatch(pattern_text):
            return False
        value = pattern_text.replace(" ", "") if _SPACED.search(pattern_text) else pattern_text
        host = _DOTS.sub(".", _AT.split(value)[-1]).strip().lower()
        if not host.isascii():
            host = ".".join(_BY_SOUND.get(label, label) for label in host.split("."))
        name, _, suffix = host.rpartition(".")
        if name.partition(".")[0] in _NOT_A_HOST or not self._domains.is_public(host):
            return False
        if self._plain and _DOT_WORD.search(pattern_text):
            return None if suffix not in _ALSO_WORDS or name in _HOSTS else False
        return None


def bracketed(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=DodgedEmailRecognizer(
            domains,
            "BracketedEmailRecognizer",
            [
                Pattern("sure at", f"{_LOCAL}{_SIGN_AT}{_HOST}", 0.75),
                Pattern("apart", _APART, 0.75),
            ],
            plain=False,
        ),
        placeholder=EMAIL,
        about="An address with (at), -at-, a spaced @ or a spelled-out dot, whose domain ends in a "
        "public suffix.",
        gate=Prefilter(groups=(_SIGN_PIECES, (".", ",", *_DOT_PIECES)), quick_lower=_SIGN_QUICK),
    )


def named(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=DodgedEmailRecognizer(
            domains,
            "NamedSignEmailRecognizer",
            [Pattern("named at", f"{_LOCAL}{_NAME_AT}{_HOST}", 0.75)],
            plain=False,
        ),
        placeholder=EMAIL,
        about="An address with what the @ is called in another language: arobase, chiocciola, "
        "Klammeraffe.",
        gate=Prefilter(words=_NAME_WORDS, least_words=1),
    )


def touching(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=DodgedEmailRecognizer(
            domains,
            "TouchingSignEmailRecognizer",
            [Pattern("touching at", f"{_LOCAL}{_GLUED_AT}{_HOST}", 0.75)],
            plain=False,
        ),
        placeholder=EMAIL,
        about="The same in scripts that write no spaces: 艾特, アットマーク, 골뱅이.",
        gate=Prefilter(wide=True, groups=(_AT_GLUED,)),
    )


def worded(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=DodgedEmailRecognizer(
            domains,
            "WordedEmailRecognizer",
            [
                Pattern("words", f"{_WORDS}{_SAID_DOT}{_TLD}", 0.75),
                Pattern("known host", _KNOWN_HOST, 0.75),
            ],
            plain=True,
        ),
        placeholder=EMAIL,
        about="An address in plain words (john at gmail dot com), whose domain ends in a public "
        "suffix.",
        gate=Prefilter(words=_PLAIN_WORDS, least_words=1, quick_lower=_PLAIN_QUICK),
    )


def worded_touching(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=DodgedEmailRecognizer(
            domains,
            "WordedTouchingEmailRecognizer",
            [Pattern("words", f"{_WORDS}{_TOUCHING_DOT}{_TLD}", 0.75)],
            plain=True,
        ),
        placeholder=EMAIL,
        about="The same with a dot in a script that writes no spaces: john at qq点com.",
        gate=Prefilter(wide=True, groups=(_DOT_GLUED,)),
    )
