from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.model.record import Entry, EntryKind, leaf_hash
from gateway.trail.checkpoint import sign_checkpoint
from gateway.trail.log import Log
from gateway.trail.merkle import Frontier
from gateway.trail.verify import CHUNK_ENTRIES, Verified, verify
from tests.unit.trail.conftest import Events, MemoryStore

ORIGIN = "gateway.example/log"


@pytest.fixture
async def told(log: Log, store: MemoryStore, events: Events) -> MemoryStore:
    """50 entries under checkpoints of sizes 20, 40 and 50."""
    for numbers in (range(4), range(4, 8), range(8, 10)):
        store.story(events, numbers)
        await log.checkpoint()
    return store


def check(store: MemoryStore, log: Log, kept: tuple[str, ...] = ()) -> Verified:
    return verify(store.rows, checkpoints=store.signed, keys=log.keys, origin=ORIGIN, kept=kept)


def edited(entry: Entry, **changes: Any) -> Entry:
    """As someone with the database, but not the key, would change it: hash and all."""
    body = orjson.dumps({**orjson.loads(entry.body), **changes}, option=orjson.OPT_SORT_KEYS)
    return replace(entry, body=body, leaf=leaf_hash(body))


def renumbered(entry: Entry, seq: int) -> Entry:
    return replace(edited(entry, seq=seq), seq=seq)


def resigned(store: MemoryStore, keyring: Keyring) -> None:
    """As someone with the key would: all checkpoints signed anew over what is stored."""
    sizes = [size for size, _, _ in store.signed if size <= len(store.rows)]
    store.signed = []
    for size in sizes:
        frontier = Frontier()
        frontier.extend([entry.leaf for entry in store.rows[:size]])
        signed = sign_checkpoint(origin=ORIGIN, size=size, root=frontier.root(), keyring=keyring)
        store.signed.append((size, signed.root, signed.note))


def test_a_good_log_verifies(told: MemoryStore, log: Log) -> None:
    done: list[int] = []
    verified = verify(
        iter(told.rows),
        checkpoints=iter(told.signed),
        keys=log.keys,
        origin=ORIGIN,
        kept=[told.signed[1][2], told.signed[0][2]],
        progress=done.append,
    )
    assert verified.size == verified.signed == 50
    assert verified.root == told.signed[-1][1]
    assert (verified.checkpoints, verified.kept) == (3, 2)
    assert verified.kinds == {"decision": 30, "delivery": 10, "expiry": 10}
    assert done == [50]


async def test_as_stored_it_verifies_too(told: MemoryStore, log: Log) -> None:
    seen: list[tuple[int, int]] = []
    verified = await log.verify(
        kept=[told.signed[0][2]], progress=lambda done, size: seen.append((done, size))
    )
    assert verified == check(told, log, (told.signed[0][2],))
    assert seen == [(50, 50)]


async def test_in_several_pieces(log: Log, store: MemoryStore) -> None:
    await log.checkpoint()
    for size in (CHUNK_ENTRIES - 1, 2, CHUNK_ENTRIES, 5):
        store.fill(size)
        await log.checkpoint()
    verified = await log.verify(kept=[note for _, _, note in store.signed])
    assert verified == check(store, log, tuple(note for _, _, note in store.signed))
    assert (verified.size, verified.checkpoints, verified.kept) == (2 * CHUNK_ENTRIES + 6, 5, 5)


def test_other_types_than_bytes_are_found(told: MemoryStore, log: Log) -> None:
    good = told.rows[7]
    told.rows[7] = replace(good, body=good.body.decode())  # type: ignore[arg-type] # a damaged row
    with pytest.raises(LogInvalid, match="entry 7: its body is not bytes"):
        check(told, log)
    told.rows[7] = good
    told.signed[0] = (*told.signed[0][:2], told.signed[0][2].encode())  # type: ignore[assignment] # a damaged row
    with pytest.raises(LogInvalid, match="not text"):
        check(told, log)


