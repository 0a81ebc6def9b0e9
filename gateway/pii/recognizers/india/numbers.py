"""Numbers of India."""

from __future__ import annotations

from stdnum.in_ import aadhaar, epic, gstin, pan

from gateway.pii.placeholders import COMPANY_NUMBER, PASSPORT, PLATE
from gateway.pii.recognizers.national import DRIVING_LICENCE_STEMS, PASSPORT_STEMS, NumberFormat

_HOME = ("IN",)
_STATE = (
    "(?:AN|AP|AR|AS|BR|CG|CH|DD|DL|DN|GA|GJ|HP|HR|JH|JK|KA|KL|LA|LD|MH|ML|MN|MP|MZ|NL|OD|OR|PB|PY"
    "|RJ|SK|TN|TR|TS|UK|UP|WB)"
)

NUMBERS = (
    NumberFormat(
        kind="IN_AADHAAR",
        about="Indian Aadhaar",
        pattern=r"[2-9]\d{3}([ \-:]?)\d{4}\1\d{4}",
        digits=12,
        counts="home",
        words=("aadhaar", "aadhar", "adhaar", "uidai", "आधार"),
        places=_HOME,
        is_valid=aadhaar.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="IN_PAN",
        about="Indian permanent account numbers",
        pattern=r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]",
        digits=4,
        quick=r"\d{4}[A-Za-z]",
        counts="home",
        words=("pan", "permanent account"),
        places=_HOME,
        is_valid=pan.is_valid,
    ),
    NumberFormat(
        kind="IN_VOTER",
        about="Indian voter cards (EPIC)",
        pattern=r"[A-Z]{3}[ \-]?\d{7}",
        digits=7,
        counts="home",
        words=("voter", "epic", "elector", "election card"),
        places=_HOME,
        is_valid=epic.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="IN_PASSPORT",
        placeholder=PASSPORT,
        about="Indian passports",
        pattern=r"[A-PR-WY][1-9]\d ?\d{4}[1-9]",
        digits=7,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
    NumberFormat(
        kind="IN_VEHICLE",
        placeholder=PLATE,
        about="Indian plates, with the code of a state",
        pattern=rf"{_STATE}[ \-]?\d{{1,2}}[ \-]?[A-Z]{{1,3}}[ \-]?\d{{4}}"
        r"|\d{2}[ \-]?BH[ \-]?\d{4}[ \-]?[A-HJ-NP-Z]{1,2}",
        digits=5,
        counts="home",
        words=("vehicle", "number plate", "plate", "registration", "bike", "scooter"),
        places=_HOME,
    ),
    NumberFormat(
        kind="IN_DRIVER_LICENSE",
        about="Indian driving licences",
        pattern=rf"{_STATE}[ \-]?\d{{2}}[ \-]?(?:19|20)\d{{2}}[ \-]?\d{{7}}",
        digits=13,
        counts="named",
        words=(*DRIVING_LICENCE_STEMS, "dl"),
        places=_HOME,
    ),
    NumberFormat(
        kind="IN_GSTIN",
        placeholder=COMPANY_NUMBER,
        about="Indian tax numbers of businesses, made from a PAN",
        pattern=r"\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]",
        digits=6,
        quick=r"\d\d[A-Za-z]{5}\d{4}",
        counts="anywhere",
        words=("gst", "gstin"),
        places=_HOME,
        is_valid=gstin.is_valid,
        checksum=True,
    ),
)
