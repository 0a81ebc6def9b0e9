"""German, Austrian and Swiss addresses: streets, and postcodes with their city."""

from __future__ import annotations

import re
from collections.abc import Iterable

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import ADDRESS, CITY

PLACES = frozenset({"de", "DE", "AT", "CH", "LI"})

# Endings that only streets have; the others of `_KINDS` also end other words.
_SURE_KINDS = ("straße", "strasse", "str.", "gasse", "allee", "chaussee")
_KINDS = (
    *_SURE_KINDS, "str", "weg", "platz", "ring", "ufer", "damm", "stieg", "steig", "pfad", "graben",
    "wall", "twiete", "promenade", "zeile", "markt", "hof", "berg", "kamp", "winkel", "park",
)  # fmt: skip
_NO_STREETS_LISTED = (
    "parkplatz stellplatz sitzplatz arbeitsplatz spielplatz startplatz tabellenplatz sendeplatz"
    " studienplatz listenplatz speicherplatz ausbildungsplatz kitaplatz campingplatz heimweg umweg"
    " ausweg hinweg rückweg unterweg irrweg bahnsteig einstieg ausstieg aufstieg abstieg anstieg"
    " umstieg supermarkt arbeitsmarkt aktienmarkt wohnungsmarkt flohmarkt bahnhof boxring ehering"
    " einkaufszeile befehlszeile textzeile bauernhof friedhof"
)
_NO_STREETS = frozenset(_NO_STREETS_LISTED.split())
_UPPER, _WORD = r"[A-ZÄÖÜ]", r"[\wäöüß'’.\-]"


_ARTICLES = (
    r"(?:D(?:er|ie|as|en|em|es)|Eine?[mnrs]?|Kein\w{0,2}|Mein\w{0,2}|Dein\w{0,2}|Sein\w{0,2}|Unser\w{0,2}"
    r"|Dies\w{1,2}|Jede\w|Welche\w|Auf|Vom|Von|Bis|Nach|Mit|Und|Platz|Nur|Noch|Ab)"
)


def _street_pattern(kinds: tuple[str, ...]) -> str:
    """Pattern of a street: one of `kinds` ends its name ("Lindenstraße") or is a word of its own
    ("Berliner Straße")."""
    glued = "|".join(map(re.escape, kinds))
    apart = "|".join(re.escape(kind.title()) for kind in kinds)
    name = rf"(?!{_ARTICLES} ){_UPPER}{_WORD}{{1,40}}"
    return (
        rf"(?:{_UPPER}{_WORD}{{1,40}}?(?:(?i:{glued})|-(?:{apart}))|(?:{name} ){{1,3}}(?:{apart}))"
    )


_LED = (
    r"(?:Am|An der|An den|Auf dem|Auf der|Beim|Im|In der|In den|Hinter der|Unter den|Unter der"
    r"|Vor dem|Zum|Zur|(?:Straße|Strasse|Platz|Allee) (?:des|der))"
)
_NAMED = rf"{_LED}(?: (?:{_UPPER}{_WORD}{{1,40}}|\d{{1,2}}\.)){{1,3}}"
_NUMBER = r"\d{1,4}(?: ?[a-zA-Z](?!\w))?(?: ?[\-/–] ?\d{1,4}(?: ?[a-zA-Z](?!\w))?)?"
_NO_YEAR = r"(?!(?:19|20)\d\d(?!\d))"
_CODE = r"(?:(?:D|DE|A|AT|CH)[- ])?\d{4,5}"
_CITY = (
    r"(?:St\. )?[A-ZÄÖÜ][\wäöüß\-]{1,40}"
    r"(?:(?: (?:am|an der|im|in|in der|ob der|bei|unter der|vor der|vorm|a\.|i\.))?"
    r" [A-ZÄÖÜ][\wäöüß\-]{1,30}| \([A-Z][\w. ]{1,20}\)){0,3}"
)
_BEFORE = r"(?<![\w.\-/@#])"
# No year, price, or number of more digits follows.
_AFTER = r"(?![\w€$%]|[.,:]\d| ?(?:Uhr|Euro|Prozent|€|%|km|m\b))"
_SEPARATED = r"(?:,\s{0,2}|\s{1,3}|\s?[·|]\s?)"

_SMALL_WORD = r"[a-zäöüß][a-zäöüß.\-]{1,40}"
_SMALL = (
    rf"(?:{_SMALL_WORD}?(?:straße|strasse|str\.?|gasse|allee)"
    rf"|{_SMALL_WORD}er (?:straße|strasse|str\.|allee)) ?"
)
_SURE, _ANY = (
    _street_pattern(_SURE_KINDS) + r"(?: |(?<=\.))",
    _street_pattern(_KINDS) + r"(?: |(?<=\.))",
)
_THERE = rf"{_NUMBER}{_SEPARATED}{_CODE}"

