"""All recognizers, in order. Each is in a file of its own and has one line here.

A number of a country is a row of its table, `<country>/numbers.py`, and needs no line; the table of
a new country has one in `COUNTRIES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.pii import deny_list as denied
from gateway.pii.domains import Domains
from gateway.pii.ner import NER_PLACEHOLDERS
from gateway.pii.placeholders import PlaceholderWord
from gateway.pii.recognizers import elsewhere, national
from gateway.pii.recognizers.br import numbers as br
from gateway.pii.recognizers.ca import numbers as ca
from gateway.pii.recognizers.cn import numbers as cn
from gateway.pii.recognizers.de import address as de_address
from gateway.pii.recognizers.de import numbers as de
from gateway.pii.recognizers.es import numbers as es
from gateway.pii.recognizers.fr import address, nir, passport, plate, siren
from gateway.pii.recognizers.fr import numbers as fr
from gateway.pii.recognizers.gb import numbers as gb
from gateway.pii.recognizers.generic import (
    credit_card,
    crypto,
    disguised,
    dodged_email,
    email,
    glued_email,
    handle,
    iban,
    ip,
    phone,
    phone_shape,
    secret,
    url,
)
from gateway.pii.recognizers.india import numbers as india
from gateway.pii.recognizers.it import address as it_address
from gateway.pii.recognizers.it import numbers as it
from gateway.pii.recognizers.jp import numbers as jp
from gateway.pii.recognizers.kr import numbers as kr
from gateway.pii.recognizers.national import NumberFormat
from gateway.pii.recognizers.pt import numbers as pt
from gateway.pii.recognizers.us import bank, itin, ssn, street
from gateway.pii.recognizers.us import numbers as us
from gateway.pii.rule import PiiRule

COUNTRIES: Mapping[str, tuple[NumberFormat, ...]] = {
    "France": fr.NUMBERS,
    "Spain": es.NUMBERS,
    "Germany": de.NUMBERS,
    "Italy": it.NUMBERS,
    "Portugal": pt.NUMBERS,
    "United Kingdom": gb.NUMBERS,
    "United States": us.NUMBERS,
    "Canada": ca.NUMBERS,
    "India": india.NUMBERS,
    "Brazil": br.NUMBERS,
    "China": cn.NUMBERS,
    "Korea": kr.NUMBERS,
    "Japan": jp.NUMBERS,
    "other": elsewhere.NUMBERS,
}
"""Tables of identity numbers by country, in the order of the reference."""

NATIONAL = tuple(number for numbers in COUNTRIES.values() for number in numbers)
"""The rows of all tables."""


class _Disguises:
    """The disguises, each built once and shared by all its rules, so that it rewrites each message
    once."""

    def __init__(self) -> None:
        self.words, self.lookalikes = disguised.NumberWords(), disguised.Lookalikes()
        self.numerals = disguised.Numerals()
        self.apart, self.by_signs = (
            disguised.Apart(spaces=True),
            disguised.Apart(spaces=False),
        )

    def of(self, inner: PiiRule, *disguises: disguised.Disguise) -> Iterator[PiiRule]:
        """Yield `inner` by itself, then behind each of `disguises`."""
        yield inner
        for disguise in disguises:
            yield disguised.DisguisedRule(inner=inner, disguise=disguise)


def make_rules(domains: Domains, *, deny_list: tuple[str, ...] = ()) -> tuple[PiiRule, ...]:
    """All rules of the blocking tier, with one for `deny_list` if it is not empty.

    Presidio's MedicalLicense and Date recognizers are left out on purpose: they find too much in
    plain talk. Its UsBank, UsLicense, UsPassport and Nhs are replaced by recognizers of our own,
    which take a number only beside its name.
    """
    hidden = _Disguises()
    return (
        *_contact_rules(domains, hidden),
        *_payment_rules(hidden),
        *_online_rules(domains, hidden),
        *_country_rules(hidden),
        *map(national.rule, NATIONAL),
        *(
            disguised.DisguisedRule(inner=national.rule(number), disguise=hidden.numerals)
            for number in NATIONAL
            if number.read_out
        ),
        *((denied.rule(deny_list),) if deny_list else ()),
    )


def _contact_rules(domains: Domains, hidden: _Disguises) -> Iterator[PiiRule]:
    """E-mail addresses, telephone numbers and handles: what reaches a person."""
    yield from hidden.of(email.rule(domains), hidden.apart)
    yield dodged_email.bracketed(domains)
    yield dodged_email.named(domains)
    yield dodged_email.touching(domains)
    yield dodged_email.worded(domains)
    yield dodged_email.worded_touching(domains)
    yield glued_email.signed(domains)
    yield glued_email.capitals(domains)
    yield glued_email.together(domains)
    yield from hidden.of(phone.PhoneRule(), hidden.words, hidden.lookalikes, hidden.by_signs)
    # Numerals read out digit by digit are hardly ever any other number: a lower score is enough.
    read_out = phone.PhoneRule(accept=phone_shape.BARE)
    yield disguised.DisguisedRule(inner=read_out, disguise=hidden.numerals)
    yield handle.rule()


def _payment_rules(hidden: _Disguises) -> Iterator[PiiRule]:
    yield from hidden.of(
        credit_card.rule(), hidden.words, hidden.lookalikes, hidden.numerals, hidden.apart
    )
    yield from hidden.of(iban.rule(), hidden.lookalikes, hidden.apart)
    yield crypto.bitcoin()
    yield crypto.ethereum()


def _online_rules(domains: Domains, hidden: _Disguises) -> Iterator[PiiRule]:
    yield from hidden.of(ip.rule(), hidden.lookalikes, hidden.apart)
    yield ip.defanged()
    yield url.link(domains)
    yield url.www(domains)
    yield url.path(domains)
    yield secret.tokens()
    yield secret.twilio()
    yield secret.private_key()
    yield secret.stated()
    yield secret.in_link()


def _country_rules(hidden: _Disguises) -> Iterator[PiiRule]:
    """Numbers of France and the United States that no table describes, and street addresses."""
    yield from hidden.of(nir.rule(), hidden.lookalikes, hidden.apart)
    yield siren.siren_rule()
    yield siren.siret_rule()
    yield passport.rule()
    yield plate.rule()
    yield address.street()
    yield address.postcode()
    yield from hidden.of(ssn.rule(), hidden.lookalikes, hidden.apart)
    yield disguised.DisguisedRule(inner=ssn.joined_rule(said=False), disguise=hidden.by_signs)
    yield disguised.DisguisedRule(inner=ssn.joined_rule(said=True), disguise=hidden.words)
    yield itin.rule()
    yield bank.rule()
    yield street.rule()
    yield de_address.street()
    yield de_address.led()
    yield de_address.postcode()
    yield it_address.street()


def all_rules(*, deny_list: tuple[str, ...] = ()) -> tuple[PiiRule, ...]:
    """`make_rules` with the public suffixes that tldextract ships: no network."""
    return make_rules(Domains(), deny_list=deny_list)


def placeholders_of(rules: Iterable[PiiRule]) -> dict[str, PlaceholderWord]:
    """Kind → the word that its rules declare, with the kinds of the language models."""
    return {**NER_PLACEHOLDERS, **{rule.kind: rule.placeholder for rule in rules}}
