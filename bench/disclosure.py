"""Labels and receipts: their cost, the size of a receipt, and whether labels ever fail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from bench.figure import Figure, cpu_interleaved, ratio
from gateway.disclosure.budget import length
from gateway.disclosure.discloser import LabelDiscloser
from gateway.errors import StageUndefined
from gateway.keyring import Keyring
from gateway.model.creator import Creator
from gateway.model.decision import Bundle, Contact, Decision, Facts, Reason
from gateway.model.disclosure import Redaction
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.route import LengthUnit, Route, RouteKind
from gateway.model.submission import Audience, Channel, Submission
from gateway.model.text import Mapped, ReadText
from gateway.model.verdict import Verdict

_NOW = datetime(2026, 11, 22, tzinfo=UTC)
_ROUNDS = 200
_TEXT = "Thanks for coming tonight, I loved seeing all of you, the next one is on Friday at eight"
_NOTICES = ("ai", "ai_reminder", "ai_public", "ad", "paid_partnership", "take_a_break")
_LANGUAGES = ("en", "fr", "es", "de", "zh", "ar", "pt", "it", "ja", "ko")
_PIECES = (
    "word ",
    "longerword ",
    "你好",
    "مرحبا ",
    "👩\u200d👩\u200d👧",
    "e\u0301",
    "\n",
    "[AI] ",
    "x",
)


def measure() -> Iterator[Figure]:
    keyring = Keyring.generate()
    discloser = LabelDiscloser(signer=keyring.receipt, issuer="https://gateway.example")
    facts = _facts(_TEXT)
    obligations = (_notice("ai"), _marks())
    disclosure = discloser.disclose(facts, Redaction(text=_TEXT), obligations)
    decision = _decision(obligations)
    signed = b"x" * 600

    def sign() -> None:
        for _ in range(_ROUNDS):
            keyring.receipt.sign(signed)

    def label() -> None:
        for _ in range(_ROUNDS):
            discloser.disclose(facts, Redaction(text=_TEXT), obligations)

    def attest() -> None:
        for _ in range(_ROUNDS):
            discloser.attest(facts, decision, disclosure)

    signing, labelling, attesting = cpu_interleaved([sign, label, attest])
    for key, taken in (
        ("disclosure.label_cpu_ratio", labelling),
        ("disclosure.receipt_cpu_ratio", attesting),
    ):
        value, spread = ratio(taken, signing)
        yield Figure(
            key=key,
            value=value,
            unit="×",
            bar=4.0,
            aim=2.0,
            n=_ROUNDS * len(signing),
            baseline="one Ed25519 signature over 600 bytes",
            spread=spread,
        )
    yield Figure(
        key="disclosure.receipt_bytes",
        value=float(len(discloser.attest(facts, decision, disclosure).jws)),
        unit="bytes",
        bar=1_023,
        aim=1_000,
        n=1,
        note="40 rules fired",
    )
    failed, tried = _label_failures(discloser)
    yield Figure(
        key="disclosure.labels_failed",
        value=float(failed),
        unit="texts",
        bar=0,
        aim=0,
        n=tried,
        note="too long for the route, label not whole, or labelled twice when disclosed again",
    )


def _label_failures(discloser: LabelDiscloser, texts: int = 4_000) -> tuple[int, int]:
    """Label random texts with random languages, notices and routes; return how many labels were
    wrong, and of how many."""
    source = random.Random(20_261_122)  # noqa: S311 - repeatable samples
    failed = tried = 0
    for _ in range(texts):
        text = "".join(source.choices(_PIECES, k=source.randint(1, 40)))
        obligations = [_notice(name) for name in source.sample(_NOTICES, source.randint(1, 4))]
        facts = _facts(
            text,
            language=source.choice(_LANGUAGES),
            channel=source.choice(tuple(Channel)),
            limit=source.randint(20, 500),
            unit=source.choice(tuple(LengthUnit)),
        )
        try:
            once = discloser.disclose(facts, Redaction(text=text), obligations)
            twice = discloser.disclose(facts, Redaction(text=once.text), obligations)
        except StageUndefined:
            continue  # held: nothing is published without its label
        tried += 1
        whole = all(notice.text in once.text for notice in once.notices)
        fits = length(once.text, facts.route.unit) <= facts.route.max_length
        failed += not (whole and fits and once.text == twice.text)
    return failed, tried


def _notice(name: str) -> Obligation:
    return Obligation(kind=ObligationKind.DISCLOSE, rules=("eu.aia.50.1",), params={"notice": name})


def _marks() -> Obligation:
    return Obligation(
        kind=ObligationKind.MARK,
        rules=("baseline.mark",),
        params={"formats": ["iptc", "schema_org"]},
    )


def _facts(
    text: str,
    *,
    language: str = "en",
    channel: Channel = Channel.DM,
    limit: int = 10_000,
    unit: LengthUnit = LengthUnit.CHARACTERS,
) -> Facts:
    form = Mapped(text, tuple(range(len(text) + 1)))
    return Facts(
        now=_NOW,
        submission=Submission(
            message_id="msg_" + "0" * 32,
            tenant="default",
            channel=channel,
            creator="zoe",
            avatar="zoe-twin",
            conversation="c",
            text=text,
            received_at=_NOW,
            audience=Audience(jurisdictions=("FR", "EU")),
        ),
        read=ReadText(
            original=text,
            clean=form,
            normalised=form,
            folded=form,
            language=language,
            language_score=1.0,
        ),
        detections=(),
        unavailable=(),
        creator=Creator(
            tenant="default", id="zoe", version=1, updated_at=_NOW, settings={"display_name": "Zoé"}
        ),
        contact=Contact(),
        route=Route(name="r", kind=RouteKind.SANDBOX, max_length=limit, unit=unit),
        decision_id="dec_" + "0" * 32,
    )


def _decision(obligations: tuple[Obligation, ...]) -> Decision:
    return Decision(
        verdict=Verdict.PUBLISH,
        reasons=tuple(
            Reason(rule=f"pack.rule_{number}", text="why", verdict=Verdict.PUBLISH)
            for number in range(40)
        ),
        obligations=obligations,
        bundle=Bundle(digest="a" * 64, revisions={}),
        engine="embedded",
        path="gateway/decision",
        document={},
        masked={},
    )
