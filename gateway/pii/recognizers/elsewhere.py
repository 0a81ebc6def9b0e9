"""Identity numbers of other countries: Presidio's own recognizers, where they check a checksum,
and those of checked.py.

Each counts only where it belongs (the language or the audience says so) or beside its name:
a bare row of digits passes somebody's checksum too often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from presidio_analyzer import PatternRecognizer
from presidio_analyzer.predefined_recognizers import (
    DeSocialSecurityRecognizer,
    DeTaxIdRecognizer,
    EsNieRecognizer,
    EsNifRecognizer,
    FiPersonalIdentityCodeRecognizer,
    InAadhaarRecognizer,
    ItFiscalCodeRecognizer,
    KrRrnRecognizer,
    PlPeselRecognizer,
    SePersonnummerRecognizer,
    ThTninRecognizer,
    TrNationalIdRecognizer,
    UkNinoRecognizer,
)

from gateway.pii.context import context, fold
from gateway.pii.message import Gate, Message
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.recognizers import checked


@dataclass(frozen=True, slots=True)
class _Number:
    make: Callable[[], PatternRecognizer]
    about: str
    places: tuple[str, ...]
    words: tuple[str, ...]
    digits: int
    run: int = 0
    checksum: bool = True


NUMBERS = (
    _Number(EsNifRecognizer, "Spanish NIF.", ("es", "ES"), ("dni", "nif", "identidad"), 7),
    _Number(EsNieRecognizer, "Spanish NIE.", ("es", "ES"), ("nie", "extranjero"), 7),
    _Number(ItFiscalCodeRecognizer, "Italian codice fiscale.", ("it", "IT"), ("fiscale", "cf"), 0,
            run=16),
    _Number(PlPeselRecognizer, "Polish PESEL.", ("pl", "PL"), ("pesel",), 11),
    _Number(DeTaxIdRecognizer, "German tax identification number.", ("DE",),
            ("steueridentifikation", "steuer-id", "steuerid", "steuernummer", "idnr"), 11),
    _Number(DeSocialSecurityRecognizer, "German pension insurance number.", ("de", "DE"),
            ("rentenversicherung", "sozialversicherung", "versicherungsnummer", "rvnr", "svnr"),
            11),
    _Number(FiPersonalIdentityCodeRecognizer, "Finnish personal identity code.", ("fi", "FI"),
            ("hetu", "henkilotunnus", "personbeteckning"), 9),
    _Number(SePersonnummerRecognizer, "Swedish personnummer.", ("sv", "SE"),
            ("personnummer", "samordningsnummer"), 10),
    _Number(TrNationalIdRecognizer, "Turkish identity number.", ("tr", "TR"),
            ("kimlik", "tckn"), 11),
    _Number(KrRrnRecognizer, "Korean resident registration number.", ("ko", "KR"),
            ("주민등록번호", "resident registration", "rrn"), 13, checksum=False),
    _Number(ThTninRecognizer, "Thai national number.", ("th", "TH"),
            ("เลขประจำตัวประชาชน", "เลขบัตรประชาชน", "tnin"), 13),
    _Number(InAadhaarRecognizer, "Indian Aadhaar.", ("IN",), ("aadhaar", "aadhar", "uidai"), 12),
    _Number(UkNinoRecognizer, "British national insurance number.", ("GB",),
            ("national insurance", "nino"), 6, checksum=False),
    _Number(checked.br_cpf, "Brazilian CPF.", ("BR",), ("cpf",), 11),
    _Number(checked.cn_identity, "Chinese resident identity number.", ("zh", "CN"),
            ("身份证", "公民身份号码", "identity card"), 17),
    _Number(checked.jp_my_number, "Japanese individual number.", ("ja", "JP"),
            ("マイナンバー", "個人番号", "my number"), 12),
    _Number(checked.in_pan, "Indian permanent account number.", ("IN",),
            ("pan", "permanent account"), 4, checksum=False),
    # Nine digits with one check digit: a telephone number passes too often to count at home.
    _Number(checked.ca_sin, "Canadian social insurance number.", (),
            ("sin", "social insurance", "assurance sociale", "nas"), 9),
    _Number(checked.pt_nif, "Portuguese tax identification number.", (),
            ("nif", "contribuinte"), 9),
)  # fmt: skip


def rules() -> tuple[PatternRule, ...]:
    return tuple(_rule(number) for number in NUMBERS)


def _rule(number: _Number) -> PatternRule:
    words = context(local=[fold(word) for word in number.words])

    def belongs(message: Message, start: int, end: int) -> bool:
        if not message.places.isdisjoint(number.places):
            return True
        return words.supports(message.text, start, end)

    return PatternRule(
        recognizer=number.make(),
        about=f"{number.about} {'Where it belongs, or b' if number.places else 'B'}eside its name.",
        gate=Gate(digits=number.digits, run=number.run),
        context=words,
        checksum=number.checksum,
        home=frozenset(number.places),
        accepts=belongs,
    )
