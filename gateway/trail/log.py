"""The audit log as a Merkle tree over the stored entries: checkpoints, proofs and tiles."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from gateway.errors import GatewayError, LogInvalid, NotFound
from gateway.keyring import Keyring
from gateway.model.record import Entry
from gateway.ports import Now
from gateway.trail.anchors import AnchorCheck, CheckStamp, Quorum, check_stamps
from gateway.trail.blocks import BlockFile
from gateway.trail.checkpoint import Checkpoint, note_keys, open_checkpoint, sign_checkpoint
from gateway.trail.merkle import BLOCK, Blocks, HashBlock, MerkleTree
from gateway.trail.note import NoteKey, has_no_known_signer
from gateway.trail.proof import Proof
from gateway.trail.tiles import WIDTH, TileAt
from gateway.trail.verify import CHUNK_ENTRIES, StoredCheckpoint, Verification, Verified

_MAX_CACHED_BLOCKS = 128
"""Blocks whose hashes are kept for proofs: 5 MB."""
_ABOVE_ANY_SIZE = 1 << 62  # as the end of a range


class LogStore(Protocol):
    """The stored log. An entry is visible only once it and all entries with smaller numbers are
    durable. Ranges go from `start`, included, to `stop`, excluded, ascending."""

    async def size(self) -> int: ...

    async def leaves(self, start: int, stop: int) -> Sequence[bytes]: ...

    async def entries(self, start: int, stop: int) -> Sequence[Entry]: ...

    async def put_checkpoint(
        self, *, size: int, root: bytes, leaf: bytes, at: datetime, sign: Callable[[], str]
    ) -> str | None:
        """Sign and store the checkpoint of the first `size` entries, durably.

        `sign` makes the note, while no other process can sign or append. `leaf` is the leaf of the
        last entry (b"" for size 0); raises LogInvalid when the stored entry has another one.
        Returns the note of this size, which stays as it is when there is one already. Returns None
        when there is a checkpoint of a larger size.
        """
        ...

    async def latest_checkpoint(self) -> StoredCheckpoint | None: ...

    async def checkpoints(self, start: int, stop: int) -> Sequence[StoredCheckpoint]:
        """The checkpoints with start <= size < stop, with their cosignatures."""
        ...

    async def cosigned_before(self, stop: int) -> Sequence[int]:
        """The sizes of the newest checkpoints below `stop` that any witness cosigned, largest
        first."""
        ...

    async def stamps(self, start: int, stop: int) -> Sequence[tuple[int, str, bytes]]:
        """The time stamps of checkpoints with start <= size < stop: size, authority, response."""
        ...


class Log:
    """The audit log as a Merkle tree.

    Follows what is stored, and signs checkpoints: every `interval_s` seconds while entries come
    (after `start`), and on demand. It never signs a log that contradicts the latest stored
    checkpoint, and raises LogInvalid instead, from then on each time.

    `block_file` speeds up opening: see `blocks.py`. With `post_quantum`, checkpoints are signed
    with ML-DSA-44 beside Ed25519. A checkpoint is a witnessed one once `quorum` is met;
    `check_stamp` verifies time stamps.
    """

    def __init__(
        self,
        *,
        store: LogStore,
        keyring: Keyring,
        origin: str,
        now: Now,
        interval_s: float = 2.0,
        block_file: Path | None = None,
        post_quantum: bool = False,
        quorum: Quorum = Quorum(),  # noqa: B008 - frozen
        check_stamp: CheckStamp | None = None,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._origin = origin
        self._now = now
        self._interval_s = interval_s
        self._blocks = BlockFile(block_file, origin=origin) if block_file else None
        self._keys = note_keys(origin, keyring, post_quantum=post_quantum)
        self._post_quantum = post_quantum
        self._quorum = quorum
        self._check_stamp = check_stamp
        self._tree = MerkleTree()
        self._cache: OrderedDict[int, HashBlock] = OrderedDict()
        self._leaf = b""  # of the last entry in the tree
        self._opened = False
        self._latest: Checkpoint | None = None
        self._witnessed: Checkpoint | None = None
        self._signed_at = float("-inf")
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._problem = ""

    @property
    def origin(self) -> str:
        return self._origin

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        """The keys that verify checkpoints, current first."""
        return self._keys

    @property
    def problem(self) -> str:
        """Why no checkpoint could be signed last time; "" otherwise. Safe to show to anyone."""
        return self._problem

    async def start(self) -> None:
        """Open the log, and sign checkpoints regularly until `close`. Raises LogInvalid."""
        async with self._lock:
            await self._open()
        self._task = asyncio.create_task(self._sign_regularly(), name="checkpoints")

    async def close(self) -> None:
        """Stop signing regularly, after a last checkpoint."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        if not self._problem:
            await self._try_to_sign()

    async def latest(self) -> Checkpoint | None:
        """The newest stored checkpoint, whichever process signed it."""
        stored = await self._store.latest_checkpoint()
        if stored and self._latest and has_no_known_signer(stored[2], self._keys):
            return self._latest  # the keys were rotated: see _follow
        return None if stored is None else self._open_stored(stored)

    async def published(self) -> Checkpoint | None:
        """The checkpoint for the public: the newest witnessed one, so that nobody is shown another
        log than the witnesses; the newest of all while there is no witnessed one."""
        return self._witnessed or await self.latest()

    async def look_for_witnessed(self) -> Checkpoint | None:
        """Look again for the newest witnessed checkpoint, and return it. Raises LogInvalid."""
        async with self._lock:
            await self._follow()
            await self._find_witnessed()
        return self._witnessed

    async def checkpoint(self) -> Checkpoint:
        """A checkpoint over all entries: the latest, or a new one. At most ten new ones are signed
        in `interval_s` seconds, however many callers there are. Raises LogInvalid."""
        async with self._lock:
            return await self._sign()

    async def proof(self, seq: int, *, with_entry: bool = False) -> str:
        """The tlog-proof of entry `seq`, under the newest witnessed checkpoint if that covers the
        entry, else under the latest, else under a new one. `with_entry` includes the entry's body,
        so that the file can be checked alone. Raises NotFound and LogInvalid."""
        checkpoint = await self._find_covering(seq)
        size = checkpoint.size
        blocks = await self._fetch_blocks(lambda: self._tree.blocks_for_inclusion(seq, size))
        path = tuple(self._tree.inclusion(seq, size, blocks))
        if not with_entry:
            return Proof(index=seq, path=path, checkpoint=checkpoint.note).text
        entries = await self._store.entries(seq, seq + 1)
        if not entries or type(entries[0].body) is not bytes:
            raise LogInvalid("is missing, or its body is not bytes", index=seq)
        proof = Proof(index=seq, path=path, checkpoint=checkpoint.note, extra=entries[0].body)
        proof.verify(self._keys, origin=self._origin)
        return proof.text

    async def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof (RFC 6962, 2.1.2) that the first `old` entries are the beginning of the first
        `new` ones; without `new`, of those of the latest checkpoint. Raises NotFound for sizes
        that the log has not reached."""
        if new is None or new > self._tree.size:
            async with self._lock:
                await self._follow()
        size = self._latest.size if new is None and self._latest else (new or 0)
        if not 0 <= old <= size <= self._tree.size:
            raise NotFound("pair of log sizes", f"{old}, {size}")
        blocks = await self._fetch_blocks(lambda: self._tree.blocks_for_consistency(old, size))
        return self._tree.consistency(old, size, blocks)

    async def root_at(self, size: int) -> bytes:
        """The root over the first `size` entries. Raises NotFound."""
        async with self._lock:
            await self._follow()
        if not 0 <= size <= self._tree.size:
            raise NotFound("log size", str(size))
        blocks = await self._fetch_blocks(lambda: self._tree.blocks_for_root(size))
        return self._tree.root_at(size, blocks)

    async def tile(self, level: int, at: TileAt) -> bytes:
        """The hashes of a tile (tlog-tiles), 32 bytes each. Raises NotFound for a tile that the
        latest checkpoint does not cover."""
        latest = self._latest
        if latest is None or (at.index * WIDTH + at.width) << (8 * level) > latest.size:
            async with self._lock:
                await self._follow()
            latest = self._latest
        start, stop = at.index * WIDTH, at.index * WIDTH + at.width
        if latest is None or stop << (8 * level) > latest.size:
            raise NotFound("tile", f"{level}/{at.path}")
        if level:
            return b"".join(self._tree.tile(level, start, stop))
        blocks = await self._fetch_blocks(lambda: self._tree.blocks_for_root(start + 1))
        leaves = blocks.get(at.index) or await self._read_leaves(start, stop)
        return b"".join(leaves[: at.width])

    async def entries(self, at: TileAt) -> Sequence[Entry]:
        """The entries of an entry bundle (tlog-tiles). Raises NotFound."""
        await self.tile(0, at)
        return await self._store.entries(at.index * WIDTH, at.index * WIDTH + at.width)

    async def verify(
        self, *, kept: Iterable[str] = (), progress: Callable[[int, int], None] | None = None
    ) -> Verified:
        """Verify everything that is stored, from the bodies up: see `verify.py`.

        `kept` are signed notes that the auditor kept. `progress` is called with the number of
        entries done and the number of all. Raises LogInvalid.
        """
        newest = await self._store.latest_checkpoint()
        size = await self._store.size()
        stamps = await self._store.stamps(0, _ABOVE_ANY_SIZE)
        stamped = check_stamps(
            stamps, await self._signed_texts({stamp[0] for stamp in stamps}), self._check_stamp
        )
        anchors = AnchorCheck(
            self._quorum,
            stamped=tuple(stamped),
            unchecked_stamps=0 if self._check_stamp else len(stamps),
        )
        verification = Verification(
            origin=self._origin, keys=self._keys, kept=kept, anchors=anchors
        )
        for start in range(0, size, CHUNK_ENTRIES):
            stop = min(start + CHUNK_ENTRIES, size)
            try:
                entries = await self._store.entries(start, stop)
            except (ValueError, OverflowError) as error:  # a column cannot be decoded
                raise LogInvalid(
                    f"one of the entries {start} to {stop - 1} cannot be read", index=start
                ) from error
            checkpoints = await self._store.checkpoints(start + 1 if start else 0, stop + 1)
            await asyncio.to_thread(verification.add, entries, checkpoints)
            if progress:
                progress(stop, size)
        verified = verification.finish(newest)
        last = stamped.get(verified.anchored.stamped)
        return replace(verified, anchored=replace(verified.anchored, stamped_at=last))

    async def _signed_texts(self, sizes: set[int]) -> dict[int, str]:
        """The signed texts of the checkpoints with these sizes."""
        texts = {}
        for size in sizes:
            for _, root, _ in await self._store.checkpoints(size, size + 1):
                texts[size] = Checkpoint(origin=self._origin, size=size, root=root).text
        return texts

    async def _sign_regularly(self) -> None:
        while True:
            if not await self._try_to_sign():
                return
            await asyncio.sleep(self._interval_s)

    async def _try_to_sign(self) -> bool:
        """Sign a checkpoint if there are new entries; return whether to try again later. False
        once the log does not verify."""
        logger = structlog.get_logger("trail")
        try:
            await self.checkpoint()
            if self._quorum.needed:
                await self.look_for_witnessed()  # another process may have asked witnesses
        except LogInvalid as error:
            self._problem = str(error)
            logger.critical("log_invalid", problem=self._problem)
            return False
        except Exception as error:  # noqa: BLE001 - a failing database must not end this task
            self._problem = str(error) if isinstance(error, GatewayError) else type(error).__name__
            logger.warning("no_checkpoint", problem=self._problem)
            return True
        self._problem = ""
        return True

    async def _find_covering(self, seq: int) -> Checkpoint:
        """A checkpoint that covers entry `seq`, preferably a witnessed one. Raises NotFound."""
        for known in (self._witnessed, self._latest):
            if known is not None and 0 <= seq < known.size:
                return known
        async with self._lock:
            await self._open()
            if self._witnessed is not None and 0 <= seq < self._witnessed.size:
                return self._witnessed
            latest = self._latest  # another task may have signed it while this one waited
            if latest is None or seq >= latest.size:
                latest = await self._sign()
        if not 0 <= seq < latest.size:
            raise NotFound("entry", str(seq))
        return latest

    async def _sign(self) -> Checkpoint:
        """Sign the log of now, at most ten times in `interval_s`. Call it under the lock."""
        await self._follow()
        if self._latest is not None and self._latest.size == self._tree.size:
            return self._latest
        clock = asyncio.get_running_loop().time
        pause = self._signed_at + self._interval_s / 10 - clock()
        if pause > 0:
            await asyncio.sleep(pause)
            await self._follow()
        self._signed_at = clock()
        size, root = self._tree.size, self._tree.root()
        if size and not self._leaf:  # all of it came from the block file
            (self._leaf,) = await self._read_leaves(size - 1, size)
        note = await self._store.put_checkpoint(
            size=size,
            root=root,
            leaf=self._leaf,
            at=self._now(),
            sign=lambda: self._sign_note(size, root),
        )
        if note is None:  # another process has signed a larger size meanwhile
            return await self._sign()
        if has_no_known_signer(note, self._keys):
            note = self._sign_note(size, root)  # the keys were rotated: see _follow
        self._latest = self._open_stored((size, root, note))
        return self._latest

    def _sign_note(self, size: int, root: bytes) -> str:
        return sign_checkpoint(
            origin=self._origin,
            size=size,
            root=root,
            keyring=self._keyring,
            post_quantum_at=int(self._now().timestamp()) if self._post_quantum else None,
        ).note

    async def _follow(self) -> None:
        """Take in entries and checkpoints that any process stored. Call it under the lock."""
        if not self._opened:
            await self._open()
            return
        stored = await self._store.latest_checkpoint()
        await self._grow_tree(await self._store.size())
        if self._latest and (stored is None or stored[0] < self._latest.size):
            raise LogInvalid(f"the checkpoint of size {self._latest.size} was taken away")
        if stored is None or (self._latest and stored[2] == self._latest.note):
            return
        if has_no_known_signer(stored[2], self._keys):
            # The keys were rotated while this process runs. Until it restarts it goes on with the
            # old key, whose signatures stay valid; it must still not contradict the new ones.
            await self._compare_root(stored[0], stored[1])
        else:
            self._latest = await self._open_and_compare(stored)

    async def _open(self) -> None:
        """Build the tree, and compare it with the latest checkpoint. Call it under the lock."""
        if self._opened:
            return
        self._tree, self._leaf = MerkleTree(), b""  # an earlier attempt may have failed midway
        stored = await self._store.latest_checkpoint()
        size = await self._store.size()
        if stored is not None:
            try:
                self._latest = await self._from_block_file(stored)
            except LogInvalid:
                self._tree, self._leaf = MerkleTree(), b""
                await self._grow_tree(size)
                self._latest = await self._open_and_compare(stored)
        await self._grow_tree(size)
        self._opened = True
        await self._find_witnessed()

    async def _find_witnessed(self) -> None:
        """Find the newest witnessed checkpoint. Call it under the lock."""
        if not self._quorum.needed:
            return
        for size in await self._store.cosigned_before(_ABOVE_ANY_SIZE):
            if self._witnessed is not None and size <= self._witnessed.size:
                return
            for stored in await self._store.checkpoints(size, size + 1):
                if self._is_witnessed(stored[2]):
                    self._witnessed = await self._open_and_compare(stored)
                    return

    def _is_witnessed(self, note: str) -> bool:
        """Whether the quorum is met. A cosignature that does not verify counts as none: `verify`
        reports it, and it is no reason to stop signing."""
        try:
            return not has_no_known_signer(note, self._keys) and self._quorum.met_by(note)
        except LogInvalid:
            return False

    async def _from_block_file(self, stored: StoredCheckpoint) -> Checkpoint:
        """Build the tree from the block file, up to a checkpoint. Raises LogInvalid when the
        roots differ, as with a block file that is out of date."""
        if self._blocks:
            self._tree.extend_blocks(await asyncio.to_thread(self._blocks.read, stored[0] // BLOCK))
        await self._grow_tree(stored[0])
        return await self._open_and_compare(stored)

    async def _grow_tree(self, size: int) -> None:
        """Add stored leaves to the tree until it has `size` of them."""
        if size < self._tree.size:
            raise LogInvalid("the stored log is shorter than it was", index=size)
        known = len(self._tree.block_roots)
        for start in range(self._tree.size, size, CHUNK_ENTRIES):
            stop = min(start + CHUNK_ENTRIES, size)
            leaves = await self._read_leaves(start - bool(self._leaf), stop)
            if self._leaf and leaves.pop(0) != self._leaf:
                raise LogInvalid("is another one than it was", index=start - 1)
            self._tree.extend(leaves)
            self._leaf = leaves[-1]
        new = self._tree.block_roots[known:]
        if self._blocks and new:
            await asyncio.to_thread(self._blocks.write, known, new)

    async def _read_leaves(self, start: int, stop: int) -> list[bytes]:
        """Read leaves. Raises LogInvalid when one is missing or is no hash."""
        leaves = list(await self._store.leaves(start, stop))
        if len(leaves) != stop - start:
            raise LogInvalid("is missing", index=start + len(leaves))
        for seq, leaf in enumerate(leaves, start):
            if type(leaf) is not bytes or len(leaf) != 32:  # SQLite columns may hold any type
                raise LogInvalid("its hash is not 32 bytes", index=seq)
        return leaves

    async def _open_and_compare(self, stored: StoredCheckpoint) -> Checkpoint:
        """Open a stored checkpoint, and compare its root with the tree. Raises LogInvalid."""
        checkpoint = self._open_stored(stored)
        await self._compare_root(checkpoint.size, checkpoint.root)
        return checkpoint

    async def _compare_root(self, size: int, root: bytes) -> None:
        """Compare a signed root with that of the tree. Raises LogInvalid."""
        if size > self._tree.size:
            await self._grow_tree(await self._store.size())
        if size > self._tree.size:
            raise LogInvalid(
                f"is missing: the latest checkpoint signed {size} entries", index=self._tree.size
            )
        blocks = await self._fetch_blocks(lambda: self._tree.blocks_for_root(size))
        if self._tree.root_at(size, blocks) != root:
            raise LogInvalid(
                f"the stored entries are not those that the checkpoint of size {size} signed"
            )

    def _open_stored(self, stored: StoredCheckpoint) -> Checkpoint:
        """Open a stored checkpoint: its note is signed and says what the columns do."""
        size, root, note = stored
        checkpoint = open_checkpoint(note, self._keys, origin=self._origin)
        if (checkpoint.size, checkpoint.root) != (size, root):
            raise LogInvalid("the latest checkpoint's columns are not what it signed")
        return checkpoint

    async def _fetch_blocks(self, needed: Callable[[], set[int]]) -> Blocks:
        """Read the leaves of the blocks that are `needed`, and compare each with its root. Calls
        `needed` again after each read: the tail may have become a complete block meanwhile."""
        blocks: dict[int, Sequence[bytes]] = {}
        while missing := needed() - blocks.keys():
            number = min(missing)
            cached = self._cache.get(number)
            if cached is None:
                leaves = await self._read_leaves(number * BLOCK, (number + 1) * BLOCK)
                cached = HashBlock.of(leaves)
                if cached.root != self._tree.block_roots[number]:
                    raise LogInvalid(
                        f"entries {number * BLOCK} to {(number + 1) * BLOCK - 1} were changed"
                    )
                self._cache[number] = cached
                while len(self._cache) > _MAX_CACHED_BLOCKS:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(number)
            blocks[number] = cached
        return blocks
