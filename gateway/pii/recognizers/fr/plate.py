"""French licence plates."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import PLATE
from gateway.pii.recognizers.fr import PLACES

_DEPARTMENT = r"(?:0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6])"
_BEFORE, _AFTER = r"(?<![\w\-/])", r"(?![\w\-/])"
_NOT_A_DATE = (
    r"(?!\d\d-(?:JAN|F[EÉ][BV]|MAR|APR|AVR|MA[IY]|JUN|JUL|AUG|AO[UÛ]|SEP|OCT|NOV|D[EÉ]C)-)"
)

PATTERNS = (
    Pattern("SIV", rf"{_BEFORE}[A-Z]{{2}}-\d{{3}}-[A-Z]{{2}}{_AFTER}", 0.6),
    Pattern("SIV, spaced", rf"{_BEFORE}[A-Z]{{2}} \d{{3}} [A-Z]{{2}}{_AFTER}", 0.4),
    Pattern("SIV, plain", rf"{_BEFORE}[A-Z]{{2}}\d{{3}}[A-Z]{{2}}{_AFTER}", 0.3),
    Pattern("FNI", rf"{_BEFORE}{_NOT_A_DATE}\d{{2,4}}-[A-Z]{{2,3}}-\d\d{_AFTER}", 0.6),
    Pattern("FNI, spaced", rf"{_BEFORE}\d{{1,4}} ?[A-Z]{{2,3}} ?{_DEPARTMENT}{_AFTER}", 0.2),
)  # fmt: skip
_LOWER = (
    Pattern("SIV, any case", rf"{_BEFORE}[a-z]{{2}}[- ]?\d{{3}}[- ]?[a-z]{{2}}{_AFTER}", 0.2),
    Pattern("FNI, any case",
            rf"{_BEFORE}\d{{1,4}}-?[a-z]{{2,3}}-?{_DEPARTMENT}{_AFTER}", 0.1),
)  # fmt: skip
_QUICK = re.compile(
    r"\d(?:(?<=[A-Za-z][- ]\d)|(?<=[A-Za-z]\d))\d\d[- ]?[A-Za-z]{2}"
    r"|\d[- ]?[A-Za-z]{2,3}[- ]?\d[\dABab]"
)


def rule() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="FR_PLATE",
            name="FrPlateRecognizer",
            patterns=[*PATTERNS, *_LOWER],
            global_regex_flags=0,
        ),
        placeholder=PLATE,
        about="AB-123-CD (since 2009) and 123-ABC-75 with hyphens; with spaces or none in French "
        "texts, or beside a word such as “plaque”.",
        gate=Prefilter(digits=3, quick=_QUICK),
        context=context(
            fr=("plaque", "immatricul", "voiture", "vehicule", "moto", "scooter", "gare", "clio",
                "peugeot", "renault", "citroen", "bagnole", "caisse", "camion"),
            en=("plate", "license", "licence", "car", "vehicle", "registration"),
            es=("matricula",),
            de=("kennzeichen",),
        ),
        home=PLACES,
        at_home=0.12,
    )  # fmt: skip
