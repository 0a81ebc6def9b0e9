"""Telephone numbers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
import regex

from gateway.errors import StageTimeout
from gateway.model.finding import Stage
from gateway.pii.context import Context, context
from gateway.pii.message import Gate, Message
from gateway.pii.rule import ACCEPT, Hit, matches

_NANP = ("US",)
_REGIONS = {
    "en": ("US", "GB", "AU", "IN", "IE", "NZ", "ZA"),
    "fr": ("FR", "BE", "CH", "US", "RE", "GP"),
    "de": ("DE", "AT", "CH"),
    "es": ("ES", "MX", "AR", "CO", "CL", "PE"),
    "it": ("IT", "CH"),
    "pt": ("PT", "BR"),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "sv": ("SE",),
    "da": ("DK",),
    "no": ("NO",),
    "fi": ("FI",),
    "cs": ("CZ",),
    "ro": ("RO",),
    "hu": ("HU",),
    "el": ("GR",),
    "tr": ("TR",),
    "ru": ("RU",),
    "uk": ("UA",),
    "zh": ("CN", "TW", "HK"),
    "ja": ("JP",),
    "ko": ("KR",),
    "ar": ("MA", "DZ", "TN", "EG", "SA", "AE"),
    "he": ("IL",),
    "hi": ("IN",),
    "vi": ("VN",),
    "id": ("ID",),
}
_ALWAYS = ("FR", "US", "GB")
_TRUNKLESS = frozenset(
    {"ES", "PT", "PL", "DK", "NO", "CZ", "GR", "HK", "CN", "CL", "MX", "IT", "TN"}
)
"""Regions whose national numbers are dialled without a leading 0 in front of all of them."""

# Groups of digits with at most three signs between them.
_SIGNS = r"[ .,_*|~/()\-\u2010-\u2013\u00b7\u2022]"
_CANDIDATE = regex.compile(
    rf"(?<![\w@#€$£])(?<!\d[.,:\-/])(?:\+{_SIGNS}{{0,2}}|\({_SIGNS}?\+?)?\d(?:{_SIGNS}{{0,3}}\d)+"
)
_PLAIN_SIGNS = str.maketrans(dict.fromkeys("_*|~,\u2022\u00b7", " "))
_GROUP = re.compile(r"\d+")
_EXTENSION = re.compile(r" {0,2}(?:x|ext\.?|poste) ?\d{1,5}(?!\w)", re.IGNORECASE)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:(?:19|20)\d\d|\d\d)"
    r"|(?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:19|20)\d\d"
    r"|(?:1[89]|20)\d\d ?[-/\u2013] ?(?:1[89]|20)\d\d"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
)
_DATES = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d ?[-./,] ?(?:0?[1-9]|1[0-2]) ?[-./,] ?(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01]) ?[-./,] ?(?:0?[1-9]|[12]\d|3[01]) ?[-./,] ?(?:19|20)\d\d)(?!\d)"
)
_OTHER_SHAPES = re.compile(
    r"\d{3}-\d\d-\d{4}"  # SSN
    r"|\d{1,3}(?:\.\d{1,3}){3}"  # IPv4
    r"|\d{12,}"
    r"|\d{5}-\d{3,4}"  # postcodes of Brazil and the United States
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}([ .,])\d{3}(?:\1\d{3})*")
_LINKED = re.compile(r"(?:wa\.me/|phone=|tel:|sms:)$")
_LINK_CHARS = 8
_LEAST, _MOST = 7, 15
_MOST_GROUPS = 12
_GATE = Gate(digits=_LEAST)

INTERNATIONAL, POSSIBLE, FORMATTED, TRUNK, BARE, SHAPED = 0.9, 0.6, 0.7, 0.65, 0.4, 0.2
IN_CONTEXT = 0.85

CONTEXT = context(
    against=("licen", "passport", "passeport", "social", "security", "secu", "card", "carte",
             "account", "compte", "order", "commande", "ticket", "invoice", "facture", "zip",
             "postal", "isbn", "tracking", "colis", "reference", "serial", "version", "siren",
             "siret", "iban", "date", "address", "adresse", "street", "located", "episode",
             "model", "case", "dossier"),
    en=("phone", "telephone", "tel", "cell", "mobile", "call", "fax", "dial", "ring", "text",
        "sms", "whatsapp", "desk", "office", "answering", "hotline", "reach", "voicemail",
        "number", "contact", "messages to", "signal", "viber", "telegram"),
    fr=("telephon", "portable", "appel", "numero", "joindre", "joignable", "fixe", "06", "tph",
        "contacte", "texto", "rappel", "sonne", "phone", "bigo"),
    es=("telefono", "movil", "llam", "numero", "celular", "contact"),
    de=("telefon", "handy", "nummer", "ruf", "anruf", "erreich", "mobil"),
    it=("telefon", "cellulare", "chiam", "numero"),
    pt=("telefone", "celular", "ligue", "ligar", "telemovel"),
    nl=("bel", "telefoon", "mobiel"),
    zh=("电话", "手机", "號碼", "号码", "致电", "微信"),
    ja=("電話", "携帯"),
    ar=("هاتف", "رقم", "اتصل", "جوال", "واتساب"),
    ru=("телефон", "звон", "номер"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PhoneRule:
    """phonenumbers decides whether a national number is valid, in the regions that the language
    and the audience point at. An international one needs to be possible only; beside a word
    such as "call", a shape of groups is enough."""

    name: str = "PhoneRecognizer"
    kind: str = "PHONE_NUMBER"
    gate: Gate = _GATE
    context: Context = CONTEXT
    about: str = (
        "International numbers (+, 00); national ones that are valid where the language or the "
        "audience points (phonenumbers); other groups of 7 to 15 digits beside a word such as "
        "“call”; extensions."
    )

    @property
    def identity(self) -> str:
        return repr((self.name, _CANDIDATE.pattern, self.context.stems, phonenumbers.__version__))

    def hits(self, message: Message, budget_s: float) -> Iterator[Hit]:
        deadline = time.thread_time() + budget_s
        regions = _regions(message)
        for match in matches(_CANDIDATE, message.text, budget_s):
            start = match.start()
            for date in _DATES.finditer(message.text, start, match.end()):
                yield from self._inside(message, start, date.start(), regions, deadline)
                start = date.end()
            yield from self._inside(message, start, match.end(), regions, deadline)

    def _inside(
        self, message: Message, start: int, end: int, regions: tuple[str, ...], deadline: float
    ) -> Iterator[Hit]:
        """Numbers among the groups of one run, the longest from each group on."""
        text = message.text
        groups = [found.span() for found in _GROUP.finditer(text, start, end)]
        first = 0
        while first < len(groups):
            if time.thread_time() > deadline:
                raise StageTimeout(Stage.PII, 50)
            best: tuple[float, int] = (0.0, first)
            digits = 0
            for last in range(first, min(len(groups), first + _MOST_GROUPS)):
                digits += groups[last][1] - groups[last][0]
                if digits > _MOST + 2:
                    break
                if digits >= _LEAST:
                    begin = _opening(text, start if first == 0 else groups[first - 1][1],
                                     groups[first][0])  # fmt: skip
                    score = self._score(message, begin, groups[last][1], regions)
                    if score >= ACCEPT and score >= best[0]:
                        best = (score, last)
            score, last = best
            if score:
                begin = _opening(text, start if first == 0 else groups[first - 1][1],
                                 groups[first][0])  # fmt: skip
                yield Hit(begin, _closing(text, begin, groups[last][1]), self.kind, score, False,
                          self.name)  # fmt: skip
            first = last + 1

    def _score(self, message: Message, start: int, end: int, regions: tuple[str, ...]) -> float:
        text = message.text
        value = text[start:end].translate(_PLAIN_SIGNS)
        follows = text[end : end + 1]
        if follows.isdigit() or (follows in "€$£%°" and follows):
            return 0.0
        if _LINKED.search(text[max(0, start - _LINK_CHARS) : start]) and _valid(f"+{value}", None):
            return INTERNATIONAL
        score = _shape(value, regions)
        if score and score < IN_CONTEXT and self.context.supports(text, start, end):
            return IN_CONTEXT
        return score


def _regions(message: Message) -> tuple[str, ...]:
    regions = dict.fromkeys(_ALWAYS)
    for place in sorted(message.places):
        if place in _REGIONS:
            regions.update(dict.fromkeys(_REGIONS[place]))
        elif place in phonenumbers.SUPPORTED_REGIONS:
            regions[place] = None
    return tuple(regions)


def _shape(value: str, regions: tuple[str, ...]) -> float:
    """What `value` is worth without its surroundings."""
    digits = "".join(char for char in value if char.isdigit())
    if len(set(digits)) < 3 or _DATE.fullmatch(value):
        return 0.0
    if "+" in value[:2] or digits.startswith("00"):
        return _international(value, digits)
    if _OTHER_SHAPES.fullmatch(value):
        return 0.0
    return _national(value, digits[0] == "0", regions)


def _national(value: str, trunk: bool, regions: tuple[str, ...]) -> float:
    """`trunk`: it begins with 0."""
    separated = len(_GROUP.findall(value)) > 2
    thousands = _THOUSANDS.fullmatch(value) is not None
    for region in regions:
        if region in _TRUNKLESS or region in _NANP:
            plausible = (not trunk or region == "IT") and not thousands
        else:
            plausible = trunk
        if plausible and _valid(value, region):
            return FORMATTED if separated else TRUNK if trunk else BARE
    return 0.0 if thousands and value.endswith("00") else SHAPED


def _international(value: str, digits: str) -> float:
    number = "+" + (digits if "+" in value[:2] else digits[2:])
    # "+33 (0)6 …": the trunk digit is written, not dialled.
    national = regex.sub(r"\(0\)", "", value)
    if national != value:
        number = "+" + "".join(c for c in national if c.isdigit()).removeprefix("00")
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return SHAPED
    if phonenumbers.is_valid_number(parsed):
        return INTERNATIONAL
    return POSSIBLE if "+" in value[:2] and phonenumbers.is_possible_number(parsed) else SHAPED


def _valid(value: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value, region))
    except phonenumbers.NumberParseException:
        return False


def _opening(text: str, earliest: int, start: int) -> int:
    """Where the number begins, with "+" or an opening bracket before its first digit."""
    at = start
    while at > earliest and text[at - 1] in "+( " and start - at < 3:
        at -= 1
    while text[at] == " ":
        at += 1
    return at


def _closing(text: str, start: int, end: int) -> int:
    """Where it ends, with its extension and a bracket that it opened."""
    extension = _EXTENSION.match(text, end)
    if extension:
        return extension.end()
    if text[end : end + 1] == ")" and "(" in text[start:end]:
        return end + 1
    return end
