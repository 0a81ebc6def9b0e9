"""Numbers of Spain."""

from __future__ import annotations

from stdnum.es import cif, dni, nie, nif

from gateway.pii.placeholders import COMPANY_NUMBER, PASSPORT, PLATE
from gateway.pii.recognizers.national import PASSPORT_STEMS, NumberFormat

_HOME = ("es", "ES")
_SHORT = 7  # digits of a number that is not padded to eight
_MOD = 97  # divisor of the check digits


def _is_person(number: str) -> bool:
    """Whether `number` is a DNI, or the NIF of a person without one (K, L, M)."""
    if number[0].isalpha():
        return bool(nif.is_valid(number))
    return bool(dni.is_valid(number.zfill(9)))


def _is_affiliation(number: str) -> bool:
    """Whether the last two digits are the remainder by 97 of province and number. A number of up to
    7 digits is not padded to 8 for it."""
    province, own, check = int(number[:2]), int(number[2:10]), int(number[10:])
    body = province * 10**_SHORT + own if own < 10**_SHORT else province * 10**8 + own
    return body % _MOD == check


NUMBERS = (
    NumberFormat(
        kind="ES_NIF",
        about="Spanish DNI and NIF, with their letter",
        # A small letter behind a space is a word of its own.
        pattern=r"(?:\d{7,8}|\d{1,2}[. ]\d{3}[. ]\d{3}|[KLM]\d{7})(?:-?[A-Z]|(?-i: [A-Z]))",
        digits=7,
        counts="home",
        words=("dni", "nif", "identidad", "d.n.i"),
        places=_HOME,
        is_valid=_is_person,
        checksum=True,
    ),
    NumberFormat(
        kind="ES_NIE",
        about="Spanish NIE",
        pattern=r"[XYZ][ \-]?\d\.?\d{3}\.?\d{3}[ \-]?[A-Z]",
        digits=7,
        counts="home",
        words=("nie", "extranjero", "n.i.e"),
        places=_HOME,
        is_valid=nie.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="ES_CIF",
        placeholder=COMPANY_NUMBER,
        about="Tax numbers of Spanish companies",
        pattern=r"(?:ES)?[ABCDEFGHJNPQRSUVW]-?\d{2}\.?\d{3}\.?\d{2}-?[0-9A-J]",
        digits=7,
        counts="home",
        words=("cif", "nif", "empresa", "sociedad", "factura", "c.i.f"),
        places=_HOME,
        is_valid=lambda number: bool(cif.is_valid(number[-9:])),
        checksum=True,
    ),
    NumberFormat(
        kind="ES_SOCIAL_SECURITY",
        about="Spanish social security numbers",
        pattern=r"\d{2}[ /\-]?\d{8}[ /\-]?\d{2}",
        digits=12,
        counts="named",
        words=("seguridad social", "afiliacion", "nuss", "nass"),
        places=_HOME,
        is_valid=_is_affiliation,
        checksum=True,
    ),
    NumberFormat(
        kind="ES_PASSPORT",
        placeholder=PASSPORT,
        about="Spanish passports, 2 or 3 letters and 6 digits",
        pattern=r"[A-Z]{2,3} ?\d{6}",
        digits=6,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
    NumberFormat(
        kind="ES_PLATE",
        placeholder=PLATE,
        about="Spanish plates, 4 digits and 3 consonants",
        pattern=r"\d{4}[ \-]?[BCDFGHJKLMNPRSTVWXYZ]{3}",
        digits=4,
        counts="named",
        words=("matricula", "coche", "furgoneta", "plate"),
        places=_HOME,
    ),
)
