from __future__ import annotations

import io
import json
import random
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keyring import Keyring
from gateway.model.record import leaf_hash
from gateway.trail.note import COSIGNATURE, ML_DSA_44, NoteKey, cosign
from gateway.verifier.anchors import AuditorInput
from gateway.verifier.evidence import Evidence
from gateway.verifier.examine import examine
from gateway.verifier.note import TrustedKey
from tests.evidence import ORIGIN, Book, examined, said_otherwise


def test_a_good_log_verifies(book: Book) -> None:
    kept = [book.signed[1][2], book.signed[0][2]]
    report = book.examined(kept)
    assert report.verified, report.findings
    assert (report.entries, report.signed, report.readable) == (36, 36, 36)
    assert [row["result"] for row in report.kept] == ["is the beginning of this log"] * 2
    assert report.checkpoints == {"in all": 3, "that match": 3}
    assert report.kinds == {
        "change": 3,
        "decision": 15,
        "delivery": 9,
        "expiry": 3,
        "review": 6,
    }
    assert report.deliveries == {"delivered": 6, "unknown": 3}
    assert report.pairs["of cause and effect"] == 18
    assert report.pairs["allowed, not delivered yet"] == 3
    assert report.warnings == []


def test_root_and_leaf_are_those_of_the_gateway(book: Book) -> None:
    report = book.examined()
    assert b64decode(report.root) == book.root(36)


def test_the_empty_log_verifies(keyring: Keyring) -> None:
    book = Book(keyring)
    note = book.sign()
    report = book.examined([note])
    assert report.verified, report.findings
    assert report.entries == report.signed == 0


def flip(book: Book, at: int, chance: random.Random) -> None:
    body = bytearray(book.entries[at].body)
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    leaf = leaf_hash(bytes(body)) if chance.random() < 0.5 else book.entries[at].leaf
    book.entries[at] = replace(book.entries[at], body=bytes(body), leaf=leaf)


def edit(book: Book, at: int, chance: random.Random) -> None:
    book.entries[at] = said_otherwise(book.entries[at], tenant="other")


def delete(book: Book, at: int, chance: random.Random) -> None:
    del book.entries[at]
    if chance.random() < 0.5:
        renumber(book)


def insert(book: Book, at: int, chance: random.Random) -> None:
    new = said_otherwise(book.entries[-1], subject="new", seq=at)
    book.entries.insert(at, replace(new, seq=at))
    if chance.random() < 0.5:
        renumber(book)


def reorder(book: Book, at: int, chance: random.Random) -> None:
    other = (at + 1 + chance.randrange(len(book.entries) - 1)) % len(book.entries)
    book.entries[at], book.entries[other] = book.entries[other], book.entries[at]
    if chance.random() < 0.5:
        renumber(book)


def truncate(book: Book, at: int, chance: random.Random) -> None:
    del book.entries[at:]


def roll_back(book: Book, at: int, chance: random.Random) -> None:
    del book.entries[at:]
    book.signed = [one for one in book.signed if one[0] <= at]


def fork(book: Book, at: int, chance: random.Random) -> None:
    for number in range(at, len(book.entries)):
        book.entries[number] = said_otherwise(book.entries[number], tenant="other")


def replay(book: Book, at: int, chance: random.Random) -> None:
    book.entries.append(said_otherwise(book.entries[at], seq=len(book.entries)))
    book.entries[-1] = replace(book.entries[-1], seq=len(book.entries) - 1)


def renumber(book: Book) -> None:
    book.entries = [
        replace(said_otherwise(entry, seq=seq), seq=seq) for seq, entry in enumerate(book.entries)
    ]


TAMPERING = (flip, edit, delete, insert, reorder, truncate, roll_back, fork, replay)
Tamper = Callable[[Book, int, random.Random], None]


@pytest.mark.parametrize("tamper", TAMPERING)
@given(at=st.integers(0, 35), seed=st.integers(0, 1 << 32), holds_key=st.booleans())
def test_every_tampering_is_found(tamper: Tamper, at: int, seed: int, holds_key: bool) -> None:
    good = GOOD
    bad = good.copy()
    tamper(bad, at, random.Random(seed))  # noqa: S311
    if bad.entries == good.entries and bad.signed == good.signed:
        return
    if holds_key:
        bad.sign_anew()
    report = bad.examined([good.signed[-1][2]])
    assert not report.verified
    assert report.first is not None
    if report.first.entry is not None:
        # The first bad entry, or a range that it is the beginning of.
        assert report.first.entry <= max(at, 36)


