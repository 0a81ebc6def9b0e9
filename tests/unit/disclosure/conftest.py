from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.disclosure.discloser import LabelDiscloser
from gateway.disclosure.formats.subject import MarkedText
from gateway.keyring import SigningKey
from gateway.model.creator import Creator
from gateway.model.decision import Bundle, Contact, Decision, Facts, Reason
from gateway.model.human_turn import HumanTurn
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.route import LengthUnit, Overflow, Route, RouteKind
from gateway.model.submission import Audience, Channel, Editorial, Submission
from gateway.model.text import Mapped, ReadText
from gateway.model.verdict import Verdict
from tests.paths import GOLDEN

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
DISCLOSURES = GOLDEN / "disclosure"


@pytest.fixture
def golden() -> Callable[[str, Any], None]:
    """Compares with a golden file; GOLDEN=write makes it instead."""

    def check(name: str, value: Any) -> None:
        path = DISCLOSURES / name
        text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        if os.environ.get("GOLDEN") == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def make_random() -> Callable[[], Callable[[int], bytes]]:
    """Sources of bytes that repeat: 1, 1, 1 …, then 2, 2, 2 …"""

    def make() -> Callable[[int], bytes]:
        calls = iter(range(1, 1_000_000))
        return lambda size: bytes([next(calls) % 256]) * size

    return make


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    return SigningKey.of(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), at=NOW)


@pytest.fixture(scope="session")
def make_discloser(
    signing_key: SigningKey, make_random: Callable[[], Callable[[int], bytes]]
) -> Callable[..., LabelDiscloser]:
    def make(**given: Any) -> LabelDiscloser:
        return LabelDiscloser(
            signer=signing_key,
            issuer="https://gateway.example",
            **{"random_bytes": make_random(), **given},
        )

    return make


@pytest.fixture(scope="session")
def make_facts() -> Callable[..., Facts]:
    def make(
        text: str = "Hello there",
        *,
        language: str = "en",
        channel: Channel = Channel.DM,
        jurisdictions: tuple[str, ...] = (),
        disclosed_at: Mapping[str, datetime] | None = None,
        display_name: str = "Zoé",
        max_length: int = 10_000,
        unit: LengthUnit = LengthUnit.CHARACTERS,
        overflow: Overflow = Overflow.SHORTEN,
        c2pa: bool = False,
        edited: bool = False,
        human_author: str | None = None,
        dry_run: bool = False,
        human_turn: HumanTurn | None = None,
    ) -> Facts:
        form = Mapped(text, tuple(range(len(text) + 1)))
        return Facts(
            now=NOW,
            submission=Submission(
                message_id="msg_019aadf3e40000000000000000000000",
                tenant="default",
                channel=channel,
                creator="zoe",
                avatar="zoe-twin",
                conversation="conversation-1",
                text=text,
                received_at=NOW,
                audience=Audience(id="person-7", jurisdictions=jurisdictions),
                editorial=Editorial(edited=edited),
                human_author=human_author,
                dry_run=dry_run,
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
                tenant="default",
                id="zoe",
                version=1,
                updated_at=NOW,
                settings={"display_name": display_name},
            ),
            contact=Contact(disclosed_at=disclosed_at or {}, human_turn=human_turn),
            route=Route(
                name="sandbox",
                kind=RouteKind.SANDBOX,
                max_length=max_length,
                unit=unit,
                overflow=overflow,
                c2pa=c2pa,
            ),
            decision_id="dec_019aadf3e40011111111111111111111",
        )

    return make


@pytest.fixture(scope="session")
def notice() -> Callable[..., Obligation]:
    def make(name: str, position: str | None = None, *rules: str) -> Obligation:
        params = {"notice": name} | ({} if position is None else {"position": position})
        return Obligation(
            kind=ObligationKind.DISCLOSE, rules=rules or (f"rule.{name}",), params=params
        )

    return make


@pytest.fixture(scope="session")
def replaced() -> Callable[[str], Obligation]:
    return lambda template: Obligation(
        kind=ObligationKind.REPLACE, rules=("rule.replace",), params={"template": template}
    )


@pytest.fixture(scope="session")
def marked() -> Callable[..., Obligation]:
    return lambda *formats: Obligation(
        kind=ObligationKind.MARK, rules=("rule.mark",), params={"formats": list(formats)}
    )


@pytest.fixture(scope="session")
def make_decision() -> Callable[..., Decision]:
    def make(*obligations: Obligation, rules: int = 1) -> Decision:
        return Decision(
            verdict=Verdict.PUBLISH,
            reasons=tuple(
                Reason(rule=f"pack.rule_{n:03}", text="why", verdict=Verdict.PUBLISH)
                for n in range(rules)
            ),
            obligations=obligations,
            bundle=Bundle(digest="a" * 64, revisions={}),
            engine="embedded",
            path="gateway/decision",
            document={},
            masked={},
        )

    return make


@pytest.fixture
def subject() -> MarkedText:
    return MarkedText(
        message_id="msg_019aadf3e40000000000000000000000",
        decision_id="dec_019aadf3e40011111111111111111111",
        avatar="zoe-twin",
        language="fr",
        at=NOW,
        source_type="trainedAlgorithmicMedia",
        content_hash="ab" * 32,
        producer="https://gateway.example",
    )
