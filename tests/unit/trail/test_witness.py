from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import ConfigurationError, LogInvalid
from gateway.keyring import Keyring
from gateway.model.record import leaf_hash
from gateway.trail.checkpoint import note_keys, sign_checkpoint
from gateway.trail.merkle import EMPTY_ROOT, MerkleTree
from gateway.trail.note import COSIGNATURE, ML_DSA_44, NoteKey, cosignatures, sign_note
from gateway.trail.witness import (
    MAX_REQUEST_BYTES,
    AddCheckpoint,
    Cosigner,
    Witness,
    parse_request,
)
from tests.paths import GOLDEN

ORIGIN = "log.example/l"
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
VECTORS = GOLDEN / "c2sp"
SIGSUM = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
SIGSUM_KEY = bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
LEAF = leaf_hash(b"leaf")


class OneLog:
    """A log that grows, and its twin that went another way after 5 entries."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.leaves = [leaf_hash(str(number).encode()) for number in range(40)]
        self.others = self.leaves[:5] + [leaf_hash(b"x" + leaf) for leaf in self.leaves[5:]]

    def request(self, old: int, size: int, *, fork: bool = False) -> AddCheckpoint:
        tree = MerkleTree()
        tree.extend((self.others if fork else self.leaves)[:size])
        note = sign_checkpoint(
            origin=ORIGIN, size=size, root=tree.root(), keyring=self.keyring
        ).note
        return AddCheckpoint(old=old, proof=tuple(tree.consistency(old, size, {})), note=note)


@pytest.fixture
def log(keyring: Keyring) -> OneLog:
    return OneLog(keyring)


@pytest.fixture
def make(keyring: Keyring, tmp_path: Path) -> Iterator[Callable[[], Witness]]:
    """The witness; each call is a restart."""
    made: list[Witness] = []
    own = Keyring.generate()

    def again() -> Witness:
        if made:
            made[-1].close()
        made.append(
            Witness(
                logs={ORIGIN: note_keys(ORIGIN, keyring)},
                cosigner=Cosigner(name="w.example/1", keyring=own, post_quantum=True),
                folder=tmp_path / "state",
                now=lambda: NOW,
            )
        )
        return made[-1]

    yield again
    made[-1].close()


@pytest.fixture
def witness(make: Callable[[], Witness]) -> Witness:
    return make()


def ask(witness: Witness, request: AddCheckpoint) -> tuple[int, str]:
    answer = witness.add_checkpoint(request.text.encode())
    return int(answer.status), answer.body


def test_cosigns_a_log_that_grows(witness: Witness, log: OneLog) -> None:
    old = 0
    for size in (1, 5, 5, 8, 33):
        request = log.request(old, size)
        status, lines = ask(witness, request)
        assert status == 200
        given = cosignatures(request.note + lines, witness.keys)
        assert [one.key.kind for one in given] == [COSIGNATURE, ML_DSA_44]
        assert {one.at for one in given} == {int(NOW.timestamp())}
        assert witness.latest(ORIGIN) == request.note
        old = size


def test_refuses_another_history(
    make: Callable[[], Witness], witness: Witness, log: OneLog, tmp_path: Path
) -> None:
    ask(witness, log.request(0, 8))
    with capture_logs() as logs:
        assert ask(witness, log.request(8, 12, fork=True)) == (
            422,
            "the proof does not lead from the old size to the checkpoint\n",
        )
        assert ask(witness, log.request(8, 8, fork=True)) == (409, "8\n")
    assert [one["event"] for one in logs] == ["refused", "refused"]
    evidence = list((tmp_path / "state" / "evidence").iterdir())
    assert [path.read_text() for path in evidence] == [log.request(8, 8, fork=True).note]
    witness = make()
    assert ask(witness, log.request(0, 4)) == (409, "8\n")
    assert ask(witness, log.request(4, 8)) == (409, "8\n")
    assert ask(witness, log.request(8, 9))[0] == 200


def test_never_forgets(make: Callable[[], Witness], log: OneLog) -> None:
    assert ask(make(), log.request(0, 8))[0] == 200
    assert ask(make(), log.request(0, 8, fork=True)) == (409, "8\n")
    assert ask(make(), log.request(8, 9))[0] == 200


def test_one_process_at_a_time(witness: Witness, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="another witness"):
        Witness(
            logs={},
            cosigner=Cosigner(name="w", keyring=Keyring.generate()),
            folder=tmp_path / "state",
            now=lambda: NOW,
        )


def test_a_spoilt_memory_is_not_taken_for_none(
    make: Callable[[], Witness], log: OneLog, tmp_path: Path
) -> None:
    ask(make(), log.request(0, 8))
    (path,) = (tmp_path / "state").glob("*.checkpoint")
    path.write_text("spoilt")
    with pytest.raises(LogInvalid):
        ask(make(), log.request(0, 8))


def test_strangers_are_refused(witness: Witness, log: OneLog) -> None:
    other = OneLog(Keyring.generate())
    assert ask(witness, other.request(0, 3))[0] == 403
    elsewhere = sign_checkpoint(origin="o", size=0, root=EMPTY_ROOT, keyring=log.keyring)
    assert ask(witness, AddCheckpoint(old=0, proof=(), note=elsewhere.note))[0] == 404
    forged = log.request(0, 3)
    assert (
        ask(witness, AddCheckpoint(old=0, proof=(), note=forged.note.replace("\n3\n", "\n4\n")))[0]
        == 403
    )
    assert witness.latest(ORIGIN) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n",
        b"old -1\n\nx",
        b"new 0\n\nx\n1\nx\n\n",
        b"old 0\nAAAA\n\n",
        b"\xff",
        b"old 0\n\n" + b"x" * MAX_REQUEST_BYTES,
        b"old 0\n\nlog.example/l\n1\nAAAA\n\n\xe2\x80\x94 log.example/l AAAAAAAA\n",
    ],
)
def test_malformed_requests(witness: Witness, body: bytes) -> None:
    assert witness.add_checkpoint(body).status == HTTPStatus.BAD_REQUEST


def test_too_many_hashes(witness: Witness, log: OneLog) -> None:
    """As torchwood's TestTooManyProofs."""
    request = log.request(0, 3)
    many = AddCheckpoint(old=0, proof=(bytes(32),) * 64, note=request.note)
    assert ask(witness, many)[0] == 400
    with pytest.raises(LogInvalid):
        parse_request(many.text.encode())


