from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.disclosure.canonical import canonical, content_hash
from gateway.disclosure.discloser import LabelDiscloser
from gateway.disclosure.formats.c2pa import C2paMarker, self_signed
from gateway.errors import ConfigurationError, StageUndefined
from gateway.model.decision import Facts
from gateway.model.disclosure import Redaction
from gateway.model.obligation import Obligation
from gateway.model.route import LengthUnit
from gateway.model.submission import Channel

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)


@pytest.fixture
def marker(make_random: Callable[[], Callable[[int], bytes]]) -> C2paMarker:
    pytest.importorskip("c2patxt")
    certificate = self_signed(KEY, name="gateway.example", not_before=NOW - timedelta(days=1))
    return C2paMarker(key=KEY, certificates=[certificate], random_bytes=make_random())


def verdict(text: str) -> Any:
    import c2patxt

    return c2patxt.verify(text, context=c2patxt.VerifyContext(now=NOW))


def test_a_third_party_verifies_it(marker: C2paMarker) -> None:
    text, told = marker.embed("[AI] Hello", NOW)
    assert verdict(text).state.value == "valid"
    assert told["manifest"].startswith("urn:c2pa:")
    assert verdict(text.replace("Hello", "Hullo")).state.value == "invalid"


def test_golden(marker: C2paMarker, golden: Callable[[str, Any], None]) -> None:
    text, told = marker.embed("[AI] Hello", NOW)
    golden(
        "format/c2pa.json",
        {
            "told": told,
            "code_points": len(text),
            "utf8_bytes": len(text.encode()),
            "sha256": sha256(text.encode()).hexdigest(),
        },
    )


@pytest.fixture
def disclose(
    marker: C2paMarker,
    make_discloser: Callable[..., LabelDiscloser],
    make_facts: Callable[..., Facts],
    notice: Callable[..., Obligation],
) -> Callable[..., Any]:
    discloser = make_discloser(c2pa=marker)

    def run(text: str = "Hello", **given: Any) -> Any:
        facts = make_facts(text, channel=Channel.LIVE, **{"c2pa": True, **given})
        return discloser.disclose(facts, Redaction(text=text), [notice("ai")])

    return run


def test_the_label_comes_first_and_the_manifest_last(disclose: Callable[..., Any]) -> None:
    told = disclose()
    assert told.text.startswith("[AI] Hello\ufeff")
    assert verdict(told.text).state.value == "valid"
    assert told.marks["c2pa"]["specification"] == "C2PA 2.4 Annex A.8"


def test_the_hash_holds_with_and_without_the_manifest(disclose: Callable[..., Any]) -> None:
    told = disclose()
    assert canonical(told.text) == "[AI] Hello"
    salt = bytes.fromhex(told.salt)
    assert content_hash(told.text, salt) == content_hash("[AI] Hello", salt) == told.content_hash


@pytest.mark.parametrize(
    "given",
    [{"c2pa": False}, {"max_length": 1_000}, {"max_length": 5_000, "unit": LengthUnit.BYTES}],
)
def test_left_out_where_it_is_off_or_does_not_fit(
    given: dict[str, Any], disclose: Callable[..., Any]
) -> None:
    told = disclose(**given)
    assert told.text == "[AI] Hello"
    assert told.marks == {}


def test_a_text_that_cannot_carry_it_is_undefined(disclose: Callable[..., Any]) -> None:
    with pytest.raises(StageUndefined) as caught:
        disclose("Zalgo" + "\u0301" * 40)
    assert "Zalgo" not in str(caught.value)


def test_an_expired_certificate_is_undefined(marker: C2paMarker) -> None:
    with pytest.raises(StageUndefined):
        marker.embed("Hello", NOW + timedelta(days=4_000))


def test_a_certificate_of_another_key(make_random: Callable[[], Callable[[int], bytes]]) -> None:
    other = self_signed(Ed25519PrivateKey.generate(), name="x", not_before=NOW)
    with pytest.raises(ConfigurationError):
        C2paMarker(key=KEY, certificates=[other], random_bytes=make_random())


def test_without_the_extra(
    monkeypatch: pytest.MonkeyPatch, make_random: Callable[[], Callable[[int], bytes]]
) -> None:
    monkeypatch.setitem(sys.modules, "c2patxt", None)
    with pytest.raises(ConfigurationError, match=r"avatar-gateway\[c2pa\]"):
        C2paMarker(key=KEY, certificates=[], random_bytes=make_random())


def test_self_signed_is_deterministic() -> None:
    made = [self_signed(KEY, name="x", not_before=NOW) for _ in range(2)]
    assert made[0] == made[1]
