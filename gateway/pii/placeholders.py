"""The words that stand in for what was stripped."""

from __future__ import annotations

from collections.abc import Mapping

LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IBAN_CODE": "bank account",
        "CREDIT_CARD": "card", "IP_ADDRESS": "IP address", "URL": "link", "CRYPTO": "wallet",
        "SECRET": "secret", "HANDLE": "handle", "STREET_ADDRESS": "address",
        "POSTCODE_CITY": "city", "FR_PLATE": "plate", "FR_PASSPORT": "passport",
        "PERSON": "name", "LOCATION": "place", "ORGANIZATION": "organisation", "": "removed",
        "FR_NIR": "ID number", "US_SSN": "ID number", "US_ITIN": "ID number",
        "FR_SIREN": "company number", "FR_SIRET": "company number",
    },
    "fr": {
        "EMAIL_ADDRESS": "e-mail", "PHONE_NUMBER": "téléphone", "IBAN_CODE": "compte bancaire",
        "CREDIT_CARD": "carte", "IP_ADDRESS": "adresse IP", "URL": "lien", "CRYPTO": "portefeuille",
        "SECRET": "secret", "HANDLE": "pseudo", "STREET_ADDRESS": "adresse",
        "POSTCODE_CITY": "ville", "FR_PLATE": "plaque", "FR_PASSPORT": "passeport",
        "PERSON": "nom", "LOCATION": "lieu", "ORGANIZATION": "organisation", "": "retiré",
        "FR_NIR": "numéro d'identité", "US_SSN": "numéro d'identité",
        "US_ITIN": "numéro d'identité",
        "FR_SIREN": "numéro d'entreprise", "FR_SIRET": "numéro d'entreprise",
    },
    "es": {
        "EMAIL_ADDRESS": "correo", "PHONE_NUMBER": "teléfono", "IBAN_CODE": "cuenta bancaria",
        "CREDIT_CARD": "tarjeta", "IP_ADDRESS": "dirección IP", "URL": "enlace",
        "CRYPTO": "monedero", "SECRET": "secreto", "HANDLE": "usuario",
        "STREET_ADDRESS": "dirección", "POSTCODE_CITY": "ciudad", "FR_PLATE": "matrícula",
        "FR_PASSPORT": "pasaporte", "PERSON": "nombre", "LOCATION": "lugar",
        "ORGANIZATION": "organización", "": "eliminado",
        "FR_NIR": "número de identidad", "US_SSN": "número de identidad",
        "US_ITIN": "número de identidad",
        "FR_SIREN": "número de empresa", "FR_SIRET": "número de empresa",
    },
    "de": {
        "EMAIL_ADDRESS": "E-Mail", "PHONE_NUMBER": "Telefon", "IBAN_CODE": "Bankkonto",
        "CREDIT_CARD": "Karte", "IP_ADDRESS": "IP-Adresse", "URL": "Link", "CRYPTO": "Wallet",
        "SECRET": "Geheimnis", "HANDLE": "Nutzername", "STREET_ADDRESS": "Adresse",
        "POSTCODE_CITY": "Ort", "FR_PLATE": "Kennzeichen", "FR_PASSPORT": "Reisepass",
        "PERSON": "Name", "LOCATION": "Ort", "ORGANIZATION": "Organisation", "": "entfernt",
        "FR_NIR": "Ausweisnummer", "US_SSN": "Ausweisnummer", "US_ITIN": "Ausweisnummer",
        "FR_SIREN": "Firmennummer", "FR_SIRET": "Firmennummer",
    },
    "zh": {
        "EMAIL_ADDRESS": "邮箱", "PHONE_NUMBER": "电话", "IBAN_CODE": "银行账户",
        "CREDIT_CARD": "银行卡", "IP_ADDRESS": "IP地址", "URL": "链接", "CRYPTO": "钱包",
        "SECRET": "密钥", "HANDLE": "用户名", "STREET_ADDRESS": "地址", "POSTCODE_CITY": "城市",
        "FR_PLATE": "车牌", "FR_PASSPORT": "护照", "PERSON": "姓名", "LOCATION": "地点",
        "ORGANIZATION": "机构", "": "已删除",
        "FR_NIR": "证件号", "US_SSN": "证件号", "US_ITIN": "证件号",
        "FR_SIREN": "公司编号", "FR_SIRET": "公司编号",
    },
    "ar": {
        "EMAIL_ADDRESS": "بريد", "PHONE_NUMBER": "هاتف", "IBAN_CODE": "حساب بنكي",
        "CREDIT_CARD": "بطاقة", "IP_ADDRESS": "عنوان IP", "URL": "رابط", "CRYPTO": "محفظة",
        "SECRET": "سر", "HANDLE": "مستخدم", "STREET_ADDRESS": "عنوان", "POSTCODE_CITY": "مدينة",
        "FR_PLATE": "لوحة", "FR_PASSPORT": "جواز سفر", "PERSON": "اسم", "LOCATION": "مكان",
        "ORGANIZATION": "منظمة", "": "محذوف",
        "FR_NIR": "رقم هوية", "US_SSN": "رقم هوية", "US_ITIN": "رقم هوية",
        "FR_SIREN": "رقم شركة", "FR_SIRET": "رقم شركة",
    },
}  # fmt: skip