def _good() -> Book:
    made = Book()
    for _ in range(3):
        made.story()
        made.sign()
    return made


GOOD = _good()
CHANCE = random.Random(1)  # noqa: S311 - places, not secrets


@pytest.mark.parametrize(
    ("tamper", "codes", "entry"),
    [
        (edit, {"root-differs"}, 12),
        (truncate, {"log-shorter"}, 13),
        (replay, {"unsigned", "message-repeated"}, 36),
    ],
)
def test_what_it_says(book: Book, tamper: Tamper, codes: set[str], entry: int) -> None:
    places: dict[Tamper, int] = {edit: 13, truncate: 13, replay: 0}
    at = places[tamper]
    tamper(book, at, CHANCE)
    report = book.examined()
    assert set(report.counts) == codes
    assert report.first is not None
    assert report.first.entry == entry


def test_a_changed_body_is_named_and_hides_nothing_else(book: Book) -> None:
    for at in (5, 29):
        body = book.entries[at].body.replace(b"zoe", b"zob")
        book.entries[at] = replace(book.entries[at], body=body)
    report = book.examined()
    assert [finding.entry for finding in report.findings] == [5, 29]
    assert set(report.counts) == {"entry-changed"}
    assert report.checkpoints["that match"] == 3


def test_roll_back_needs_a_kept_checkpoint(book: Book) -> None:
    kept = book.signed[-1][2]
    roll_back(book, 24, CHANCE)
    assert book.examined().verified
    report = book.examined([kept])
    assert set(report.counts) == {"kept-longer"}
    assert str(report.first).startswith("entry 24: is missing")


def test_signing_anew_needs_a_kept_checkpoint_and_proves_a_fork(book: Book) -> None:
    kept = book.signed[1][2]
    edit(book, 7, CHANCE)
    book.sign_anew()
    assert book.examined().verified
    report = book.examined([kept])
    assert set(report.counts) == {"fork", "kept-differs"}


def test_gaps_and_repetitions_are_named(book: Book) -> None:
    lines = book.file().splitlines(keepends=True)
    assert b'{"seq":3,' in lines[4]
    report = examined(b"".join([*lines[:4], *lines[5:]]), keys=[book.key])
    assert str(report.first) == "entry 3: is missing (line 5 of the file) [entry-missing]"
    assert report.checkpoints["that could not be compared"] == 3
    report = examined(b"".join([*lines[:5], lines[4], *lines[5:]]), keys=[book.key])
    assert str(report.first) == "entry 3: comes again, or too late (line 6 of the file) " + (
        "[entry-repeated]"
    )


def test_a_delivery_that_nothing_allowed(book: Book) -> None:
    record = book.samples.record()
    book.deliver(record, 3)  # a delivery of another message
    book.sign()
    assert set(book.examined().counts) == {"delivery-unallowed"}


def test_one_message_delivered_twice(book: Book) -> None:
    record = book.samples.record()
    seq = book.append(record)
    book.deliver(record, seq)
    book.deliver(record, seq)
    book.sign()
    assert set(book.examined().counts) == {"delivered-twice"}


def test_keys_of_the_file_prove_nothing(book: Book) -> None:
    report = book.examined(keys=[])
    assert set(report.counts) == {"keys-unproven"}
    report = book.examined(keys=[], trust_file=True)
    assert report.verified
    assert "FROM THE FILE ITSELF" in report.warnings[0].upper()
    assert report.keys[0]["from"] == "FROM THE FILE ITSELF"


def test_another_key_than_the_auditors(book: Book) -> None:
    other = Book()
    report = book.examined(keys=[other.key])
    assert set(report.counts) == {"unsigned"}
    assert report.checkpoints["by keys that you did not give"] == 3


def test_a_key_of_another_log_proves_nothing(book: Book) -> None:
    other = replace(book.key, name="other.example/log")
    report = book.examined(keys=[other])
    assert set(report.counts) == {"keys-unproven"}
    assert report.warnings[0].startswith("the key other.example/log+")


def test_a_kept_checkpoint_proves_the_key(book: Book) -> None:
    report = book.examined([book.signed[0][2]], keys=[])
    assert report.verified
    assert report.keys[0]["from"] == "signed kept-0.txt, which you kept"


def test_a_forger_with_a_key_of_their_own_is_found(book: Book) -> None:
    kept = book.signed[0][2]
    forged = replace(book.copy(), keyring=Keyring.generate())
    forged.sign_anew()
    assert set(forged.examined(keys=[book.key]).counts) == {"unsigned"}
    assert "kept-signature" in forged.examined([kept], keys=[]).counts


