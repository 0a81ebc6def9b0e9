"""Moves a log from SQLite to PostgreSQL while gateways write to it.

1. Begin to record which rows change.    4. Copy the rows that changed since.
2. Copy all rows.                        5. Compare counts, entries and roots.
3. Fence off all other writers.          6. Mark the old database as moved to the new one.

Steps 3 to 6 take seconds, in which messages are refused (503) and can be repeated. A move that
ends before step 6, for whatever reason, leaves the old database in use; the next run continues it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import DatabaseUnusable, LogInvalid
from gateway.model.record import leaf_hash
from gateway.storage.engine.log_fence import MOVED
from gateway.storage.engine.migrate import migrate
from gateway.storage.engine.postgres import PostgresDatabase
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.move.source import COPIED_TABLES, LOG, MoveSource
from gateway.storage.move.target import MoveStage, MoveTarget
from gateway.storage.vault.key_store import KeyStore, identity_of

_FENCE_BELOW_CHANGES = 500
"""Uncopied changes at which step 3 begins: they are copied while nobody can write."""
_MAX_CATCH_UP_ROUNDS = 100
"""Rounds of copying changes, after which step 3 begins however many are left."""

MoveProgress = Callable[[str, int, int], None]
"""Is called with the name of a table or task, the rows done and the rows in all."""


class LogRoot(Protocol):
    """Computes the root of a growing Merkle tree; `trail.merkle.MerkleTree` implements it."""

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves."""
        ...

    def root(self) -> bytes:
        """The root over the leaves so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveResult:
    """A finished move: `size` entries with this `root`, and `rows` rows of other tables, are in
    the database `target`. Nobody could write for `fenced_s` seconds."""

    size: int
    root: bytes
    rows: int
    fenced_s: float
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStoreMove:
    """The key file and the key database that subject keys are moved between; neither is opened."""

    source: KeyStore
    target: KeyStore


def move(
    *,
    source: Path,
    target: str,
    make_root: Callable[[], LogRoot],
    progress: MoveProgress = lambda *_: None,
    keys: KeyStoreMove | None = None,
    page: int = 2_000,
) -> MoveResult:
    """Move the log in the SQLite file `source` to the PostgreSQL database at the URL `target`.

    With `keys`, its subject keys are moved too. `page` is the number of rows copied at once.
    Blocks: run it in a thread or a process of its own.

    Raises DatabaseUnusable, and LogInvalid when the hash of an entry is not its leaf or the copy
    differs. The old database then stays in use.
    """
    with ExitStack() as stack:
        old = SqliteDatabase(source, read_only=False)
        stack.callback(old.close)
        new = _target_database(target)
        stack.callback(new.close)
        try:
            migrate(old)
            came_from = stack.enter_context(closing(MoveSource(old)))
            going_to = stack.enter_context(closing(MoveTarget(new)))
            return _LogMove(
                source=came_from,
                target=going_to,
                make_root=make_root,
                progress=progress,
                keys=keys,
                page=page,
            ).run()
        except (new.error, old.error, SQLAlchemyError, OSError) as error:
            raise DatabaseUnusable(
                new.name,
                f"could not take over the log ({type(error).__name__})",
                "See that both databases can be reached, and run it again: it goes on from there",
            ) from error


def cancel(source: Path) -> None:
    """Give up an unfinished move, so that the log stays in `source`. Raises DatabaseUnusable when
    the move was finished."""
    with ExitStack() as stack:
        old = SqliteDatabase(source, read_only=False)
        stack.callback(old.close)
        migrate(old)
        came_from = stack.enter_context(closing(MoveSource(old)))
        state, other, _, _ = came_from.state()
        if state == MOVED:
            raise DatabaseUnusable(came_from.name, f"was moved to {other}", "Use that one")
        came_from.unwatch()


def _target_database(url: str) -> PostgresDatabase:
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError as error:
        raise DatabaseUnusable("--to", "is no valid URL", "Mend it") from error
    if parsed.drivername != "postgresql+psycopg":
        raise DatabaseUnusable(
            "--to", "is not PostgreSQL", "Use postgresql+psycopg://user@host/name"
        )
    return PostgresDatabase(parsed, read_only=False)


class _LogMove:
    """The steps of one move, between two open databases."""

    def __init__(
        self,
        *,
        source: MoveSource,
        target: MoveTarget,
        make_root: Callable[[], LogRoot],
        progress: MoveProgress,
        keys: KeyStoreMove | None,
        page: int,
    ) -> None:
        self._page = page
        self._source = source
        self._target = target
        self._progress = progress
        self._keys = keys
        self._source_root, self._target_root = make_root(), make_root()
        self._compared = 0

    def run(self) -> MoveResult:
        state, other, epoch, keys = self._source.state()
        if state == MOVED and other != self._target.name:
            raise DatabaseUnusable(self._source.name, f"was moved to {other}", "Use that one")
        stage = self._target.begin(self._source.name)
        if state == MOVED:
            return self._finish_marked(epoch, keys, stage)
        if stage is MoveStage.DONE:
            raise DatabaseUnusable(
                self._target.name, "took this log over before", "Name an empty database"
            )
        self._source.watch(anew=stage is MoveStage.NEW)
        self._copy_tables()
        self._copy_entries()
        self._catch_up()
        key_store = self._open_keys()
        self._source.fence(self._target.name)
        fenced_at = time.monotonic()
        try:
            self._copy_changes()
            self._copy_entries()
            self._copy_keys()
            size, rows = self._compare_copy()
            self._source.mark_moved(self._target.name)
        except BaseException:
            self._source.lift()
            raise
        self._target.open_epoch(epoch + 1, keys, key_store)
        self._source.unwatch()
        return MoveResult(
            size=size,
            root=self._target_root.root(),
            rows=rows,
            fenced_s=time.monotonic() - fenced_at,
            target=self._target.name,
        )

    def _finish_marked(self, epoch: int, keys: bytes | None, stage: MoveStage) -> MoveResult:
        """Finish a move that died after step 6: open the new database to writers if it is not."""
        if stage is MoveStage.NEW:
            raise DatabaseUnusable(
                self._target.name, "is empty, but took the log over", "Restore it from a backup"
            )
        rows = 0
        self._compare_leaves()
        if stage is MoveStage.BEGUN:
            _, rows = self._compare_copy()
            self._target.open_epoch(epoch + 1, keys, self._open_keys())
        return MoveResult(
            size=self._compared,
            root=self._target_root.root(),
            rows=rows,
            fenced_s=0.0,
            target=self._target.name,
        )

    def _copy_tables(self) -> None:
        for copied in COPIED_TABLES:
            total, done = self._source.count(copied), 0
            for rows in self._source.pages(copied, self._page):
                self._target.put(copied, rows)
                done += len(rows)
                self._progress(copied.name, min(done, total), total)

    def _copy_entries(self) -> None:
        """Copy new entries unchanged, after comparing each with its leaf; then compare the copy."""
        start, total = self._target.size(), self._source.size()
        while rows := self._source.entries(start, self._page):
            for seq, row in enumerate(rows, start):
                entry = dict(zip(LOG.c.keys(), row, strict=True))
                if entry["seq"] != seq:
                    raise LogInvalid("is missing", index=seq)
                if type(entry["body"]) is not bytes or leaf_hash(entry["body"]) != entry["leaf"]:
                    raise LogInvalid("its body is not what its leaf says", index=seq)
            self._target.add_entries(rows)
            start += len(rows)
            self._progress("audit_entry", min(start, total), total)
        self._compare_leaves()

    def _compare_leaves(self) -> None:
        """Compare the leaves that both databases have by now, and add them to both roots."""
        size = min(self._source.size(), self._target.size())
        while (left := min(self._page, size - self._compared)) > 0:
            rows = self._source.entries(self._compared, left)
            leaves = self._target.leaves(self._compared, left)
            column = list(LOG.c.keys()).index("leaf")
            source_leaves = [row[column] for row in rows]
            if source_leaves != leaves or len(leaves) != left:
                raise LogInvalid("the copy differs", index=self._compared)
            self._source_root.extend(source_leaves)
            self._target_root.extend(leaves)
            self._compared += len(leaves)

    def _catch_up(self) -> None:
        """Copy changes until few are left to be copied while nobody can write."""
        for _ in range(_MAX_CATCH_UP_ROUNDS):
            if self._copy_some_changes() < _FENCE_BELOW_CHANGES:
                break
        self._copy_entries()

    def _copy_changes(self) -> None:
        while self._copy_some_changes():
            pass

    def _copy_some_changes(self) -> int:
        upto, keys = self._source.changes(self._page)
        if keys:
            self._target.replace(
                (changed, key, self._source.row(changed, key)) for changed, key in keys
            )
            self._source.forget_changes(upto)
        return len(keys)

    def _open_keys(self) -> str | None:
        """Open both key stores, copy the keys of now, and return the identity of the new store;
        None when the keys stay where they are."""
        if self._keys is None:
            return None
        proof = self._keys.source.open(_refuse_new_keys)
        if self._keys.target.open(lambda: proof) != proof:
            raise DatabaseUnusable(
                self._keys.target.name, "holds other keys", "Name an empty database"
            )
        self._copy_keys()
        return identity_of(proof)

    def _copy_keys(self) -> None:
        """Copy missing keys, and destroy those in the new store that were destroyed in the old."""
        if self._keys is None:
            return
        target_kids = {kid for kid, _ in self._keys.target.all()}
        source_kids: set[str] = set()
        page: list[tuple[str, bytes]] = []
        for kid, wrapped in self._keys.source.all():
            source_kids.add(kid)
            if kid not in target_kids:
                page.append((kid, wrapped))
            if len(page) == self._page:
                self._keys.target.insert(page)
                page = []
        self._keys.target.insert(page)
        destroyed = (target_kids - source_kids) | set(self._source.destroyed_keys())
        self._keys.target.destroy(sorted(destroyed))

    def _compare_copy(self) -> tuple[int, int]:
        """Compare the whole copy; return the number of entries and that of other rows. Raises
        LogInvalid when the copy differs."""
        self._compare_leaves()
        size, rows = self._source.size(), 0
        if (self._target.size(), self._compared) != (size, size):
            raise LogInvalid("is not in the copy", index=self._compared)
        if self._source_root.root() != self._target_root.root():
            raise LogInvalid("the copy has another root")
        for number, copied in enumerate(COPIED_TABLES):
            count, target_count = self._source.count(copied), self._target.count(copied)
            if count != target_count:
                raise LogInvalid(f"the copy has {target_count} rows of {copied.name}, not {count}")
            rows += count
            self._progress("comparing", number + 1, len(COPIED_TABLES))
        return size, rows


def _refuse_new_keys() -> bytes:
    """Stands for the proof of a new key file: there is nothing to move when it is missing."""
    raise DatabaseUnusable("subject keys", "are not there", "Name the right data_dir")
