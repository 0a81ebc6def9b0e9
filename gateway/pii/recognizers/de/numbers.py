"""Numbers of Germany."""

from __future__ import annotations

from presidio_analyzer.predefined_recognizers import (
    DeHealthInsuranceRecognizer,
    DeSocialSecurityRecognizer,
)
from stdnum.de import idnr, stnr, vat

from gateway.pii.placeholders import COMPANY_NUMBER, PASSPORT, PLATE
from gateway.pii.recognizers.national import PASSPORT_STEMS, NumberFormat, certain

_HOME = ("de", "DE")
# Vowels, and letters that look like digits, are left out of the documents' numbers.
_DOCUMENT = r"(?=(?:[A-Z]*\d){3})[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}(?:\d(?: ?D)?)?"


NUMBERS = (
    NumberFormat(
        kind="DE_TAX_ID",
        about="German tax identification numbers",
        pattern=r"[1-9]\d(?: ?\d{3}){3}",
        digits=11,
        counts="home",
        words=("steueridentifikation", "steuer-id", "steuerid", "steuer id", "steuernummer",
               "identifikationsnummer", "idnr", "tax id"),
        places=("DE",),  # eleven digits: German is not enough
        is_valid=idnr.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="DE_TAX_NUMBER",
        about="German tax numbers, in the forms of the states",
        pattern=r"\d{2,3}[/ ]\d{3,4}[/ ]\d{4,5}|\d{10,11}|\d{13}",
        digits=10,
        counts="named",
        words=("steuernummer", "steuer-nr", "steuernr", "st.-nr", "st-nr", "stnr", "finanzamt"),
        places=_HOME,
        is_valid=stnr.is_valid,
    ),
    NumberFormat(
        kind="DE_SOCIAL_SECURITY",
        about="German pension insurance numbers",
        pattern=r"\d{2} ?\d{6} ?[A-Z] ?\d{3}",
        digits=11,
        counts="home",
        words=("rentenversicherung", "sozialversicherung", "versicherungsnummer", "rvnr", "svnr",
               "sv-nummer"),
        places=_HOME,
        is_valid=certain(DeSocialSecurityRecognizer()),
        checksum=True,
    ),
    NumberFormat(
        kind="DE_HEALTH_INSURANCE",
        about="Numbers of German health insurance cards",
        pattern=r"[A-Z] ?\d{3} ?\d{3} ?\d{3}",
        digits=9,
        counts="named",
        words=("krankenversicher", "versichertennummer", "krankenkasse", "gesundheitskarte",
               "kvnr"),
        places=_HOME,
        is_valid=certain(DeHealthInsuranceRecognizer()),
        checksum=True,
    ),
    NumberFormat(
        kind="DE_ID_CARD",
        about="German identity cards",
        pattern=_DOCUMENT,
        digits=3,
        counts="named",
        words=("personalausweis", "ausweisnummer", "ausweis-nr", "ausweisnr", "perso", "id card"),
        places=_HOME,
    ),
    NumberFormat(
        kind="DE_PASSPORT",
        placeholder=PASSPORT,
        about="German passports",
        pattern=_DOCUMENT,
        digits=3,
        counts="named",
        words=(*PASSPORT_STEMS, "passnummer", "pass-nr"),
        places=_HOME,
    ),
    NumberFormat(
        kind="DE_DRIVER_LICENSE",
        about="German driving licences",
        pattern=r"[A-Z]\d{2}[A-Z0-9]{6}\d[A-Z0-9]",
        digits=3,
        counts="named",
        words=("fuhrerschein", "fuehrerschein", "fahrerlaubnis", "driving licen"),
        places=_HOME,
    ),
    NumberFormat(
        kind="DE_HANDELSREGISTER",
        placeholder=COMPANY_NUMBER,
        about="Numbers of the German commercial register, HRA and HRB",
        pattern=r"(?-i:HR[AB]) ?\d{1,6}(?-i: [A-Z]{1,2})?",
        digits=1,
        quick="HR[AB]",
        counts="home",
        words=("handelsregister", "registergericht", "amtsgericht", "registernummer"),
        places=_HOME,
    ),
    NumberFormat(
        kind="DE_VAT_ID",
        placeholder=COMPANY_NUMBER,
        about="German VAT numbers",
        pattern=r"DE[ .\-]?\d{3}[ .\-]?\d{3}[ .\-]?\d{3}",
        digits=9,
        counts="anywhere",
        words=("ust-id", "umsatzsteuer", "ustid", "vat"),
        places=_HOME,
        is_valid=vat.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="DE_PLATE",
        placeholder=PLATE,
        about="German plates",
        pattern=r"[A-ZÄÖÜ]{1,3}[ \-][A-Z]{1,2}[ \-]?\d{1,4}[EH]?",
        digits=1,
        counts="named",
        words=("kennzeichen", "nummernschild", "autokennzeichen", "kfz"),
        places=_HOME,
    ),
)  # fmt: skip
