"""French addresses: streets, and postcodes with their city."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import ContextWords, context, fold
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import ADDRESS, CITY
from gateway.pii.recognizers.fr import PLACES

_KINDS = (
    "rue", "avenue", "av", "boulevard", "bd", "bld", "blvd", "boul", "place", "chemin", "allée",
    "allee", "allées", "impasse", "quai", "cours", "route", "square", "passage", "faubourg", "fbg",
    "sentier", "villa", "cité", "résidence", "residence", "lotissement", "hameau", "esplanade",
    "promenade", "ruelle", "venelle", "montée", "traverse", "rond-point", "mail", "parvis",
    "chaussée", "voie", "lieu-dit", "zone artisanale", "clos", "sente", "galerie",
)  # fmt: skip
_KIND = rf"(?i:{'|'.join(sorted(_KINDS, key=len, reverse=True))})\.?"
# The other kinds are also plain words: "2 places", "5 cours de danse".
_SURE_KIND = r"(?i:rue|avenue|boulevard|bd|chemin|all[ée]e|impasse|quai|ruelle|faubourg|venelle)"
_NUMBER = r"\d{1,4}(?: ?(?i:bis|ter|quater|[a-d](?![\w'’])))?"
_LINK = (
    r"(?i:de la|de l['’]|de|du|des|d['’]|la|les|le|l['’]|à la|aux?|en|sur|sous|et"
    r"|saint|sainte|st|ste)"
)
_CAPITALISED = r"(?:\d{1,2}(?:er)? )?[A-ZÀ-ÖØ-Þ][\w'’\-]{0,40}\.?"
_PLAIN = r"[\w'’\-]{2,40}"
_NAME = rf"(?:{_LINK}[ -]?){{0,3}}{_CAPITALISED}(?: (?:{_LINK}[ -]?){{0,3}}{_CAPITALISED}){{0,5}}"
_LOWER_NAME = rf"(?:{_LINK} ?){{0,3}}{_PLAIN}"
_REST = (
    r"(?:[ ,]{1,3}(?i:app?t|appartement|b[âa]t(?:iment)?|[ée]tage|porte|escalier|esc)\.? ?\w{1,4})"
    r"{0,3}"
)
_COMMA = r"(?:\s?,\s?|\s{1,2})"
_NO_ARTICLE = (
    r"(?<![\w\-])(?i:(?<!(?:la|le|les|une?|des|cette|ce|du|de|quelle|ma|sa|ta|notre|autre) )"
    r"(?<!\bl['’])(?<!\bd['’]))"
)

STREETS = (
    Pattern("number and street",
            rf"(?<![\w.,'’])(?<!\d ){_NUMBER}{_COMMA}{_KIND} {_NAME}{_REST}", 0.75),
    Pattern("number and street, lower case",
            rf"(?<![\w.,])(?<!\d ){_NUMBER}{_COMMA}{_SURE_KIND} {_LOWER_NAME}{_REST}", 0.6),
    # With an article a street is only talked about, without one it is an address.
    Pattern("street alone", rf"{_NO_ARTICLE}{_SURE_KIND} {_NAME}", 0.4),
    Pattern("any street alone", rf"(?<![\w\-]){_KIND} {_NAME}", 0.3),
)  # fmt: skip
_LIVES = context(
    fr=("habit", "adress", "domicil", "demeur", "log", "resid", "livr", "loge", "crech", "chez",
        "envoi", "courrier", "viens", "venez", "rendez", "rdv", "retrouv", "passe"),
    en=("address", "live", "lives", "living", "deliver", "ship", "meet", "located", "office"),
    es=("direccion", "vivo"),
    de=("adresse", "wohn"),
)  # fmt: skip
_HAS_KIND = re.compile(rf"(?<!\w){_KIND}\s", re.IGNORECASE)
_KIND_WORDS = frozenset(word for kind in _KINDS for word in re.findall(r"[^\W\d_]+", kind))

_POSTCODE = r"(?:0[1-9]|[1-8]\d|9[0-5]|97|98)\d{3}|2[AB]\d{3}"
_HAS_POSTCODE = re.compile(r"(?<!\d)(?:\d{5}|2[AB]\d{3})(?!\d)")
_CITY_WORD = r"[A-ZÀ-ÖØ-Þ][\w'’]{0,30}(?:[-'’](?:[\w'’]{1,30})){0,7}"
_CITY = (
    rf"(?:(?i:la|le|les|l['’]) ?)?{_CITY_WORD}"
    rf"(?:[ ](?:(?i:la|le|les|sur|sous|en|de|du|des|lès|l['’]|d['’]) ?){{0,2}}{_CITY_WORD}){{0,3}}"
    r"(?: (?i:cedex)(?: \d{1,2})?)?"
)
_BEFORE_CODE = r"(?<![\w.,€$£#/+\-])(?<!\d[ ])(?:(?:F|FR)-)?"
# Large cities (INSEE, census 2021): their names are also written without capitals.
_BIG = (
    "paris", "marseille", "lyon", "toulouse", "nice", "nantes", "montpellier", "strasbourg",
    "bordeaux", "lille", "rennes", "reims", "toulon", "saint-étienne", "saint-etienne",
    "saint étienne", "le havre", "grenoble", "dijon", "angers", "villeurbanne", "saint-denis",
    "saint denis", "nîmes", "nimes", "clermont-ferrand", "clermont ferrand", "aix-en-provence",
    "aix en provence", "le mans", "brest", "tours", "amiens", "annecy", "limoges", "metz",
    "boulogne-billancourt", "perpignan", "besançon", "besancon", "orléans", "orleans", "rouen",
    "mulhouse", "caen", "nancy", "argenteuil", "montreuil", "roubaix", "tourcoing", "nanterre",
    "avignon", "poitiers", "versailles", "créteil", "creteil", "pau", "la rochelle", "calais",
    "cannes", "antibes", "ajaccio", "bastia", "colmar", "bourges", "quimper", "valence", "lorient",
)  # fmt: skip
_KNOWN = rf"(?i:{'|'.join(sorted(_BIG, key=len, reverse=True))})"

POSTCODES = (
    Pattern("postcode and city", rf"{_BEFORE_CODE}(?:{_POSTCODE})[ ]{{1,2}}{_CITY}", 0.45),
    Pattern("postcode and known city",
            rf"{_BEFORE_CODE}(?:{_POSTCODE})[ ]{{1,2}}(?:à )?{_KNOWN}(?![\w\-])", 0.7),
    Pattern("known city and postcode",
            rf"(?<![\w\-]){_KNOWN},?[ ]{{1,2}}"
            rf"(?:\((?:{_POSTCODE})\)|(?:{_POSTCODE})(?!\w|[,.]\d))", 0.6),
    Pattern("city and postcode", rf"(?<![\w\-]){_CITY_WORD},?[ ]\((?:{_POSTCODE})\)", 0.45),
)  # fmt: skip
_NOT_A_CITY_LISTED = (
    "eur euro euros dollar dollars usd likes like vues abonnes followers points personnes euros ht"
    " ttc fcfa francs km kg people views subs fans ans mails et ou mais je tu il on nous vous ils"
    " the a an of to in for and or with on at is was are were i you we they he she it this that"
    " places jeunes exemplaires participants visiteurs morts spectateurs hommes femmes soldats"
    " habitants emplois tonnes metres watts rpm mah hz dpi lumens steps miles feet"
    " bravo merci salut bonjour bonsoir coucou oui non mdr lol ok bon bonne bref alors donc puis"
    " quand comme pour avec sans dans chez voila voici super top grave trop tres tout tous toute"
    " wow omg happy thanks thank yes no"
)
_NOT_A_CITY = frozenset(_NOT_A_CITY_LISTED.split())


class PostcodeRecognizer(PatternRecognizer):
    def __init__(self) -> None:
        super().__init__(
            supported_entity="POSTCODE_CITY",
            name="FrPostcodeRecognizer",
            patterns=list(POSTCODES),
            global_regex_flags=0,
        )

    def invalidate_result(self, pattern_text: str) -> bool:
        words = re.findall(r"[^\W\d_]{2,}", pattern_text)
        return not words or fold(words[0]) in _NOT_A_CITY


def street() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="STREET_ADDRESS",
            name="FrStreetRecognizer",
            patterns=list(STREETS),
            global_regex_flags=0,
        ),
        placeholder=ADDRESS,
        about="A number, a kind of street (rue, avenue, chemin …) and its name; without a number "
        "beside a word such as “habite”.",
        gate=Prefilter(words=_KIND_WORDS, least_words=1, quick=_HAS_KIND),
        context=_LIVES,
        in_context=0.76,
        home=PLACES,
        at_home=0.1,
    )


def postcode() -> PatternRule:
    return PatternRule(
        recognizer=PostcodeRecognizer(),
        placeholder=CITY,
        about="A French postcode and a city, in French texts or beside a word such as “adresse”; "
        "large cities in any text and any case.",
        gate=Prefilter(digits=4, quick=_HAS_POSTCODE),
        context=ContextWords(
            (*_LIVES.stems, "ville", "commune", "postal", "cp", "rue", "avenue", "chemin",
             "boulevard")
        ),
        home=PLACES,
        at_home=0.1,
    )  # fmt: skip
