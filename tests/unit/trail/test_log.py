from __future__ import annotations

import asyncio
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import LogInvalid, NotFound, NotRecorded
from gateway.keyring import Keyring
from gateway.trail.checkpoint import open_checkpoint, sign_checkpoint
from gateway.trail.log import Log
from gateway.trail.merkle import BLOCK, EMPTY_ROOT, Frontier, block_root, verify_consistency
from gateway.trail.note import open_note
from gateway.trail.proof import parse_proof
from gateway.trail.tiles import TileAt
from tests.unit.trail.conftest import MemoryStore

ORIGIN = "gateway.example/log"


def reopened(store: MemoryStore, keyring: Keyring, **more: Any) -> Log:
    return Log(
        store=store,
        keyring=keyring,
        origin=ORIGIN,
        now=lambda: store.rows[-1].at,
        interval_s=0.001,
        **more,
    )


def root_of(store: MemoryStore, size: int) -> bytes:
    frontier = Frontier()
    frontier.extend([entry.leaf for entry in store.rows[:size]])
    return frontier.root()


async def test_a_checkpoint_covers_what_is_recorded(log: Log, store: MemoryStore) -> None:
    assert await log.latest() is None
    assert (await log.checkpoint()).root == EMPTY_ROOT
    store.fill(600)
    signed = await log.checkpoint()
    assert (signed.size, signed.root) == (600, root_of(store, 600))
    assert open_checkpoint(signed.note, log.keys, origin=log.origin) == signed
    assert await log.latest() == signed
    assert await log.checkpoint() == signed
    assert [size for size, _, _ in store.signed] == [0, 600]


async def test_proofs_of_every_entry_verify(log: Log, store: MemoryStore) -> None:
    store.fill(2 * BLOCK + 3)
    for seq in (0, 1, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 2):
        proof = parse_proof(await log.proof(seq))
        assert proof.extra is None
        assert proof.verify(log.keys, origin=ORIGIN, body=store.rows[seq].body)
        whole = parse_proof(await log.proof(seq, with_entry=True))
        assert whole.extra == store.rows[seq].body
        assert whole.verify(log.keys, origin=ORIGIN).size == 2 * BLOCK + 3


async def test_a_proof_of_a_newer_entry_makes_a_checkpoint(log: Log, store: MemoryStore) -> None:
    store.fill(3)
    await log.checkpoint()
    store.fill(2)
    texts = await asyncio.gather(*(log.proof(seq) for seq in range(5)))
    assert [parse_proof(text).index for text in texts] == [0, 1, 2, 3, 4]
    assert [size for size, _, _ in store.signed] == [3, 5]
    for missing in (-1, 5):
        with pytest.raises(NotFound):
            await log.proof(missing)


async def test_consistency_between_any_sizes(log: Log, store: MemoryStore) -> None:
    store.fill(BLOCK + 40)
    old = await log.checkpoint()
    store.fill(2 * BLOCK)
    new = await log.checkpoint()
    path = await log.consistency(old.size)
    assert verify_consistency(old.size, new.size, old.root, new.root, path)
    path = await log.consistency(7, old.size)
    assert verify_consistency(7, old.size, root_of(store, 7), old.root, path)
    for sizes in ((5, 4), (-1, 3), (0, new.size + 1)):
        with pytest.raises(NotFound):
            await log.consistency(*sizes)


async def test_checkpoints_of_another_process_are_taken_over(
    log: Log, store: MemoryStore, keyring: Keyring
) -> None:
    store.fill(4)
    await log.checkpoint()
    store.fill(4)
    other = await reopened(store, keyring).checkpoint()
    assert await log.checkpoint() == other
    assert len(store.signed) == 2


@pytest.mark.parametrize("with_file", [True, False])
async def test_opening_again_goes_on_where_it_stopped(
    store: MemoryStore, keyring: Keyring, tmp_path: Path, with_file: bool
) -> None:
    block_file = tmp_path / "blocks" if with_file else None
    store.fill(5 * BLOCK + 7)
    await reopened(store, keyring, block_file=block_file).checkpoint()
    store.fill(20)
    store.asked.clear()
    again = reopened(store, keyring, block_file=block_file)
    signed = await again.checkpoint()
    assert signed.root == root_of(store, signed.size)
    assert min(start for start, _ in store.asked) == (5 * BLOCK if with_file else 0)
    assert parse_proof(await again.proof(3)).verify(
        again.keys, origin=ORIGIN, body=store.rows[3].body
    )


async def test_a_spoilt_block_file_is_made_anew(
    store: MemoryStore, keyring: Keyring, tmp_path: Path
) -> None:
    path = tmp_path / "blocks"
    store.fill(3 * BLOCK)
    signed = await reopened(store, keyring, block_file=path).checkpoint()
    good = path.read_bytes()
    path.write_bytes(good[:40] + b"spoilt" + good[46:])
    assert await reopened(store, keyring, block_file=path).checkpoint() == signed
    assert path.read_bytes() == good


