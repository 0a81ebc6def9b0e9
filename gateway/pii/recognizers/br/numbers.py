"""Numbers of Brazil."""

from __future__ import annotations

from stdnum.br import cnpj, cpf

from gateway.pii.placeholders import ADDRESS, COMPANY_NUMBER, PASSPORT
from gateway.pii.recognizers.national import PASSPORT_STEMS, NumberFormat

_HOME = ("BR",)

NUMBERS = (
    NumberFormat(
        kind="BR_CPF",
        about="Brazilian CPF",
        pattern=r"\d{3}\.\d{3}\.\d{3}[\-/ ]\d{2}|\d{11}|\d{3} \d{3} \d{3} \d{2}",
        digits=11,
        counts="home",
        words=("cpf", "c.p.f"),
        places=_HOME,
        is_valid=cpf.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="BR_CNPJ",
        placeholder=COMPANY_NUMBER,
        about="Brazilian CNPJ",
        pattern=r"[A-Z0-9]{2}\.?[A-Z0-9]{3}\.?[A-Z0-9]{3}/?[A-Z0-9]{4}-?\d{2}",
        digits=2,
        counts="home",
        words=("cnpj", "empresa", "c.n.p.j"),
        places=_HOME,
        is_valid=cnpj.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="BR_RG",
        about="Brazilian identity cards (RG)",
        pattern=r"(?:[A-Z]{2}-?)?\d{1,2}\.?\d{3}\.?\d{3}-?[0-9X]?",
        digits=7,
        counts="named",
        words=("rg", "registro geral", "carteira de identidade", "identidade", "r.g"),
        places=_HOME,
    ),
    NumberFormat(
        kind="BR_CEP",
        placeholder=ADDRESS,
        about="Brazilian postcodes",
        pattern=r"\d{2}\.?\d{3}-\d{3}",
        digits=8,
        counts="home",
        words=("cep", "endereco", "rua", "avenida", "moro", "bairro"),
        places=_HOME,
    ),
    NumberFormat(
        kind="BR_PASSPORT",
        placeholder=PASSPORT,
        about="Brazilian passports",
        pattern=r"[A-Z]{2} ?\d{6}",
        digits=6,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
)
