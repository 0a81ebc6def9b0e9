"""Identity numbers of thirteen countries, made up and valid, each in a sentence of its language;
python-stdnum decides what is valid.

`x` in a form is a digit, `A` a letter; other characters stand for themselves, a choice is written
[abc]. Values are drawn until the country's checksum accepts one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from bench.figure import Figure

SEED = 20261127
_EACH = 60  # numbers of each kind
_PIECE = re.compile(r"\[([^\]]+)\]|(.)")
_MAX_DRAWS = 20_000  # draws until a valid number must have come

Found = Callable[[str, str], list[tuple[str, int, int]]]
"""(kind, start, end) of what would be stripped from a text in a language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A kind of identity number. `checked` is a module of python-stdnum, or a recognizer of
    Presidio's, where the number has a form or checksum. `sentences` name the number; in `plain`
    nothing does."""

    country: str
    kind: str
    language: str
    forms: tuple[str, ...]
    sentences: tuple[str, ...]
    checked: str = ""
    plain: str = "« {} »"

    def values(self, count: int) -> list[str]:
        draw = random.Random(f"{SEED} {self.kind}")  # noqa: S311 - the same draw every time
        return [self.value(draw) for _ in range(count)]

    def value(self, draw: random.Random) -> str:
        form = draw.choice(self.forms)
        for _ in range(_MAX_DRAWS):
            value = "".join(_drawn(piece, draw) for piece in _PIECE.finditer(form))
            if self.is_valid(value) and _is_somebodys(value):
                return value
        raise ValueError(f"no valid {self.kind} looks like {form}")

    def is_valid(self, value: str) -> bool:
        if not self.checked:
            return True
        kept = "".join(filter(str.isalnum, value))
        return _validity(self.checked)(kept)

    def altered(self, value: str) -> str | None:
        """`value` with another last digit, which its checksum refuses."""
        at = max(index for index, char in enumerate(value) if char.isdigit())
        for step in range(1, 10):
            other = f"{value[:at]}{(int(value[at]) + step) % 10}{value[at + 1 :]}"
            if not self.is_valid(other):
                return other
        return None


@cache
def _validity(checked: str) -> Callable[[str], bool]:
    if checked == "affiliation":
        return _is_affiliation
    family, _, name = checked.partition(".")
    if family == "presidio":
        recognizer = getattr(import_module("presidio_analyzer.predefined_recognizers"), name)()
        return lambda value: recognizer.validate_result(value) is True
    is_valid: Callable[[str], bool] = import_module(f"stdnum.{checked}").is_valid
    return is_valid


def _is_affiliation(number: str) -> bool:
    """Whether an affiliation number of Spain is valid: its last two digits are the others modulo
    97, where the middle part loses its leading zeros down to seven digits."""
    return int(number[:2] + str(int(number[2:10])).zfill(7)) % 97 == int(number[10:])


def _is_somebodys(value: str) -> bool:
    digits = [char for char in value if char.isdigit()]
    return len(digits) < _LONG or len(set(digits)) >= _LEAST_DIFFERENT


_LONG, _LEAST_DIFFERENT = 6, 3


def _drawn(piece: re.Match[str], draw: random.Random) -> str:
    choices, letter = str(piece[1] or ""), str(piece[2])
    if choices:
        return draw.choice(choices)
    if letter == "x":
        return draw.choice("0123456789")
    return draw.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") if letter == "A" else letter


def _all(country: str, language: str, *rows: tuple[object, ...]) -> Iterator[Identity]:
    for kind, checked, forms, sentences in rows:
        yield Identity(
            country=country,
            kind=str(kind),
            language=language,
            checked=str(checked),
            forms=tuple(str(forms).split("|")),
            sentences=tuple(str(sentences).split("|")),
        )


IDENTITIES = (
    *_all(
        "FR", "fr",
        ("FR_NIR", "fr.nir", "[12]xx0[1-9][1-8][1-9]0xx0xxxx|[12] xx 1[012] [1-8][1-9] 0xx 0xx xx",
         "Mon numéro de sécu est {}.|NIR : {}"),
        ("FR_SIREN", "fr.siren", "xxxxxxxxx|xxx xxx xxx", "Le SIREN de ma boîte est {}."),
        ("FR_SIRET", "fr.siret", "xxxxxxxxx000xx|xxx xxx xxx 000xx", "SIRET {}, merci"),
        ("FR_TAX_ID", "fr.nif", "[0123]xxxxxxxxx[012345]xx", "Mon numéro fiscal est le {}."),
        ("FR_PASSPORT", "", "xxAAxxxxx", "Voici mon passeport : {}"),
        ("FR_ID_CARD", "", "xxxxxxxxxxxx|X4xAxxFW4",
         "Ma carte d'identité porte le numéro {}."),
        ("FR_DRIVER_LICENSE", "", "xxxxxxxxxxxx", "Mon permis de conduire, c'est le {}."),
        ("FR_PLATE", "", "AA-xxx-AA", "Ma plaque est {}."),
    ),
    *_all(
        "ES", "es",
        ("ES_NIF", "es.dni", "xxxxxxxxA|xx.xxx.xxx-A|xxxxxxxx-A", "Mi DNI es {}.|El dni {}, vale?"),
        ("ES_NIE", "es.nie", "[XYZ]xxxxxxxA|[XYZ]-xxxxxxx-A", "Mi NIE es {} desde mayo."),
        ("ES_CIF", "es.cif", "[ABCDEFGH]xxxxxxxx", "El CIF de la empresa es {}."),
        ("ES_SOCIAL_SECURITY", "affiliation", "[12]x[123456789]xxxxxxxxx|[12]x/0xxxxxxx/xx",
         "Mi número de la seguridad social es {}."),
        ("ES_PASSPORT", "", "AAAxxxxxx", "Mi pasaporte es el {}."),
        ("ES_PLATE", "", "xxxx [BCDFG][HJKLM][NPRST]", "La matrícula es {}, creo"),
    ),
    *_all(
        "DE", "de",
        ("DE_TAX_ID", "de.idnr", "[123456789]xxxxxxxxxx", "Meine Steuer-ID lautet {}."),
        ("DE_TAX_NUMBER", "de.stnr", "xx/xxx/xxxxx|xxx/xxx/xxxxx", "Steuernummer: {}"),
        ("DE_SOCIAL_SECURITY", "presidio.DeSocialSecurityRecognizer",
         "xx[012]x0x[4567]xAxxx", "Meine Rentenversicherungsnummer ist {}."),
        ("DE_HEALTH_INSURANCE", "presidio.DeHealthInsuranceRecognizer", "Axxxxxxxxx",
         "Meine Krankenversichertennummer: {}"),
        ("DE_VAT_ID", "de.vat", "DE[123456789]xxxxxxxx", "Unsere USt-IdNr. ist {}."),
        ("DE_ID_CARD", "", "L[01]xX[0]xT4[0123456789]", "Mein Personalausweis hat die Nummer {}."),
        ("DE_PASSPORT", "", "C[01]xX[0]xT4[0123456789]", "Mein Reisepass: {}"),
        ("DE_DRIVER_LICENSE", "", "BxxRREx[ABC]Ixx", "Führerschein Nr. {}"),
        ("DE_HANDELSREGISTER", "", "HRB xxxxx|HR[A] xxxx",
         "Im Handelsregister unter {} eingetragen."),
        ("DE_PLATE", "", "B-AA xxxx|M AA xxx", "Das Kennzeichen ist {}."),
    ),
    *_all(
        "IT", "it",
        ("IT_FISCAL_CODE", "it.codicefiscale", "AAAAAAxx[ABCDEHLMPRST][012]xAxxxA",
         "Il mio codice fiscale è {}.|Codice fiscale: {}"),
        ("IT_VAT_CODE", "it.iva", "xxxxxxxxxxx", "La partita IVA è {}."),
        ("IT_IDENTITY_CARD", "", "AAxxxxxxx|AAxxxxxAA", "La mia carta d'identità è {}."),
        ("IT_DRIVER_LICENSE", "", "AAxxxxxxxA", "La mia patente è {}, va bene?"),
        ("IT_PLATE", "", "[ABCE][BCDE] xxx [GHJK][XYZ]", "L'auto era targata {}."),
        ("IT_PASSPORT", "", "AAxxxxxxx", "Il mio passaporto è {}."),
    ),
    *_all(
        "PT", "pt",
        ("PT_NIF", "pt.nif", "[12]xxxxxxxx|[12]xx xxx xxx", "O meu NIF é {}."),
        ("PT_CITIZEN_CARD", "pt.cc", "xxxxxxxx x ZZx|xxxxxxxxxZZx",
         "O meu cartão de cidadão é {}."),
        ("PT_PASSPORT", "", "Axxxxxx|AAxxxxxx", "O meu passaporte é {}."),
    ),
    *_all(
        "GB", "en",
        ("UK_NHS", "gb.nhs", "xxx xxx xxxx|xxxxxxxxxx|xxx-xxx-xxxx", "My NHS number is {}."),
        ("UK_NINO", "", "[ABCE][ABCE]xxxxxx[ABCD]|[ABCE][ABCE] xx xx xx [ABCD]",
         "My national insurance number is {}."),
        ("UK_UTR", "gb.utr", "xxxxxxxxxx|xxxxx xxxxx", "My UTR is {}, for the self assessment"),
        ("UK_PASSPORT", "", "xxxxxxxxx", "The passport number is {}."),
        ("UK_DRIVING_LICENCE", "", "MORGA[678]0[123456789][12][12345678]xS9[23456789]IJ",
         "My driving licence is {}."),
        ("UK_POSTCODE", "", "SW[123456789][A] [123][ABDEF][HJLNP]|M[123] [456]BD|LS[12]x [45]JT",
         "My postcode is {}.|I live at 12 Elm Road, {}"),
        ("UK_PLATE", "", "[ABCDE][FGHJK][125]x [ABCD][EFGH][JKLM]", "The number plate is {}."),
    ),
    *_all(
        "US", "en",
        ("US_SSN", "us.ssn", "xxx-xx-xxxx", "My SSN is {}.|{} is my social security number"),
        ("US_ITIN", "us.itin", "9xx-[78]x-xxxx", "My ITIN is {}."),
        ("US_EIN", "us.ein", "xx-xxxxxxx", "Our EIN is {}."),
        ("US_PASSPORT", "", "Axxxxxxxx|xxxxxxxxx", "My passport number is {}."),
        ("US_DRIVER_LICENSE", "", "Axxxxxxx|xxxxxxxx|Axxx-xxxx-xxxx",
         "My driver's license is {}."),
        ("US_BANK_ROUTING", "us.rtn", "[0123]xxxxxxxx", "The routing number is {}."),
        ("US_BANK_NUMBER", "", "xxxxxxxxxx|xxxxxxxxxxxx|xxxx-xxxx-xx",
         "Routing number 021000021, account number {}.|My checking account number is {}."
         "|ABA 026009593, acct {}|{} is my savings account number"),
    ),
    *_all(
        "CA", "en",
        ("CA_SIN", "ca.sin", "[1234567]xx xxx xxx|[1234567]xx-xxx-xxx", "My SIN is {}."),
        ("CA_HEALTH_NUMBER", "ca.bc_phn", "9xxx xxx xxx", "My health card number is {}."),
        ("CA_POSTCODE", "", "KxB xCx|MxV xTx", "My postal code is {}."),
        ("CA_PASSPORT", "", "AAxxxxxx", "My passport is {}."),
    ),
    *_all(
        "IN", "en",
        ("IN_AADHAAR", "in_.aadhaar", "[23456789]xxx xxxx xxxx|[23456789]xxxxxxxxxxx",
         "My Aadhaar is {}."),
        ("IN_PAN", "in_.pan", "AAA[PCH]AxxxxA", "My PAN is {}."),
        ("IN_VOTER", "in_.epic", "AAAxxxxxxx", "My voter id is {}."),
        ("IN_PASSPORT", "", "[JKLMNP][123456789]xxxxx[123456789]", "My passport is {}."),
        ("IN_VEHICLE", "", "MH 12 AA xxxx|K[A]01Axxxx", "The vehicle number plate is {}."),
        ("IN_DRIVER_LICENSE", "", "MH14 2011xxxxxxx|K[A]0120[01]xxxxxxxx",
         "My driving licence is {}."),
        ("IN_GSTIN", "in_.gstin", "27AAAPAxxxxA1Z[0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ]",
         "Our GSTIN is {}."),
    ),
    *_all(
        "BR", "pt",
        ("BR_CPF", "br.cpf", "xxx.xxx.xxx-xx|xxxxxxxxxxx", "Meu CPF é {}."),
        ("BR_CNPJ", "br.cnpj", "xx.xxx.xxx/0001-xx|xxxxxxxx0001xx", "O CNPJ da empresa é {}."),
        ("BR_RG", "", "xx.xxx.xxx-x|xx.xxx.xxx-X", "Meu RG é {}."),
        ("BR_PASSPORT", "", "FAxxxxxx", "Meu passaporte é {}."),
        ("BR_CEP", "", "xxxxx-xxx", "Meu CEP é {}."),
    ),
    *_all(
        "CN", "zh",
        ("CN_ID", "cn.ric", "11010119[89]x0[123456789][12][12345678]xxx[0123456789X]",
         "我的身份证号是{}。|身份证号码 {}"),
        ("CN_USCC", "cn.uscc", "91110000xxxxxxxx[ABCDEFG][0123456789ABCDEFGHJKLMNPQRTUWXY]",
         "统一社会信用代码是{}。"),
        ("CN_PASSPORT", "", "Exxxxxxxx|Gxxxxxxxx", "我的护照号码是{}。"),
    ),
    *_all(
        "KR", "ko",
        ("KR_RRN", "", "[89]x0[123456789][12][12345678]-[12]xxxxxx", "주민등록번호는 {}입니다."),
        ("KR_BRN", "presidio.KrBrnRecognizer", "[1234]xx-[123456789]x-xxxxx",
         "사업자등록번호는 {}입니다."),
        ("KR_PASSPORT", "", "Mxxxxxxxx", "여권 번호는 {}입니다."),
        ("KR_DRIVER_LICENSE", "", "[12][1234]-xx-xxxxxx-xx", "운전면허 번호는 {}입니다."),
    ),
    *_all(
        "JP", "ja",
        ("JP_MY_NUMBER", "jp.in_", "xxxx xxxx xxxx|xxxxxxxxxxxx", "マイナンバーは{}です。"),
        ("JP_CORPORATE_NUMBER", "jp.cn", "[123456789]xxxxxxxxxxxx", "法人番号は{}です。"),
        ("JP_DRIVER_LICENSE", "", "xxxxxxxxxxxx", "運転免許証の番号は{}です。"),
        ("JP_PASSPORT", "", "AAxxxxxxx", "パスポート番号は{}です。"),
    ),
)  # fmt: skip

NOT_DRAWN: Mapping[str, str] = {
    **dict.fromkeys(
        ("EMAIL_ADDRESS", "PHONE_NUMBER", "HANDLE", "URL", "IP_ADDRESS", "SECRET", "CRYPTO",
         "CREDIT_CARD", "IBAN_CODE", "STREET_ADDRESS", "POSTCODE_CITY"),
        "no number of one country: bench/pii.py has probes and labelled texts",
    ),
    **dict.fromkeys(
        ("PL_PESEL", "FI_PERSONAL_IDENTITY_CODE", "SE_PERSONNUMMER", "TR_NATIONAL_ID", "TH_TNIN"),
        "none of the thirteen countries: tests/unit/pii/recognizers/test_elsewhere.py has values",
    ),
}  # fmt: skip
"""Kinds without a row above, and the reason."""


def recall(found: Found) -> Figure:
    """The share that is stripped whole, of the worst kind in all countries."""
    shares = {
        (identity.country, identity.kind): sum(
            is_whole(found, sentence, value, identity.language)
            for sentence, value in _sentences(identity, identity.values(_EACH))
        )
        / _EACH
        for identity in IDENTITIES
    }
    worst: dict[str, tuple[float, str]] = {}
    for (country, kind), share in shares.items():
        worst[country] = min(worst.get(country, (2.0, "")), (share, kind))
    lowest, kind = min(worst.values())
    return Figure(
        key="pii.country_recall",
        value=lowest,
        unit="recall",
        bar=0.90,
        aim=0.98,
        n=_EACH * len(IDENTITIES),
        spread=(lowest, max(shares.values())),
        lower_is_better=False,
        note=f"valid identity numbers in sentences that name them; worst kind {kind}; worst kind "
        "by country: "
        + ", ".join(f"{country} {kind} {share:.3f}" for country, (share, kind) in worst.items()),
    )


def _sentences(identity: Identity, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    for index, value in enumerate(values):
        yield identity.sentences[index % len(identity.sentences)], value


def is_whole(found: Found, sentence: str, value: str, language: str) -> bool:
    """Whether every character of `value` would be stripped from `sentence`."""
    text, start = sentence.format(value), sentence.index("{}")
    covered: set[int] = set()
    for _, first, last in found(text, language):
        covered.update(range(first, last))
    return covered.issuperset(at for at in range(start, start + len(value)) if text[at].isalnum())
