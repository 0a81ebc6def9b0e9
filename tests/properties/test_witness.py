"""Whatever it is asked, a witness never cosigns two histories; whatever it reads, it stays sane."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.model.record import leaf_hash
from gateway.trail.checkpoint import Checkpoint, note_keys, parse_checkpoint, sign_checkpoint
from gateway.trail.merkle import MerkleTree
from gateway.trail.note import NoteKey, cosignatures, note_text, open_note
from gateway.trail.proof import parse_proof
from gateway.trail.tiles import TileAt
from gateway.trail.witness import AddCheckpoint, Cosigner, Witness, parse_request
from gateway.trail.witnessing import WitnessAt

ORIGIN = "log.example/l"
LOG = Keyring.generate()
COSIGNER = Cosigner(name="w.example/1", keyring=Keyring.generate())
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
LARGEST = 12
FORKS = [
    [leaf_hash(f"{'x' if at >= split else ''}{at}".encode()) for at in range(LARGEST)]
    for split in (LARGEST, 3, 8)
]
TREES = [MerkleTree() for _ in FORKS]
for _tree, _leaves in zip(TREES, FORKS, strict=True):
    _tree.extend(_leaves)

steps = st.tuples(
    st.integers(0, LARGEST),  # old
    st.integers(0, LARGEST),  # size
    st.sampled_from(range(len(FORKS))),  # whose checkpoint
    st.sampled_from(range(len(FORKS))),  # whose proof
    st.booleans(),  # restart first
)


def request(old: int, size: int, fork: int, prover: int) -> AddCheckpoint:
    root = TREES[fork].root_at(size, {})
    note = sign_checkpoint(origin=ORIGIN, size=size, root=root, keyring=LOG).note
    proof = TREES[prover].consistency(old, size, {}) if old <= size else []
    return AddCheckpoint(old=old, proof=tuple(proof), note=note)


def prefix(one: Checkpoint, of: Checkpoint) -> bool:
    """Whether some history has both."""
    return any(
        tree.root_at(one.size, {}) == one.root and tree.root_at(of.size, {}) == of.root
        for tree in TREES
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=25))
def test_all_that_is_cosigned_is_one_history(
    asked: list[tuple[int, int, int, int, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        witness = _open(folder)
        cosigned: list[Checkpoint] = []
        for old, size, fork, prover, restart in asked:
            if restart:
                witness.close()
                witness = _open(folder)
            wanted = request(old, size, fork, prover)
            answer = witness.add_checkpoint(wanted.text.encode())
            known = cosigned[-1].size if cosigned else 0
            if answer.status == 200:
                assert len(cosignatures(wanted.note + answer.body, witness.keys)) == 1
                new = parse_checkpoint(note_text(wanted.note))
                assert new.size >= known
                assert all(prefix(earlier, new) for earlier in cosigned)
                cosigned.append(new)
            elif answer.status == 409:
                assert answer.body == f"{known}\n"
        witness.close()


def _open(folder: str) -> Witness:
    return Witness(
        logs={ORIGIN: note_keys(ORIGIN, LOG)},
        cosigner=COSIGNER,
        folder=Path(folder),
        now=lambda: NOW,
    )


GOOD = request(0, 5, 0, 0).text
NOTE = request(0, 5, 0, 0).note
texts = st.one_of(
    st.text(max_size=200),
    # Something good, with a piece cut out or put in.
    st.builds(
        lambda text, start, stop, more: text[:start] + more + text[stop:],
        st.sampled_from([GOOD, NOTE, str(COSIGNER.keys[0]), f"http://w {COSIGNER.keys[0]}"]),
        st.integers(0, 300),
        st.integers(0, 300),
        st.text(max_size=8),
    ),
)


@given(texts)
def test_hostile_texts_are_refused_and_nothing_else(text: str) -> None:
    keys = (*COSIGNER.keys, *note_keys(ORIGIN, LOG))
    TileAt.parse(text)
    for read in (
        lambda: open_note(text, keys),
        lambda: cosignatures(text, keys),
        lambda: parse_checkpoint(text),
        lambda: parse_request(text.encode("utf-8", "surrogatepass")),
        lambda: parse_proof(text),
        lambda: NoteKey.parse(text),
        lambda: WitnessAt.parse(text),
    ):
        with suppress(LogInvalid):
            read()
