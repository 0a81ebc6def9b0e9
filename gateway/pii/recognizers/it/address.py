"""Italian street addresses."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import ADDRESS

PLACES = frozenset({"it", "IT", "SM", "VA", "CH"})

# Kinds that are no other words in any language; the others of `_KINDS` are.
_SURE_KINDS = (
    "viale", "piazza", "piazzale", "piazzetta", "vicolo", "lungomare", "lungotevere", "lungarno",
    "circonvallazione", "p.zza", "v.le",
)  # fmt: skip
_USUAL_KINDS = ("via", "c.so", "largo", "contrada", "vico", "traversa", "calle", "fondamenta",
                "rione", "viottolo", "borgo")  # fmt: skip
_KINDS = (
    *_SURE_KINDS, *_USUAL_KINDS, "corso", "strada", "salita", "località", "loc.", "campo",
    "galleria", "incrocio", "stretto", "canale", "rotonda", "frazione", "passeggiata", "rampa",
    "discesa",
)  # fmt: skip


def _any_kind(kinds: tuple[str, ...]) -> str:
    return rf"(?i:{'|'.join(map(re.escape, sorted(kinds, key=len, reverse=True)))})"


_KIND, _SURE_KIND, _USUAL_KIND = _any_kind(_KINDS), _any_kind(_SURE_KINDS), _any_kind(_USUAL_KINDS)
_LINK = r"(?i:del|della|dello|dei|degli|delle|di|da|de|al|alla|san|santa|e|d['’]|dell['’]|all['’])"
_CAPITALISED = r"(?:[A-ZÀ-ÖØ-Þ][\w'’.\-]{0,40}|\d{1,2}(?= [A-Z]))"
_NAME = rf"(?:{_LINK}[ ]?){{0,2}}{_CAPITALISED}(?: (?:{_LINK}[ ]?){{0,2}}{_CAPITALISED}){{0,5}}"
_SMALL_NAME = r"[a-zà-ÿ][\w'’.\-]{1,30}(?: [\w'’.\-]{1,30}){0,4}?"
_NUMBER = (
    r"(?:,? ?n[.°r]{1,2} ?|, ?| )\d{1,4}(?:[/ ]?[a-zA-Z](?!\w)|/\d{1,3})?(?: (?:bis|ter))?"
    r"(?:,? (?i:int|interno|scala|piano|appartamento|app|palazzina)\.? ?\w{1,4}){0,3}"
)
_CODE = r"(?:(?:I|IT)[- ])?\d{5}"
_CITY = (
    r"[A-ZÀ-ÖØ-Þ][\w'’\-]{1,40}"
    r"(?: (?:(?i:di|del|della|dei|in|nel|sul|al|a|e|d['’]|dell['’]|all['’]) ?)?"
    r"[A-ZÀ-ÖØ-Þ][\w'’\-]{1,30}){0,4}"
    r"(?:,? \([A-Z]{2}\))?"
)
_SMALL_CITY = r"[a-zà-ÿ][\w'’\-]{2,30}"
_BEFORE = r"(?<![\w.\-/@#])"
_AFTER = r"(?![\w€$%]|[.,:]\d| ?(?:€|%|euro|volte|minuti|ore|giorni|anni|km)\b)"
_SEPARATED = r"(?:,\s{0,2}|\s{1,3}|\s?[-–·|]\s?)"

STREETS = (
    Pattern("street, postcode, city",
            rf"{_BEFORE}{_KIND} {_NAME}{_NUMBER}{_SEPARATED}{_CODE},? {_CITY}", 0.95),
    Pattern("street, postcode, city in small letters",
            rf"{_BEFORE}{_KIND} {_SMALL_NAME}{_NUMBER}{_SEPARATED}{_CODE},? {_SMALL_CITY}", 0.9),
    Pattern("sure street and number", rf"{_BEFORE}{_SURE_KIND} {_NAME}{_NUMBER}{_AFTER}", 0.6),
    Pattern("usual street and number", rf"{_BEFORE}{_USUAL_KIND} {_NAME}{_NUMBER}{_AFTER}", 0.4),
    Pattern("any street and number", rf"{_BEFORE}{_KIND} {_NAME}{_NUMBER}{_AFTER}", 0.3),
)  # fmt: skip
_LIVES = context(
    it=("abit", "vivo", "viviamo", "indirizz", "casa", "residen", "domicil", "sped", "consegn",
        "ci vediamo", "vieni", "venite", "appuntamento", "trov", "sede", "sono in", "civico"),
    en=("address", "live", "lives", "living", "deliver", "ship", "meet", "located", "office"),
)  # fmt: skip
_LAST_WORDS = frozenset(re.findall(r"[^\W\d_]+", kind)[-1] for kind in _KINDS)
_QUICK = re.compile(rf"(?<!\w){_KIND} (?:[^\d\n]{{1,400}}|\d{{1,2}} [^\d\n]{{1,400}})\d")


def street() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="STREET_ADDRESS",
            name="ItStreetRecognizer",
            patterns=list(STREETS),
            global_regex_flags=0,
        ),
        placeholder=ADDRESS,
        about="Viale, piazza, vicolo and the like with a capitalised name and a number, with the "
        "postcode and city that follow; via, largo … in Italian texts or with a postcode; corso, "
        "strada … with a postcode or beside a word such as “abito”.",
        gate=Prefilter(digits=1, words=_LAST_WORDS, least_words=1, quick=_QUICK),
        context=_LIVES,
        in_context=0.76,
        home=PLACES,
        at_home=0.1,
    )
