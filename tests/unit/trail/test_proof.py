from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.model.record import leaf_hash
from gateway.trail.checkpoint import note_keys, sign_checkpoint
from gateway.trail.merkle import MerkleTree
from gateway.trail.proof import MAX_PROOF, Proof, parse_proof

ORIGIN = "gateway.example/log"
BODIES = [f'{{"seq":{number}}}'.encode() for number in range(7)]


@pytest.fixture
def proof(keyring: Keyring) -> Proof:
    tree = MerkleTree()
    tree.extend([leaf_hash(body) for body in BODIES])
    signed = sign_checkpoint(origin=ORIGIN, size=7, root=tree.root(), keyring=keyring)
    path = tuple(tree.inclusion(4, 7, {}))
    return Proof(index=4, path=path, checkpoint=signed.note, extra=BODIES[4])


def test_what_is_written_is_read(proof: Proof) -> None:
    lines = proof.text.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == f"extra {b64encode(BODIES[4]).decode()}"
    assert lines[2] == "index 4"
    assert lines[6:8] == ["", ORIGIN]
    assert parse_proof(proof.text) == proof
    bare = replace(proof, extra=None)
    assert parse_proof(bare.text) == bare


def test_a_proof_verifies_with_its_entry(proof: Proof, keyring: Keyring) -> None:
    keys = note_keys(ORIGIN, keyring)
    assert proof.verify(keys, origin=ORIGIN).size == 7
    assert replace(proof, extra=None).verify(keys, origin=ORIGIN, body=BODIES[4]).size == 7


def test_a_proof_of_something_else_does_not(proof: Proof, keyring: Keyring) -> None:
    keys = note_keys(ORIGIN, keyring)
    other = Keyring.generate()
    for wrong in (
        replace(proof, extra=BODIES[3]),
        replace(proof, index=3),
        replace(proof, index=7),
        replace(proof, path=proof.path[:-1]),
        replace(proof, path=(*proof.path, bytes(32))),
        replace(proof, extra=None),
    ):
        with pytest.raises(LogInvalid):
            wrong.verify(keys, origin=ORIGIN)
    with pytest.raises(LogInvalid):
        proof.verify(note_keys(ORIGIN, other), origin=ORIGIN)
    with pytest.raises(LogInvalid):
        proof.verify(keys, origin="other.example")


def test_the_only_entry_has_an_empty_path(keyring: Keyring) -> None:
    leaf = leaf_hash(BODIES[0])
    signed = sign_checkpoint(origin=ORIGIN, size=1, root=leaf, keyring=keyring)
    proof = Proof(index=0, path=(), checkpoint=signed.note)
    assert parse_proof(proof.text) == proof
    assert proof.verify(note_keys(ORIGIN, keyring), origin=ORIGIN, body=BODIES[0]).size == 1


def test_malformed_proofs_are_refused(proof: Proof) -> None:
    text = proof.text
    for wrong in (
        "",
        text.replace("v1", "v2", 1),
        text.replace("index 4", "index 04"),
        text.replace("index 4", "Index 4"),
        text.replace("index 4\n", ""),
        text.replace("extra ", "extra !", 1),
        text.replace("index 4\n", "index 4\nAAAA\n"),
        text.replace("index 4\n", f"index 4\n{b64encode(bytes(32)).decode()}\n" * 70),
        text.replace("index 4\n", "index 4\n" + f"{b64encode(bytes(32)).decode()}\n" * 70),
        "c2sp.org/tlog-proof@v1\n\nx",
        "x" * (MAX_PROOF + 1),
    ):
        with pytest.raises(LogInvalid):
            parse_proof(wrong)
