"""Identity numbers of the countries that have no file of their own."""

from __future__ import annotations

from stdnum.fi import hetu
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.th import pin
from stdnum.tr import tckimlik

from gateway.pii.recognizers.national import NumberFormat

_SIGNED = 11  # characters of a Finnish code that has its sign of the century


def _is_finnish(number: str) -> bool:
    """Whether `number` is a Finnish code. Its sign of the century is missing if it was no letter:
    then both "-" and "+" are tried."""
    signs = number[6] if len(number) == _SIGNED else "-+"
    return any(hetu.is_valid(f"{number[:6]}{sign}{number[-4:]}") for sign in signs)


NUMBERS = (
    NumberFormat(
        kind="PL_PESEL",
        about="Polish PESEL",
        pattern=r"\d{11}",
        digits=11,
        counts="home",
        words=("pesel",),
        places=("pl", "PL"),
        is_valid=pesel.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="FI_PERSONAL_IDENTITY_CODE",
        about="Finnish personal identity codes",
        pattern=r"\d{6}[+\-ABCDEFYXWVU]\d{3}[0-9A-Y]",
        digits=9,
        counts="home",
        words=("hetu", "henkilötunnus", "personbeteckning"),
        places=("fi", "FI"),
        is_valid=_is_finnish,
        checksum=True,
    ),
    NumberFormat(
        kind="SE_PERSONNUMMER",
        about="Swedish personnummer",
        pattern=r"(?:(?:19|20)\d{2}|\d{2})\d{4}[+\-]?\d{4}",
        digits=10,
        counts="home",
        words=("personnummer", "samordningsnummer"),
        places=("sv", "SE"),
        is_valid=lambda number: bool(personnummer.is_valid(f"{number[:-4]}-{number[-4:]}")),
        checksum=True,
    ),
    NumberFormat(
        kind="TR_NATIONAL_ID",
        about="Turkish identity numbers",
        pattern=r"[1-9]\d{10}",
        digits=11,
        counts="home",
        words=("kimlik", "tckn"),
        places=("tr", "TR"),
        is_valid=tckimlik.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="TH_TNIN",
        about="Thai national numbers",
        pattern=r"\d(?:-?\d{4})(?:-?\d{5})-?\d{2}-?\d",
        digits=13,
        counts="home",
        words=("เลขประจำตัวประชาชน", "เลขบัตรประชาชน", "tnin"),
        places=("th", "TH"),
        is_valid=pin.is_valid,
        checksum=True,
    ),
)
