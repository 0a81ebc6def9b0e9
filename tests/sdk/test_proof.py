"""What the gateway proves, checked by the client alone: what a real one gave, then changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from avatar_gateway_client import Client, ProofInvalid
from avatar_gateway_client.proof import Included, verify_inclusion, verify_receipt

from gateway.demo.processes import RunningDemo
from tests.patience import PATIENCE_S
from tests.sdk.conftest import message, token


@dataclass(frozen=True, kw_only=True)
class Given:
    """All that is needed to check one message."""

    jws: str
    text: str
    salt: str
    jwks: Mapping[str, Any]
    proof: str
    keys: tuple[str, ...]

    def claims(self) -> Mapping[str, Any]:
        return verify_receipt(self.jws, jwks=self.jwks, text=self.text, salt=self.salt)

    def included(self) -> Included:
        return verify_inclusion(self.proof, jws=self.jws, keys=self.keys)


@pytest.fixture(scope="module")
def messages(there: RunningDemo) -> tuple[Given, Given]:
    headers = {"Authorization": f"Bearer {token(there)}"}
    jwks = httpx.get(f"{there.gateway}/.well-known/jwks.json", timeout=PATIENCE_S).json()
    keys = tuple(
        httpx.get(f"{there.gateway}/v1/log/keys", headers=headers, timeout=PATIENCE_S).text.split()
    )
    with Client(there.gateway, token(there)) as gateway:
        found = []
        for text in ("Salut ! À vendredi.", "On se voit samedi ?"):
            outcome = gateway.submit(message(text))
            assert outcome.receipt is not None
            assert outcome.text is not None
            given = Given(
                jws=outcome.receipt,
                text=outcome.text,
                salt=outcome.raw["disclosure"]["salt"],
                jwks=jwks,
                proof=gateway.proof(outcome.entry),
                keys=keys,
            )
            found.append((given, outcome))
    for given, outcome in found:
        assert given.claims()["message_id"] == outcome.message_id
        assert given.included().index == outcome.entry
    first, second = (given for given, _ in found)
    return first, second


def test_what_a_gateway_gives_holds(messages: tuple[Given, Given]) -> None:
    first, second = messages
    claims, found = first.claims(), first.included()
    assert (claims["verdict"], claims["creator"]) == ("publish", "lea")
    assert found.entry["decision_id"] == claims["decision_id"]
    assert found.origin == first.keys[0].partition("+")[0]
    assert found.index < found.size
    assert second.included().size >= found.size
    # Platforms add and drop what cannot be seen.
    assert replace(first, text=f" \ufeff{first.text}\ufe0f\n").claims() == claims


def changed(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def test_each_change_to_what_the_receipt_is_about_is_found(messages: tuple[Given, Given]) -> None:
    first, second = messages
    head, claims, signature = first.jws.split(".")
    wrong_key = [{**one, "x": "A" * 43} for one in first.jwks["keys"]]
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"receipt+jwt"}').rstrip(b"=").decode()
    for what, given in (
        ("text", replace(first, text=f"{first.text}!")),
        ("text", replace(first, text=second.text)),
        ("text", replace(first, salt=second.salt)),
        ("text", replace(first, text="\ud800")),
        ("salt", replace(first, salt="00")),
        ("signature", replace(first, jws=f"{head}.{second.jws.split('.')[1]}.{signature}")),
        ("signature", replace(first, jws=".".join((head, claims, changed(signature, 8))))),
        ("signature", replace(first, jws=f"{head}.{claims}.")),
        ("signature", replace(first, jwks={"keys": wrong_key})),
        ("receipt", replace(first, jws=f"{none}.{claims}.")),
        ("receipt", replace(first, jws="nothing")),
        ("kid", replace(first, jwks={"keys": []})),
    ):
        with pytest.raises(ProofInvalid) as raised:
            given.claims()
        assert raised.value.what == what, given


def test_each_change_to_the_proof_is_found(messages: tuple[Given, Given]) -> None:
    first, second = messages
    header, extra, index, *rest = first.proof.split("\n")
    body = json.loads(base64.b64decode(extra.removeprefix("extra ")))
    lie = base64.b64encode(json.dumps({**body, "verdict": "block"}).encode()).decode()
    head, _, note = first.proof.partition("\n\n")
    origin, size, root, *signed = note.split("\n")
    other_log = changed(first.keys[0], 0)
    for what, proof in (
        ("proof", "\n".join((header, f"extra {lie}", index, *rest))),
        ("proof", "\n".join((header, extra, "index 0", *rest))),
        ("proof", "\n".join((header, index, *rest))),
        ("proof", "\n".join((header, extra, index, "AAAA", *rest))),
        ("proof", "\n".join((header, extra, index, root, *rest))),
        ("proof", ""),
        ("checkpoint", f"{head}\n\n" + "\n".join((origin, f"{size}0", root, *signed))),
        ("checkpoint", f"{head}\n\n" + "\n".join((origin, size, changed(root, 3), *signed))),
        ("checkpoint", f"{head}\n\n" + "\n".join((origin, size, root, "", ""))),
        ("entry", second.proof),
    ):
        with pytest.raises(ProofInvalid) as raised:
            replace(first, proof=proof).included()
        assert raised.value.what == what, proof
    for what, keys in (("checkpoint", ()), ("key", (other_log,)), ("key", ("",))):
        with pytest.raises(ProofInvalid) as raised:
            replace(first, keys=keys).included()
        assert raised.value.what == what