async def test_columns_that_cannot_be_read_are_found(log: Log, store: MemoryStore) -> None:
    class Unreadable(MemoryStore):
        async def entries(self, start: int, stop: int) -> list[Entry]:
            raise ValueError("'nonsense' is not a valid EntryKind")

    store.fill(3)
    store.__class__ = Unreadable
    with pytest.raises(LogInvalid, match="entries 0 to 2 cannot be read"):
        await log.verify()


async def test_the_empty_log_verifies(log: Log, store: MemoryStore) -> None:
    assert check(store, log).size == 0
    await log.checkpoint()
    assert check(store, log).signed == 0
    store.signed = [(0, bytes(32), store.signed[0][2])]
    with pytest.raises(LogInvalid):
        check(store, log)


def test_the_unsigned_end_is_told(told: MemoryStore, log: Log, events: Events) -> None:
    told.append(events.change())
    verified = check(told, log)
    assert (verified.size, verified.signed) == (51, 50)


def flip(store: MemoryStore) -> None:
    store.rows[23] = replace(store.rows[23], body=store.rows[23].body.replace(b"zoe", b"zob"))


def flip_with_hash(store: MemoryStore) -> None:
    store.rows[23] = edited(store.rows[23], state="delivered")


def flip_hash(store: MemoryStore) -> None:
    store.rows[23] = replace(store.rows[23], leaf=bytes(32))


def delete(store: MemoryStore) -> None:
    del store.rows[23]


def delete_and_renumber(store: MemoryStore) -> None:
    del store.rows[23]
    store.rows = [
        renumbered(entry, seq) if seq >= 23 else entry for seq, entry in enumerate(store.rows)
    ]


def insert(store: MemoryStore) -> None:
    store.rows.insert(23, renumbered(store.rows[3], 23))


def insert_and_renumber(store: MemoryStore) -> None:
    store.rows.insert(23, store.rows[3])
    store.rows = [
        renumbered(entry, seq) if seq >= 23 else entry for seq, entry in enumerate(store.rows)
    ]


def reorder(store: MemoryStore) -> None:
    store.rows[23], store.rows[24] = store.rows[24], store.rows[23]


def reorder_and_renumber(store: MemoryStore) -> None:
    first, second = store.rows[21], store.rows[23]
    store.rows[21], store.rows[23] = renumbered(second, 21), renumbered(first, 23)


def replay(store: MemoryStore) -> None:
    store.rows.append(store.rows[2])


def truncate(store: MemoryStore) -> None:
    del store.rows[45:]


@pytest.mark.parametrize(
    ("tamper", "index"),
    [
        (flip, 23),
        (flip_with_hash, 20),  # somewhere from the last good checkpoint on
        (flip_hash, 23),
        (delete, 23),
        (delete_and_renumber, None),
        (insert, 24),
        (insert_and_renumber, None),
        (reorder, 23),
        (reorder_and_renumber, None),
        (replay, 50),
        (truncate, 45),
    ],
)
def test_tampering_is_found_without_a_kept_checkpoint(
    told: MemoryStore, log: Log, tamper: Callable[[Any], None], index: int | None
) -> None:
    tamper(told)
    with pytest.raises(LogInvalid) as caught:
        check(told, log)
    if index is not None:
        assert caught.value.index == index
    else:
        assert caught.value.index is not None


def test_a_roll_back_needs_a_kept_checkpoint(told: MemoryStore, log: Log) -> None:
    kept = told.signed[-1][2]
    del told.rows[40:], told.signed[2:]
    assert check(told, log).size == 40
    with pytest.raises(LogInvalid, match="signed 50 entries") as caught:
        check(told, log, (kept,))
    assert caught.value.index == 40