async def test_nothing_is_signed_that_contradicts_the_latest_checkpoint(
    store: MemoryStore, keyring: Keyring
) -> None:
    store.fill(10)
    await reopened(store, keyring).checkpoint()
    good = list(store.rows)

    store.rows[4] = replace(store.rows[4], leaf=bytes(32))
    store.fill(3)
    with pytest.raises(LogInvalid, match="not those that the checkpoint of size 10"):
        await reopened(store, keyring).checkpoint()

    store.rows = good[:9]
    log = reopened(store, keyring)
    for _ in range(2):
        with pytest.raises(LogInvalid, match="entry 9: is missing"):
            await log.checkpoint()

    store.rows = good
    assert (await log.checkpoint()).size == 10
    assert len(store.signed) == 1


async def test_a_log_that_shrinks_under_way_is_noticed(log: Log, store: MemoryStore) -> None:
    store.fill(5)
    await log.checkpoint()
    signed, store.signed = store.signed, []
    with pytest.raises(LogInvalid, match="taken away"):
        await log.checkpoint()
    store.signed = signed
    store.rows.pop()
    with pytest.raises(LogInvalid, match="shorter"):
        await log.checkpoint()


async def test_an_entry_changed_after_opening_gets_no_proof(log: Log, store: MemoryStore) -> None:
    store.fill(2 * BLOCK)
    await log.checkpoint()
    store.rows[3] = replace(store.rows[3], leaf=bytes(32))
    with pytest.raises(LogInvalid, match="entries 0 to 255 were changed"):
        await log.proof(9)
    store.rows[BLOCK + 3] = replace(store.rows[BLOCK + 3], body=b"{}")
    with pytest.raises(LogInvalid, match="does not lead"):
        await log.proof(BLOCK + 3, with_entry=True)


async def test_foreign_or_damaged_checkpoints_stop_the_log(
    store: MemoryStore, keyring: Keyring
) -> None:
    store.fill(2)
    for origin, ring in ((ORIGIN, Keyring.generate()), ("other.example", keyring)):
        signed = sign_checkpoint(origin=origin, size=2, root=root_of(store, 2), keyring=ring)
        store.signed = [(2, signed.root, signed.note)]
        with pytest.raises(LogInvalid, match="no known key"):
            await reopened(store, keyring).checkpoint()
    good = sign_checkpoint(origin=ORIGIN, size=1, root=root_of(store, 1), keyring=keyring)
    store.signed = [(2, good.root, good.note)]
    with pytest.raises(LogInvalid, match="columns"):
        await reopened(store, keyring).checkpoint()


@pytest.mark.parametrize("leaf", [b"", bytes(31), "x" * 32, None])
async def test_what_is_no_hash_is_noticed(log: Log, store: MemoryStore, leaf: Any) -> None:
    store.fill(3)
    store.rows[1] = replace(store.rows[1], leaf=leaf)
    with pytest.raises(LogInvalid, match="entry 1: its hash"):
        await log.checkpoint()


async def test_what_is_no_body_gets_no_proof(log: Log, store: MemoryStore) -> None:
    store.fill(3)
    store.rows[1] = replace(store.rows[1], body="{}")  # type: ignore[arg-type] # a damaged row
    with pytest.raises(LogInvalid, match="entry 1: "):
        await log.proof(1, with_entry=True)


async def test_keys_rotated_under_a_running_log(store: MemoryStore, tmp_path: Path) -> None:
    old = reopened(store, Keyring.create(tmp_path))
    store.fill(3)
    await old.checkpoint()
    new = reopened(store, Keyring.rotate(tmp_path))
    store.fill(3)
    by_new = await new.checkpoint()
    assert by_new.size == 6
    by_old = await old.checkpoint()
    assert (by_old.size, by_old.root) == (by_new.size, by_new.root)
    assert await old.latest() == by_old
    store.fill(3)
    by_old = await old.checkpoint()
    assert await new.checkpoint() == by_old
    assert (await new.verify()).checkpoints == 3
    store.signed[-1] = (9, bytes(32), by_new.note)
    with pytest.raises(LogInvalid, match="not those"):
        await old.checkpoint()


async def test_a_gap_in_the_leaves_is_noticed(log: Log, store: MemoryStore) -> None:
    class Gap(MemoryStore):
        async def leaves(self, start: int, stop: int) -> list[bytes]:
            return [entry.leaf for entry in self.rows[start : stop - 1]]

    store.fill(3)
    store.__class__ = Gap
    with pytest.raises(LogInvalid, match="entry 2: is missing"):
        await log.checkpoint()


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 - the log has nothing to tell when it is done
        await asyncio.sleep(0)