@pytest.mark.parametrize(
    ("known", "old", "new", "root", "proof", "status"),
    [
        (0, 0, 0, EMPTY_ROOT, (), 200),
        (0, 0, 0, LEAF, (), 422),
        (0, 0, 0, bytes(32), (), 422),
        (0, 0, 0, EMPTY_ROOT, (LEAF,), 422),
        (0, 0, 1, LEAF, (), 200),
        (0, 0, 1, LEAF, (LEAF,), 422),
        (1, 0, 1, LEAF, (LEAF,), 409),
        (1, 1, 0, EMPTY_ROOT, (), 400),
    ],
)
def test_small_sizes(
    *,
    witness: Witness,
    keyring: Keyring,
    known: int,
    old: int,
    new: int,
    root: bytes,
    proof: tuple[bytes, ...],
    status: int,
) -> None:
    """The table of torchwood's TestZeroSize."""
    if known:
        note = sign_checkpoint(origin=ORIGIN, size=known, root=LEAF, keyring=keyring).note
        assert ask(witness, AddCheckpoint(old=0, proof=(), note=note))[0] == 200
    note = sign_checkpoint(origin=ORIGIN, size=new, root=root, keyring=keyring).note
    assert ask(witness, AddCheckpoint(old=old, proof=proof, note=note))[0] == status


def test_published_requests(tmp_path: Path) -> None:
    """torchwood's TestRace, one after the other, and its ML-DSA-44 log."""
    log = NoteKey.parse((VECTORS / "mldsa-log.vkey").read_text())
    witness = Witness(
        logs={SIGSUM: [NoteKey(SIGSUM, SIGSUM_KEY)], log.name: [log]},
        cosigner=Cosigner(name="w.example/1", keyring=Keyring.generate()),
        folder=tmp_path,
        now=lambda: NOW,
    )
    expected = {
        "sigsum-0-1": 200,
        "sigsum-1-5": 200,
        "sigsum-1-3": 409,
        "mldsa-log": 200,
    }
    for name, status in expected.items():
        body = (VECTORS / f"{name}.request").read_bytes()
        assert parse_request(body).text.encode() == body
        answer = witness.add_checkpoint(body)
        assert answer.status == status, name
    witness.close()


def test_extension_lines_are_cosigned_with_ed25519_alone(
    witness: Witness, keyring: Keyring
) -> None:
    text = f"{ORIGIN}\n1\n{b64encode(LEAF).decode()}\nextended\n"
    note = sign_note(text, note_keys(ORIGIN, keyring)[0], keyring.checkpoint.sign)
    status, lines = ask(witness, AddCheckpoint(old=0, proof=(), note=note))
    assert status == 200
    assert [one.key.kind for one in cosignatures(note + lines, witness.keys)] == [COSIGNATURE]


def test_memory_is_a_plain_note(witness: Witness, log: OneLog, tmp_path: Path) -> None:
    ask(witness, log.request(0, 3))
    name = sha256(ORIGIN.encode()).hexdigest()[:32]
    path = tmp_path / "state" / f"{name}.checkpoint"
    assert path.read_text(encoding="utf-8") == log.request(0, 3).note
