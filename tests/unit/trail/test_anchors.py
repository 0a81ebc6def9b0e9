from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.trail.anchors import AnchorCheck, Quorum, WitnessedCheckpoints, check_stamps
from gateway.trail.checkpoint import Checkpoint, sign_checkpoint
from gateway.trail.merkle import EMPTY_ROOT
from gateway.trail.note import NoteKey
from gateway.trail.witness import Cosigner

AT = datetime(2026, 11, 22, 20, tzinfo=UTC)
COSIGNERS = [Cosigner(name=f"w.example/{n}", keyring=Keyring.generate()) for n in range(3)]
KEYS = tuple(one.keys[0] for one in COSIGNERS)


def checkpoint(keyring: Keyring, size: int, *by: int) -> Checkpoint:
    made = sign_checkpoint(origin="o.example", size=size, root=EMPTY_ROOT, keyring=keyring)
    lines = "".join(COSIGNERS[one].cosign(made, AT) for one in by)
    return Checkpoint(origin="o.example", size=size, root=EMPTY_ROOT, note=made.note + lines)


def test_which_are_witnessed_stamped_and_only_ours(keyring: Keyring) -> None:
    anchors = AnchorCheck(Quorum(KEYS, 2), stamped=[3], unchecked_stamps=1)
    for made in (
        checkpoint(keyring, 1, 0, 1),
        checkpoint(keyring, 2, 0, 1, 2),
        checkpoint(keyring, 3),
        checkpoint(keyring, 4, 2),
        checkpoint(keyring, 5),
        checkpoint(keyring, 5),  # seen before
    ):
        anchors.see(made)
    found = anchors.done(AT)
    assert (found.witnessed, found.witnessed_checkpoints, found.quorum) == (2, 2, 2)
    assert (found.stamped, found.stamps, found.stamped_at) == (3, 1, AT)
    assert (found.only_ours, found.unchecked_stamps) == (1, 1)
    assert found.witnesses[2] == WitnessedCheckpoints(
        name="w.example/2", checkpoints=2, size=4, at=AT
    )


def test_a_bad_cosignature_is_an_error(keyring: Keyring) -> None:
    one, two = checkpoint(keyring, 1, 0), checkpoint(keyring, 2, 0)
    line = two.note.splitlines(keepends=True)[-1]
    spoilt = one.note + line
    anchors = AnchorCheck(Quorum(KEYS[:1], 1))
    anchors.see(Checkpoint(origin="o", size=1, root=EMPTY_ROOT, note=spoilt))  # the good one first
    wrong = sign_checkpoint(origin="o.example", size=3, root=EMPTY_ROOT, keyring=keyring).note
    with pytest.raises(LogInvalid, match="does not verify"):
        anchors.see(Checkpoint(origin="o", size=3, root=EMPTY_ROOT, note=wrong + line))


def test_a_quorum_counts_witnesses_not_keys(keyring: Keyring) -> None:
    other = Cosigner(name="w.example/0", keyring=Keyring.generate())
    made = checkpoint(keyring, 1, 0)
    note = made.note + other.cosign(made, AT)
    keys = (KEYS[0], other.keys[0])
    assert Quorum(keys, 1).met_by(note)
    assert not Quorum(keys, 2).met_by(note)
    assert not Quorum().met_by(note)
    assert not Quorum((NoteKey("x", KEYS[0].raw, KEYS[0].kind),), 1).met_by(note)


def test_stamps_are_of_checkpoints() -> None:
    def check(response: bytes, text: bytes) -> datetime:
        if response != text:
            raise LogInvalid("the time stamp does not verify")
        return AT

    assert check_stamps([(3, "tsa", b"a")], {}, None) == {}
    assert check_stamps([(3, "tsa", b"a")], {3: "a"}, check) == {3: AT}
    with pytest.raises(LogInvalid, match="no checkpoint is"):
        check_stamps([(3, "tsa", b"a")], {4: "a"}, check)
    with pytest.raises(LogInvalid, match="checkpoint of size 3"):
        check_stamps([(3, "tsa", b"b")], {3: "a"}, check)