async def test_in_the_background_checkpoints_follow_the_entries(
    log: Log, store: MemoryStore
) -> None:
    store.fill(2)
    await log.start()
    await until(lambda: store.signed[-1:] and store.signed[-1][0] == 2)
    store.fill(3)
    await until(lambda: store.signed[-1][0] == 5)
    store.fill(1)
    await log.close()
    assert store.signed[-1][0] == 6
    await log.close()


async def test_the_background_outlives_a_failing_database(log: Log, store: MemoryStore) -> None:
    class Failing(MemoryStore):
        async def put_checkpoint(self, **row: Any) -> str | None:
            problems.append(log.problem)
            if failures:
                raise failures.pop(0)
            note: str | None = await super().put_checkpoint(**row)
            return note

    failures = [NotRecorded("disk full"), OSError("gone"), RuntimeError("secret")]
    problems: list[str] = []
    store.fill(2)
    store.__class__ = Failing
    await log.start()
    await until(lambda: bool(store.signed) and not log.problem)
    await log.close()
    assert problems == ["", "disk full", "OSError", "RuntimeError"]


async def test_the_background_stops_for_good_when_the_log_is_invalid(
    log: Log, store: MemoryStore
) -> None:
    store.fill(4)
    await log.start()
    await until(lambda: bool(store.signed))
    store.rows.pop()
    await until(lambda: bool(log.problem))
    assert "shorter" in log.problem
    await log.close()
    assert len(store.signed) == 1


async def test_start_refuses_an_invalid_log(store: MemoryStore, keyring: Keyring) -> None:
    store.fill(4)
    await reopened(store, keyring).checkpoint()
    store.rows.pop()
    with pytest.raises(LogInvalid):
        await reopened(store, keyring).start()


async def test_notes_are_what_other_tools_read(log: Log, store: MemoryStore) -> None:
    store.fill(3)
    origin, size, root, blank, signature, end = (await log.checkpoint()).note.split("\n")
    assert (origin, size, blank, end) == (ORIGIN, "3", "", "")
    assert b64decode(root) == root_of(store, 3)
    assert signature.startswith(f"— {ORIGIN} ")


async def test_tiles_are_the_tree(log: Log, store: MemoryStore) -> None:
    size = 256 * 256 + 2 * 256 + 70
    store.fill(size)
    await log.checkpoint()
    leaves = [entry.leaf for entry in store.rows]
    assert await log.tile(0, TileAt(0)) == b"".join(leaves[:256])
    assert await log.tile(0, TileAt(0, 3)) == b"".join(leaves[:3])
    assert await log.tile(0, TileAt(258, 70)) == b"".join(leaves[258 * 256 :])
    roots = [block_root(leaves[start : start + 256]) for start in range(0, 258 * 256, 256)]
    assert await log.tile(1, TileAt(0)) == b"".join(roots[:256])
    assert await log.tile(1, TileAt(1, 2)) == b"".join(roots[256:])
    assert await log.tile(2, TileAt(0, 1)) == root_of(store, 65_536)
    assert [entry.seq for entry in await log.entries(TileAt(258, 2))] == [66_048, 66_049]
    for level, at in ((0, TileAt(258, 71)), (0, TileAt(258)), (1, TileAt(1, 3)), (2, TileAt(1))):
        with pytest.raises(NotFound):
            await log.tile(level, at)
    for level in (2, 3, 63):
        with pytest.raises(NotFound):
            await log.tile(level, TileAt(0))


async def test_tiles_end_where_the_latest_checkpoint_does(log: Log, store: MemoryStore) -> None:
    store.fill(3)
    with pytest.raises(NotFound):
        await log.tile(0, TileAt(0, 3))
    await log.checkpoint()
    assert len(await log.tile(0, TileAt(0, 3))) == 96
    store.fill(1)
    with pytest.raises(NotFound):
        await log.tile(0, TileAt(0, 4))


async def test_roots_of_earlier_sizes(log: Log, store: MemoryStore) -> None:
    store.fill(300)
    for size in (0, 1, 256, 299, 300):
        assert await log.root_at(size) == root_of(store, size)
    for size in (-1, 301):
        with pytest.raises(NotFound):
            await log.root_at(size)


async def test_blocks_are_read_once(log: Log, store: MemoryStore) -> None:
    store.fill(3 * BLOCK)
    await log.checkpoint()
    await log.proof(5)
    store.asked.clear()
    for seq in range(20):
        await log.proof(seq)
    assert store.asked == []


async def test_post_quantum_signatures(store: MemoryStore, keyring: Keyring) -> None:
    store.fill(2)
    both = reopened(store, keyring, post_quantum=True)
    signed = await both.checkpoint()
    ours, second = both.keys
    assert open_note(signed.note, both.keys).signers == (ours, second)
    assert open_note(signed.note, [second]).signers == (second,)
    proof = parse_proof(await both.proof(1))
    assert proof.verify([second], origin=ORIGIN, body=store.rows[1].body)
    assert (await both.verify()).signed == 2
    without = reopened(store, keyring)
    assert await without.latest() == signed
    assert await without.published() == signed