def test_keys_that_are_announced_under_an_older_key_count(book: Book) -> None:
    old = book.key
    new = Keyring.generate()
    book.change(
        what="signing_key",
        after=sha256(new.checkpoint.public.raw).hexdigest(),
        detail={"signs": "checkpoints"},
    )
    book.sign()
    both = (new.checkpoint.public, *book.keyring.checkpoint_keys)
    book.keyring = replace(new, retired_checkpoints=both[1:])
    book.story()
    book.sign()
    report = book.examined(keys=[old])
    assert report.verified, report.findings
    assert [key["from"] for key in report.keys] == [
        "from you",
        "announced in entry 36, signed by an earlier key",
    ]


def test_announced_without_the_older_keys_signature_does_not_count(book: Book) -> None:
    old = book.key
    new = Keyring.generate()
    book.change(
        what="signing_key",
        after=sha256(new.checkpoint.public.raw).hexdigest(),
        detail={"signs": "checkpoints"},
    )
    book.keyring = replace(new, retired_checkpoints=book.keyring.checkpoint_keys)
    book.sign()
    report = book.examined(keys=[old])
    assert set(report.counts) == {"unsigned"}
    assert report.first is not None
    assert report.first.entry == 36


@pytest.mark.parametrize("kind", [COSIGNATURE, ML_DSA_44])
def test_witnesses(book: Book, kind: bytes) -> None:
    keyring = Keyring.generate()
    signer = keyring.post_quantum if kind == ML_DSA_44 else keyring.checkpoint
    raw = keyring.post_quantum.raw if kind == ML_DSA_44 else keyring.checkpoint.public.raw
    witness = NoteKey("witness.example/w", raw, kind)
    size, root, note = book.signed[1]
    text = note.partition("\n\n")[0] + "\n"
    line = cosign(text, witness, signer.sign, at=1_800_000_000)
    key = TrustedKey.parse(str(witness))
    assert set(book.examined(witnesses=[key]).counts) == {"witness-missing"}
    book.signed[1] = (size, root, note + line)
    report = book.examined(witnesses=[key])
    assert report.verified, report.findings
    assert report.witnesses == [
        {
            "name": "witness.example/w",
            "cosigned": 1,
            "size": 24,
            "at": "2027-01-15T08:00:00+00:00",
        }
    ]
    assert "12 entries are newer" in report.warnings[0]
    wrong = cosign(text.replace("24", "25"), witness, signer.sign, at=1_800_000_000)
    book.signed[1] = (size, root, note + wrong)
    assert "witness-signature" in book.examined(witnesses=[key]).counts


def test_another_tenants_bodies_stay_hashes(book: Book) -> None:
    book.change(tenant="other")
    book.sign()
    report = examined(book.file(tenant="acme"), keys=[book.key])
    assert report.verified
    assert (report.readable, report.entries) == (36, 37)
    assert "1 entries are only hashes" in report.warnings[0]
    lines = book.file().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith(b'{"seq":4,'))
    said = orjson.loads(lines[at])
    del said["body"]
    lines[at] = orjson.dumps(said) + b"\n"
    report = examined(b"".join(lines), keys=[book.key])
    assert "body-withheld" in report.counts


def test_stamps_are_counted_and_handed_on(book: Book) -> None:
    book.stamped.append((12, "http://tsa.example", b"..."))
    stamps: list[tuple[int, str, bytes]] = []
    file = book.file()
    report = examine(
        Evidence(io.BytesIO(file), "file"),
        AuditorInput(keys=[book.key]),
        stamped=lambda *stamp: stamps.append(stamp),
    )
    assert report.verified
    assert report.checkpoints["time stamps, not checked here"] == 1
    text = book.signed[0][2].partition("\n\n")[0] + "\n"
    assert stamps == [(12, text, b"...")]
    moved = file.replace(b'"stamp":{"size":12', b'"stamp":{"size":11')
    assert set(examined(moved, keys=[book.key]).counts) == {"checkpoint-place"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\n", "line-damaged"),
        (b"\xff\xfe\n", "line-damaged"),
        (b"[1]\n", "line-damaged"),
        (b"[" * 100_000 + b"\n", "line-damaged"),
        (b'{"seq":1e400}\n', "line-damaged"),
        (b'{"seq":NaN,"leaf":""}\n', "line-damaged"),
        (b'{"seq":true,"leaf":"","body":""}\n', "line-damaged"),
        (b'{"seq":' + b"9" * 5000 + b"}\n", "line-damaged"),
        (b'{"seq":99999999999999999999,"leaf":"' + b"A" * 43 + b'="}\n', "entry-missing"),
        (b'{"seq":-1,"leaf":"' + b"A" * 43 + b'="}\n', "entry-repeated"),
        (b'{"checkpoint":3}\n', "line-damaged"),
        (b'{"checkpoint":"x"}\n', "checkpoint-malformed"),
        (b'{"checkpoint":"\\ud800\\n1\\nx\\n\\n"}\n', "checkpoint-malformed"),
        (b'{"strange":1}\n', "line-damaged"),
        (b'{"end":3}\n', "line-damaged"),
        (b'{"end":{"entries":1,"checkpoints":0}}\n', "file-count"),
    ],
)
def test_hostile_lines_are_findings(book: Book, line: bytes, code: str) -> None:
    lines = book.file().splitlines(keepends=True)
    report = examined(b"".join([*lines[:9], line, *lines[9:]]), keys=[book.key])
    assert code in report.counts


