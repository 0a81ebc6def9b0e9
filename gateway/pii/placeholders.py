"""The words that stand in for stripped values: "[email]", "[téléphone]".

Each recognizer names the word for the kind that it finds. One that needs another word makes a
`PlaceholderWord` of its own, in its own file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceholderWord:
    """A short word for one kind of personal data, in each language that has placeholders. The
    fields are primary language subtags."""

    en: str
    fr: str
    es: str
    de: str
    zh: str
    ar: str

    def in_language(self, language: str) -> str:
        """The word in `language` (a primary subtag); the English one where there is none."""
        return str(getattr(self, language if language in LANGUAGES else "en"))


LANGUAGES = tuple(field.name for field in fields(PlaceholderWord))
"""The languages that have placeholders."""

EMAIL = PlaceholderWord(en="email", fr="e-mail", es="correo", de="E-Mail", zh="邮箱", ar="بريد")
PHONE = PlaceholderWord(
    en="phone", fr="téléphone", es="teléfono", de="Telefon", zh="电话", ar="هاتف"
)
BANK_ACCOUNT = PlaceholderWord(
    en="bank account",
    fr="compte bancaire",
    es="cuenta bancaria",
    de="Bankkonto",
    zh="银行账户",
    ar="حساب بنكي",
)
CARD = PlaceholderWord(en="card", fr="carte", es="tarjeta", de="Karte", zh="银行卡", ar="بطاقة")
IP_ADDRESS = PlaceholderWord(
    en="IP address", fr="adresse IP", es="dirección IP", de="IP-Adresse", zh="IP地址", ar="عنوان IP"
)
LINK = PlaceholderWord(en="link", fr="lien", es="enlace", de="Link", zh="链接", ar="رابط")
WALLET = PlaceholderWord(
    en="wallet", fr="portefeuille", es="monedero", de="Wallet", zh="钱包", ar="محفظة"
)
SECRET = PlaceholderWord(en="secret", fr="secret", es="secreto", de="Geheimnis", zh="密钥", ar="سر")
HANDLE = PlaceholderWord(
    en="handle", fr="pseudo", es="usuario", de="Nutzername", zh="用户名", ar="مستخدم"
)
ADDRESS = PlaceholderWord(
    en="address", fr="adresse", es="dirección", de="Adresse", zh="地址", ar="عنوان"
)
CITY = PlaceholderWord(en="city", fr="ville", es="ciudad", de="Ort", zh="城市", ar="مدينة")
PLATE = PlaceholderWord(
    en="plate", fr="plaque", es="matrícula", de="Kennzeichen", zh="车牌", ar="لوحة"
)
PASSPORT = PlaceholderWord(
    en="passport", fr="passeport", es="pasaporte", de="Reisepass", zh="护照", ar="جواز سفر"
)
IDENTITY_NUMBER = PlaceholderWord(
    en="ID number",
    fr="numéro d'identité",
    es="número de identidad",
    de="Ausweisnummer",
    zh="证件号",
    ar="رقم هوية",
)
COMPANY_NUMBER = PlaceholderWord(
    en="company number",
    fr="numéro d'entreprise",
    es="número de empresa",
    de="Firmennummer",
    zh="公司编号",
    ar="رقم شركة",
)
PERSON = PlaceholderWord(en="name", fr="nom", es="nombre", de="Name", zh="姓名", ar="اسم")
PLACE = PlaceholderWord(en="place", fr="lieu", es="lugar", de="Ort", zh="地点", ar="مكان")
ORGANISATION = PlaceholderWord(
    en="organisation",
    fr="organisation",
    es="organización",
    de="Organisation",
    zh="机构",
    ar="منظمة",
)
REMOVED = PlaceholderWord(
    en="removed", fr="retiré", es="eliminado", de="entfernt", zh="已删除", ar="محذوف"
)
"""For a kind that declares no word, such as what an operator's deny-list found."""


def placeholder(words: Mapping[str, PlaceholderWord], kind: str, language: str) -> str:
    """The word for `kind` in `language`; "removed" for a kind that is not in `words`."""
    return words.get(kind, REMOVED).in_language(language)
