"""The recognizers, each in a file of its own: to add one is one line here."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.pii import deny_list as denied
from gateway.pii.domains import Domains
from gateway.pii.recognizers import elsewhere, national
from gateway.pii.recognizers.br import numbers as br
from gateway.pii.recognizers.ca import numbers as ca
from gateway.pii.recognizers.cn import numbers as cn
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
    handle,
    iban,
    ip,
    phone,
    secret,
    url,
)
from gateway.pii.recognizers.india import numbers as india
from gateway.pii.recognizers.it import numbers as it
from gateway.pii.recognizers.jp import numbers as jp
from gateway.pii.recognizers.kr import numbers as kr
from gateway.pii.recognizers.national import National
from gateway.pii.recognizers.pt import numbers as pt
from gateway.pii.recognizers.us import itin, ssn, street
from gateway.pii.recognizers.us import numbers as us
from gateway.pii.rule import Rule

COUNTRIES: Mapping[str, tuple[National, ...]] = {
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
"""Identity numbers and the like that a table says all about."""

NATIONAL = tuple(number for numbers in COUNTRIES.values() for number in numbers)


def make_rules(domains: Domains, *, deny_list: tuple[str, ...] = ()) -> tuple[Rule, ...]:
    """All rules of the blocking tier. Left out on purpose, for what they find in plain talk:
    Presidio's UsBank, MedicalLicense and Date recognizers; its UsLicense, UsPassport and Nhs
    are our own, that count beside their name alone."""
    phones, cards = phone.PhoneRule(), credit_card.rule()
    words, lookalikes = disguised.Words(), disguised.Lookalikes()
    apart, by_signs = disguised.Apart(spaces=True), disguised.Apart(spaces=False)
    mails, ibans, addresses = email.rule(domains), iban.rule(), ip.rule()
    nirs, ssns = nir.rule(), ssn.rule()
    return (
        mails,
        disguised.DisguisedRule(inner=mails, disguise=apart),
        dodged_email.bracketed(domains),
        dodged_email.worded(domains),
        phones,
        disguised.DisguisedRule(inner=phones, disguise=words),
        disguised.DisguisedRule(inner=phones, disguise=lookalikes),
        disguised.DisguisedRule(inner=phones, disguise=by_signs),
        cards,
        disguised.DisguisedRule(inner=cards, disguise=words),
        disguised.DisguisedRule(inner=cards, disguise=lookalikes),
        disguised.DisguisedRule(inner=cards, disguise=apart),
        ibans,
        disguised.DisguisedRule(inner=ibans, disguise=lookalikes),
        disguised.DisguisedRule(inner=ibans, disguise=apart),
        addresses,
        disguised.DisguisedRule(inner=addresses, disguise=lookalikes),
        disguised.DisguisedRule(inner=addresses, disguise=apart),
        ip.defanged(),
        url.link(domains),
        url.www(domains),
        url.path(domains),
        crypto.bitcoin(),
        crypto.ethereum(),
        secret.tokens(),
        secret.twilio(),
        secret.private_key(),
        secret.stated(),
        secret.in_link(),
        handle.rule(),
        nirs,
        disguised.DisguisedRule(inner=nirs, disguise=lookalikes),
        disguised.DisguisedRule(inner=nirs, disguise=apart),
        siren.siren_rule(),
        siren.siret_rule(),
        passport.rule(),
        plate.rule(),
        address.street(),
        address.postcode(),
        ssns,
        disguised.DisguisedRule(inner=ssns, disguise=lookalikes),
        disguised.DisguisedRule(inner=ssns, disguise=apart),
        disguised.DisguisedRule(inner=ssn.joined_rule(said=False), disguise=by_signs),
        disguised.DisguisedRule(inner=ssn.joined_rule(said=True), disguise=words),
        itin.rule(),
        street.rule(),
        *map(national.rule, NATIONAL),
        *((denied.rule(deny_list),) if deny_list else ()),
    )


def all_rules(*, deny_list: tuple[str, ...] = ()) -> tuple[Rule, ...]:
    """`make_rules` with the public suffixes of the package: no network."""
    return make_rules(Domains(), deny_list=deny_list)