def test_a_fork_by_the_holder_of_the_key_needs_a_kept_checkpoint(
    told: MemoryStore, log: Log, keyring: Keyring
) -> None:
    kept = told.signed[1][2]
    told.rows[23] = edited(told.rows[23], labels={"creator": "someone else"})
    resigned(told, keyring)
    assert check(told, log).size == 50
    with pytest.raises(LogInvalid, match="kept checkpoint of size 40") as caught:
        check(told, log, (kept,))
    assert caught.value.index == 0
    with pytest.raises(LogInvalid) as caught:
        check(told, log, (kept, told.signed[0][2]))
    assert caught.value.index == 20


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": 99},
        {"at": timedelta(microseconds=1)},
        {"tenant": "other"},
        {"message_id": "other"},
        {"message_id": None},
        {"kind": EntryKind.REVIEW},
    ],
)
def test_columns_that_lie_are_found(told: MemoryStore, log: Log, changes: dict[str, Any]) -> None:
    if "at" in changes:
        changes = {"at": told.rows[7].at + changes["at"]}
    told.rows[7] = replace(told.rows[7], **changes)
    with pytest.raises(LogInvalid) as caught:
        check(told, log)
    assert caught.value.index == 7


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"7", b"\xff", b'{"seq":7}'])
def test_what_is_no_entry_is_found(told: MemoryStore, log: Log, body: bytes) -> None:
    told.rows[7] = replace(told.rows[7], body=body, leaf=leaf_hash(body))
    with pytest.raises(LogInvalid, match="entry 7: is not in the format"):
        check(told, log)


DELIVERY, EXPIRY = 2, 4


@pytest.mark.parametrize(
    ("at", "changes"),
    [
        (DELIVERY, {"allowed_by": 1}),  # held
        (DELIVERY, {"allowed_by": 2}),  # itself
        (DELIVERY, {"allowed_by": -1}),
        (DELIVERY, {"allowed_by": 40}),  # later
        (DELIVERY, {"decision_id": "dec_9"}),
        (DELIVERY, {"content_hash": "00" * 32}),  # another text
        (DELIVERY, {"receipt": {"id": "rcp_0", "kid": "k1", "sha256": "00" * 32}}),
        (DELIVERY, {"allowed_by": None}),
        (DELIVERY, {"receipt": None}),
        (EXPIRY, {"held_by": 0}),  # published
        (EXPIRY, {"decision_id": "dec_9"}),
    ],
)
def test_what_was_not_allowed_is_found_even_when_it_is_signed(
    told: MemoryStore, log: Log, keyring: Keyring, at: int, changes: dict[str, Any]
) -> None:
    told.rows[at] = edited(told.rows[at], **changes)
    resigned(told, keyring)
    with pytest.raises(LogInvalid) as caught:
        check(told, log)
    assert caught.value.index == at


@pytest.mark.parametrize(
    "changes", [{"verdict": "hold"}, {"state": "decided"}, {"kind": "dry_run"}, {"kind": "change"}]
)
def test_only_a_judgement_to_publish_allows_a_delivery(
    told: MemoryStore, log: Log, keyring: Keyring, changes: dict[str, Any]
) -> None:
    told.rows[0] = edited(told.rows[0], **changes)
    if "kind" in changes:
        told.rows[0] = replace(told.rows[0], kind=EntryKind(changes["kind"]))
    resigned(told, keyring)
    with pytest.raises(LogInvalid, match="no earlier entry allowed") as caught:
        check(told, log)
    assert caught.value.index == DELIVERY


def test_checkpoints_must_be_signed_and_say_what_their_columns_say(
    told: MemoryStore, log: Log, keyring: Keyring
) -> None:
    size, root, note = told.signed[1]
    other = Keyring.generate()
    forged = sign_checkpoint(origin=ORIGIN, size=size, root=root, keyring=other).note
    foreign = sign_checkpoint(origin="other.example", size=size, root=root, keyring=keyring).note
    for wrong in (
        (size, root, forged),
        (size, root, foreign),
        (size, bytes(32), note),
        (size - 1, root, note),
        (size, root, note.replace("40", "39")),
    ):
        told.signed[1] = wrong
        with pytest.raises(LogInvalid):
            check(told, log)


def test_a_kept_checkpoint_of_another_log_is_refused(told: MemoryStore, log: Log) -> None:
    other = sign_checkpoint(origin=ORIGIN, size=1, root=bytes(32), keyring=Keyring.generate()).note
    with pytest.raises(LogInvalid, match="no known key"):
        check(told, log, (other,))