SAME_WORD: Mapping[str, frozenset[str]] = {
    "FR_NIR": frozenset(
        [
            "FR_TAX_ID",
            "FR_ID_CARD",
            "FR_DRIVER_LICENSE",
            "ES_NIF",
            "ES_NIE",
            "ES_SOCIAL_SECURITY",
            "DE_TAX_ID",
            "DE_TAX_NUMBER",
            "DE_SOCIAL_SECURITY",
            "DE_HEALTH_INSURANCE",
            "DE_ID_CARD",
            "DE_DRIVER_LICENSE",
            "IT_FISCAL_CODE",
            "IT_IDENTITY_CARD",
            "IT_DRIVER_LICENSE",
            "PT_NIF",
            "PT_CITIZEN_CARD",
            "UK_NINO",
            "UK_NHS",
            "UK_UTR",
            "UK_DRIVING_LICENCE",
            "US_DRIVER_LICENSE",
            "CA_SIN",
            "CA_HEALTH_NUMBER",
            "IN_AADHAAR",
            "IN_PAN",
            "IN_VOTER",
            "IN_DRIVER_LICENSE",
            "BR_CPF",
            "BR_RG",
            "CN_ID",
            "KR_RRN",
            "KR_DRIVER_LICENSE",
            "JP_MY_NUMBER",
            "JP_DRIVER_LICENSE",
            "PL_PESEL",
            "FI_PERSONAL_IDENTITY_CODE",
            "SE_PERSONNUMMER",
            "TR_NATIONAL_ID",
            "TH_TNIN",
        ]
    ),
    "FR_SIREN": frozenset(
        [
            "ES_CIF",
            "DE_HANDELSREGISTER",
            "DE_VAT_ID",
            "IT_VAT_CODE",
            "US_EIN",
            "IN_GSTIN",
            "BR_CNPJ",
            "CN_USCC",
            "KR_BRN",
            "JP_CORPORATE_NUMBER",
        ]
    ),
    "FR_PASSPORT": frozenset(
        f"{country}_PASSPORT"
        for country in ("ES", "DE", "IT", "PT", "UK", "US", "CA", "IN", "BR", "CN", "KR", "JP")
    ),
    "FR_PLATE": frozenset(["ES_PLATE", "DE_PLATE", "IT_PLATE", "UK_PLATE", "IN_VEHICLE"]),
    "STREET_ADDRESS": frozenset(["UK_POSTCODE", "CA_POSTCODE", "BR_CEP"]),
    "IBAN_CODE": frozenset(["US_BANK_ROUTING", "US_BANK_NUMBER"]),
}
"""Kinds that share the word of another."""


def label(kind: str, language: str) -> str:
    """A short word for `kind` in `language` (primary subtag), in English where we have none."""
    labels = LABELS.get(language, LABELS["en"])
    shared = (other for other, kinds in SAME_WORD.items() if kind in kinds)
    return labels.get(next(shared, kind)) or labels[""]