@pytest.mark.parametrize(
    "body",
    ["", "null", "{}", "[]", "\ud800", '{"v":1}', '{"v":1,"seq":0,"kind":[],"timestamp":3}', None],
)
def test_hostile_bodies_are_findings(body: str | None) -> None:
    book = Book()
    book.change()
    book.sign()
    lines = book.file().splitlines(keepends=True)
    try:
        leaf = leaf_hash((body or "").encode())
    except UnicodeEncodeError:
        leaf = bytes(32)
    said = {"seq": 0, "leaf": b64encode(leaf).decode(), "body": body}
    lines[1] = json.dumps(said).encode() + b"\n"
    assert "entry-malformed" in examined(b"".join(lines), keys=[book.key]).counts


@given(st.data())
def test_no_bytes_raise(data: st.DataObject) -> None:
    """Whatever is done to the file after its first line, there is a report, and it is not good."""
    file = bytearray(FILE)
    first = file.index(b"\n") + 1
    at = data.draw(st.integers(first, len(file) - 1))
    upto = data.draw(st.integers(at, len(file)))
    new = data.draw(st.binary(max_size=40))
    file[at:upto] = new
    report = examined(bytes(file), keys=[GOOD.key])
    assert report.verified == (bytes(file) == FILE or _says_the_same(bytes(file)))


FILE = GOOD.file()


def _says_the_same(file: bytes) -> bool:
    """A change of white space between the JSON of two lines is none."""
    try:
        ours, theirs = (
            [orjson.loads(line) for line in one.splitlines() if line] for one in (file, FILE)
        )
    except ValueError:
        return False
    return ours == theirs


def test_gaps_take_no_more_memory_than_a_bound(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.verifier.examine._MAX_MISSING_ENTRIES", 100)
    leaf = b64encode(bytes(32)).decode()
    lines = [json.dumps({"seq": 90 * n, "leaf": leaf}).encode() + b"\n" for n in range(1, 40)]
    file = book.file().splitlines(keepends=True)
    report = examined(b"".join([*file[:-1], *lines, file[-1]]), keys=[book.key])
    assert report.entries == 37
    assert report.counts["entry-missing"] == 39


def test_long_texts_of_the_file_are_cut(book: Book) -> None:
    note = f"{'x' * 50_000}\n1\n{b64encode(bytes(32)).decode()}\n\n\u2014 x AAAAAAA=\n"
    line = json.dumps({"checkpoint": note}).encode() + b"\n"
    file = book.file().splitlines(keepends=True)
    report = examined(b"".join([*file[:3], line, *file[3:]]), keys=[book.key])
    assert report.first is not None
    assert report.first.code == "checkpoint-origin"
    assert len(report.first.text) < 400


def test_cut_files_are_found(book: Book) -> None:
    file = book.file()
    for at in (file.rindex(b"{"), len(file) // 2, file.index(b"\n") + 1):
        report = examined(file[:at], keys=[book.key])
        assert "file-cut" in report.counts


def test_another_logs_checkpoint(book: Book) -> None:
    kept = book.signed[0][2].replace(ORIGIN, "other.example/log")
    assert "kept-origin" in book.examined([kept]).counts
    size, root, note = book.signed[0]
    book.signed[0] = (size, root, note.replace(ORIGIN, "other.example/log"))
    assert "checkpoint-origin" in book.examined().counts