STREETS = (
    Pattern("street, postcode, city", rf"{_BEFORE}{_ANY}{_THERE} {_CITY}", 0.95),
    Pattern("street, postcode, city in small letters",
            rf"{_BEFORE}{_SMALL}{_THERE} [a-zäöüß][\wäöüß\-]{{2,30}}", 0.9),
    Pattern("street and number", rf"{_BEFORE}{_SURE}{_NUMBER}{_AFTER}", 0.65),
    Pattern("street and number in small letters",
            rf"{_BEFORE}{_SMALL_WORD}?(?:straße|strasse|str\.) ?{_NUMBER}{_AFTER}", 0.55),
    Pattern("any street and number", rf"{_BEFORE}{_ANY}{_NO_YEAR}{_NUMBER}{_AFTER}", 0.45),
)  # fmt: skip
LED = (Pattern("led street, postcode, city",
               rf"{_BEFORE}{_NAMED} {_THERE} {_CITY}", 0.95),)  # fmt: skip
LIVES = context(
    de=("adress", "anschrift", "wohn", "hausnummer", "zuhause", "lieferung", "schick", "treffen",
        "treffpunkt", "komm", "besuch", "gemeldet", "postfach"),
    en=("address", "live", "lives", "living", "deliver", "ship", "meet", "located", "office"),
)  # fmt: skip


def _before_a_digit(endings: Iterable[str]) -> re.Pattern[str]:
    """Pattern of a digit behind one of `endings`. It begins at the digits, which are few, and looks
    back."""
    by_length: dict[int, list[str]] = {}
    for ending in endings:
        by_length.setdefault(len(ending), []).append(re.escape(ending))
    behind = (f"(?<=(?:{'|'.join(alike)})\\d)" for alike in by_length.values())
    return re.compile(rf"\d(?:{'|'.join(behind)})")


_STREET_QUICK = _before_a_digit(
    (*(f"{kind} " for kind in _KINDS), *(kind for kind in _SURE_KINDS if kind != "chaussee"), "str")
)
_LED_QUICK = re.compile(r"\d[a-zA-Z]?(?:,\s{0,2}|\s{1,3}|\s?[·|]\s?)(?:[A-Z]{1,2}[- ])?\d{4}")

# Cities above some 150,000 people: their names are also written without capitals.
_BIG = (
    "berlin", "hamburg", "münchen", "muenchen", "köln", "koeln", "frankfurt", "stuttgart",
    "düsseldorf", "duesseldorf", "leipzig", "dortmund", "essen", "bremen", "dresden", "hannover",
    "nürnberg", "nuernberg", "duisburg", "bochum", "wuppertal", "bielefeld", "bonn", "münster",
    "mannheim", "karlsruhe", "augsburg", "wiesbaden", "mönchengladbach", "gelsenkirchen", "aachen",
    "braunschweig", "chemnitz", "kiel", "halle", "magdeburg", "freiburg", "krefeld", "mainz",
    "lübeck", "erfurt", "oberhausen", "rostock", "kassel", "hagen", "potsdam", "saarbrücken",
    "hamm", "ludwigshafen", "oldenburg", "osnabrück", "leverkusen", "darmstadt", "heidelberg",
    "solingen", "regensburg", "herne", "paderborn", "neuss", "ingolstadt",
)  # fmt: skip
_KNOWN = rf"(?i:{'|'.join(sorted(_BIG, key=len, reverse=True))})"
_BEFORE_CODE = r"(?<![\w.,€$£#/+\-])(?<!\d[ ])"
POSTCODES = (
    Pattern("postcode and known city",
            rf"{_BEFORE_CODE}(?:(?:D|DE)-)?\d{{5}} {_KNOWN}(?![\w\-])", 0.7),
    Pattern("marked postcode and city",
            rf"{_BEFORE_CODE}(?:D|DE|A|AT|CH)-\d{{4,5}} {_CITY}", 0.7),
)  # fmt: skip


class GermanStreetRecognizer(PatternRecognizer):
    def __init__(self) -> None:
        super().__init__(
            supported_entity="STREET_ADDRESS",
            name="DeStreetRecognizer",
            patterns=list(STREETS),
            global_regex_flags=0,
        )

    def invalidate_result(self, pattern_text: str) -> bool:
        """Refuse words that only end like a street: a parking space, a way home."""
        name = re.split(r" ?\d", pattern_text, maxsplit=1)[0].strip(" .")
        return name.rpartition(" ")[2].lower() in _NO_STREETS


def street() -> PatternRule:
    return PatternRule(
        recognizer=GermanStreetRecognizer(),
        placeholder=ADDRESS,
        about="A name in -straße, -str., -gasse, -allee (in German texts also -weg, -platz and the "
        "like) and a number, with the postcode and city that follow.",
        gate=Prefilter(digits=1, quick_lower=_STREET_QUICK),
        context=LIVES,
        in_context=0.76,
        home=PLACES,
        at_home=0.1,
    )


def led() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="STREET_ADDRESS",
            name="DeLedStreetRecognizer",
            patterns=list(LED),
            global_regex_flags=0,
        ),
        placeholder=ADDRESS,
        about="Am, Im, Unter den and the like with a name, a number, a postcode and a city.",
        gate=Prefilter(digits=5, quick=_LED_QUICK),
        home=PLACES,
        at_home=0.1,
    )


def postcode() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="POSTCODE_CITY",
            name="DePostcodeRecognizer",
            patterns=list(POSTCODES),
            global_regex_flags=0,
        ),
        placeholder=CITY,
        about="A German postcode and one of the large cities, in any text and any case; another "
        "city where the postcode is marked (D-10115).",
        gate=Prefilter(digits=4, quick=re.compile(r"\d{4} [A-Za-zÄÖÜäöü]")),
    )
