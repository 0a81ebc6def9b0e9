from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import StageTimeout
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.recognizers import NATIONAL, national
from gateway.pii.recognizers.national import NumberFormat
from gateway.pii.rule import PiiRule, RuleHit
from gateway.pii.scan import Gated, scan

SENTENCES = (
    "{}",
    "Salut ! {} merci",
    "Mon numéro : {}.",
    "call me at {} or {}",
    "carte {}, IBAN {}",
    "J'habite {} {}",
    "mdp: {} https://example.com/{}",
    "({})",
    "{}{}",
    "SIREN {} plaque {} passport {}",
)
PIECES = (
    "john at gmail dot com", "jean (arobase) free point fr", "j o h n @ g m a i l . c o m",
    "zéro six douze trente-quatre cinquante-six soixante-dix-huit", "O6 l2 34 56 78",
    "fe80::1", "::ffff:10.0.0.1", "192[.]168[.]0[.]1", "std::vector", "v1.2.3.4", "12:30:45",
    "sk-proj-" + "a1" * 20, "AKIAIOSFODNN7EXAMPLE", "0x" + "ab12" * 10,
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "12AB34567", "AB 123 CD", "2A004", "١٢٣٤٥٦٧٨٩٠",
    "https://u:p4ss@example.com", "www.example.com", "t.me/lea", "and/or", "@lea", "a@b", "@ . @",
    "12 bis rue de la Paix", "1600 Pennsylvania Avenue NW", "75002 PARIS", "lyon (69002)",
    "078-05-1120", "900-70-0000", "2 95 10 99 126 111 93", "5018 2345 6789", "\u00df\u0130\u017f",
)  # fmt: skip


def plain_presidio(rule: PiiRule, message: ScannedText, budget_s: float) -> Iterable[RuleHit]:
    """Presidio's own `analyze()` of the recognizer, weighed as we weigh."""
    if not isinstance(rule, PatternRule):
        return rule.hits(message, budget_s)
    results = rule.recognizer.analyze(message.text, [rule.kind], None)
    return [
        hit
        for result in results
        for hit in rule.weighed(message, result.start, result.end, result.score)
    ]


def corpus() -> list[tuple[str, str]]:
    """(text, place): values of Faker in two languages, dodges and near misses, in sentences."""
    draw = random.Random(7)  # noqa: S311 - the same corpus every time
    texts: list[tuple[str, str]] = []
    for locale, place in (("fr_FR", "fr"), ("en_US", "en")):
        fake = Faker(locale)
        fake.seed_instance(7)
        makers: list[Callable[[], object]] = [
            fake.phone_number, fake.iban, fake.email, fake.credit_card_number, fake.ssn,
            fake.street_address, fake.postcode, fake.city, fake.ipv4, fake.ipv6, fake.url,
            fake.license_plate, fake.sentence, fake.date, fake.user_name,
            lambda: str(draw.randrange(10 ** draw.randrange(1, 20))),
        ]  # fmt: skip
        if locale == "fr_FR":
            makers += [fake.siren, fake.siret]
        for _ in range(1600):
            sentence = draw.choice(SENTENCES)
            values = [
                draw.choice(PIECES) if draw.random() < 0.3 else draw.choice(makers)()
                for _ in range(sentence.count("{}"))
            ]
            texts.append((sentence.format(*values), place))
    return texts


def test_the_gates_and_our_runner_change_nothing_of_what_presidio_finds(
    rules: tuple[PiiRule, ...],
) -> None:
    texts = corpus()
    assert len(texts) >= 3000
    for text, place in texts:
        message = ScannedText(text, frozenset({place}))
        ours = scan(Gated(rules).open(message), message, budget_s=10)
        assert ours == scan(rules, message, budget_s=10, run=plain_presidio), text


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.sampled_from("0123456789 .-@:/+()aAeébBrRuUeEfFzZoOtTdD#_,\u0130\u0131ſ\u212a"),
        max_size=60,
    )
)
def test_no_text_is_found_without_its_gate(rules: tuple[PiiRule, ...], text: str) -> None:
    message = ScannedText(text)
    assert scan(Gated(rules).open(message), message, budget_s=10) == scan(
        rules, message, budget_s=10
    )


@pytest.mark.parametrize("number", NATIONAL, ids=lambda number: number.kind)
def test_no_name_of_a_number_is_overlooked(number: NumberFormat) -> None:
    made = replace(national.rule(number), gate=Prefilter(named=national.rule(number).gate.named))
    gated = Gated([made])
    for name in made.gate.named:
        for text in (f"1 {name} 1", f"1 ({name}x) 1" if len(name) >= 4 else f"-{name}-"):
            assert gated.open(ScannedText(text, frozenset({"nowhere"}))) == [made], text


def test_a_rule_that_takes_too_long_fails_the_scan(rules: tuple[PiiRule, ...]) -> None:
    message = ScannedText("06 12 34 56 78 " * 200)
    with pytest.raises(StageTimeout):
        scan(Gated(rules).open(message), message, budget_s=1e-9)


@pytest.mark.parametrize(
    "piece",
    ["1 ", "a@", "a@b.", "12 rue de la ", "12 Aaa Bbb ", "FR76 ", "::", "1.", "six deux ", "O0",
     "a at b dot ", "password: x1 ", "-----BEGIN PRIVATE KEY-----", "75002 Paris ", "eyJa.",
     "4111 ",     "a/", "www.", "x y @ z . ", "+1 ", "a.b/"],
)  # fmt: skip
def test_hostile_repetition_stays_within_the_budget_of_each_pattern(
    rules: tuple[PiiRule, ...], piece: str
) -> None:
    message = ScannedText((piece * 5000)[:5000])
    scan(Gated(rules).open(message), message, budget_s=2)


def test_benign_talk_with_numbers_is_left_alone(rules: tuple[PiiRule, ...]) -> None:
    for text in BENIGN:
        message = ScannedText(text)
        assert not [hit for hit in scan(Gated(rules).open(message), message) if not hit.advisory], (
            text
        )


BENIGN = (
    "On a atteint 1 000 000 d'abonnés, merci !",
    "Rendez-vous le 12/05/2026 à 18h30",
    "Le live commence à 20:30:00, replay le 2026-05-13 12:00",
    "J'ai couru 42,195 km en 3h12, le 10 juin 2026",
    "Mon score : 12 500 - 9 800 - 7 300 - 4 200",
    "RTX 4090, 24 Go, 1999 €, code LEA20",
    "Sorti en 1998-2004 puis 2010-2015",
    "Version 1.2.3.4 du jeu, ratio 16:9, 1920x1080",
    "Numéro 1 en 2024, 2025, 2026, 2027",
    "J'adore la rue de Rivoli et la place de la République",
    "ISBN 9782070360245, EAN 3017620422003, tweet 1234567890123456789",
    "call of duty 2 3 4 5 6 7 8 9",
    "Un deux trois quatre cinq six sept huit neuf dix",
    "10000 Bravo à tous, 25000 Personnes à Bercy",
    "the order number is 123-456-789",
    "my number of followers is 12 345 678",
    "température 12.5 13.5 14.5 15.5",
    "lol.so merci.be elden.ring tonight",
    "CO2 is higher than at any point in history",
    "Thank YOU @JensenAckles. You gave us a lift",
    "std::vector and a::b",
    "15 to 30 minutes by car",
    "7 place to be, 5 cours de danse",
)
