"""Moves a log from SQLite to PostgreSQL while the gateway serves.

1. Note what changes from now on.        4. Copy the rest.
2. Copy what is there.                   5. Compare counts, entries and roots.
3. Fence: nobody else writes.            6. Hand over: the old database names the new one.

Steps 3 to 6 take seconds, in which messages are refused (503) and can be repeated. Whatever ends a
move before 6 leaves the old database in use, and the next run goes on where this one was cut off.
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
from gateway.storage.move.source import COPIED, LOG, MoveSource
from gateway.storage.move.target import MoveStage, MoveTarget
from gateway.storage.vault.key_store import KeyStore, identity_of

_NEARLY = 500  # changes left when the fence goes up
_ROUNDS = 100  # then the fence goes up however fast they come

Progress = Callable[[str, int, int], None]
"""What is under way, how much of it is done, and of how much."""


class LogRoot(Protocol):
    """Grows a Merkle tree: trail.merkle.Tree."""

    def extend(self, leaves: Sequence[bytes]) -> None: ...

    def root(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveResult:
    """`size` entries under `root`, and `rows` other rows. `fenced_s`: how long nobody could
    write."""

    size: int
    root: bytes
    rows: int
    fenced_s: float
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysMove:
    """From the key file to a key database; both not yet opened."""

    source: KeyStore
    target: KeyStore


def move(
    *,
    source: Path,
    target: str,
    make_root: Callable[[], LogRoot],
    progress: Progress = lambda *_: None,
    keys: KeysMove | None = None,
    page: int = 2_000,
) -> MoveResult:
    """Move the log in the SQLite file `source` to the PostgreSQL database at the URL `target`;
    with `keys`, its subject keys too. `page` is how many rows are copied at once. Blocks; run it
    in a thread or a process of its own.

    Raises DatabaseUnusable, and LogInvalid when entries are not what their leaves say or the
    copy differs: then the old database stays in use.
    """
    with ExitStack() as stack:
        old = SqliteDatabase(source, read_only=False)
        stack.callback(old.close)
        new = _postgres(target)
        stack.callback(new.close)
        try:
            migrate(old)
            came_from = stack.enter_context(closing(MoveSource(old)))
            going_to = stack.enter_context(closing(MoveTarget(new)))
            return _Move(
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
    """Give up a move that was begun: the log stays where it is. Raises DatabaseUnusable when it
    was moved already."""
    with ExitStack() as stack:
        old = SqliteDatabase(source, read_only=False)
        stack.callback(old.close)
        migrate(old)
        came_from = stack.enter_context(closing(MoveSource(old)))
        state, other, _, _ = came_from.state()
        if state == MOVED:
            raise DatabaseUnusable(came_from.name, f"was moved to {other}", "Use that one")
        came_from.unwatch()


def _postgres(url: str) -> PostgresDatabase:
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError as error:
        raise DatabaseUnusable("--to", "is no valid URL", "Mend it") from error
    if parsed.drivername != "postgresql+psycopg":
        raise DatabaseUnusable(
            "--to", "is not PostgreSQL", "Use postgresql+psycopg://user@host/name"
        )
    return PostgresDatabase(parsed, read_only=False)


class _Move:
    def __init__(
        self,
        *,
        source: MoveSource,
        target: MoveTarget,
        make_root: Callable[[], LogRoot],
        progress: Progress,
        keys: KeysMove | None,
        page: int,
    ) -> None:
        self._page = page
        self._source = source
        self._target = target
        self._progress = progress
        self._keys = keys
        self._here, self._there = make_root(), make_root()
        self._compared = 0

    def run(self) -> MoveResult:
        state, other, epoch, keys = self._source.state()
        if state == MOVED and other != self._target.name:
            raise DatabaseUnusable(self._source.name, f"was moved to {other}", "Use that one")
        stage = self._target.begin(self._source.name)
        if state == MOVED:
            return self._finish(epoch, keys, stage)
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
            moved = self._compare()
            self._source.set_speaker(self._target.name)
        except BaseException:
            self._source.lift()
            raise
        self._target.open_epoch(epoch + 1, keys, key_store)
        self._source.unwatch()
        return MoveResult(
            size=moved[0],
            root=self._there.root(),
            rows=moved[1],
            fenced_s=time.monotonic() - fenced_at,
            target=self._target.name,
        )

    def _finish(self, epoch: int, keys: bytes | None, stage: MoveStage) -> MoveResult:
        """The old database was given up already, the new one perhaps not opened yet."""
        if stage is MoveStage.NEW:
            raise DatabaseUnusable(
                self._target.name, "is empty, but took the log over", "Restore it from a backup"
            )
        rows = 0
        self._compare_leaves()
        if stage is MoveStage.BEGUN:
            _, rows = self._compare()
            self._target.open_epoch(epoch + 1, keys, self._open_keys())
        return MoveResult(
            size=self._compared,
            root=self._there.root(),
            rows=rows,
            fenced_s=0.0,
            target=self._target.name,
        )

    def _copy_tables(self) -> None:
        for one in COPIED:
            total, done = self._source.count(one), 0
            for rows in self._source.pages(one, self._page):
                self._target.put(one, rows)
                done += len(rows)
                self._progress(one.name, min(done, total), total)

    def _copy_entries(self) -> None:
        """Verbatim, each held against its leaf; then the copy is read back."""
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
        size = min(self._source.size(), self._target.size())
        while (left := min(self._page, size - self._compared)) > 0:
            rows = self._source.entries(self._compared, left)
            leaves = self._target.leaves(self._compared, left)
            place = list(LOG.c.keys()).index("leaf")
            theirs = [row[place] for row in rows]
            if theirs != leaves or len(leaves) != left:
                raise LogInvalid("the copy differs", index=self._compared)
            self._here.extend(theirs)
            self._there.extend(leaves)
            self._compared += len(leaves)

    def _catch_up(self) -> None:
        """Until little is left for the time in which nobody can write."""
        for _ in range(_ROUNDS):
            if self._copy_some_changes() < _NEARLY:
                break
        self._copy_entries()

    def _copy_changes(self) -> None:
        while self._copy_some_changes():
            pass

    def _copy_some_changes(self) -> int:
        upto, keys = self._source.changes(self._page)
        if keys:
            self._target.replace((one, key, self._source.row(one, key)) for one, key in keys)
            self._source.forget_changes(upto)
        return len(keys)

    def _open_keys(self) -> str | None:
        """Copies most of them; the identity of where they will be."""
        if self._keys is None:
            return None
        proof = self._keys.source.open(_never)
        found = self._keys.target.open(lambda: proof)
        if found != proof:
            raise DatabaseUnusable(
                self._keys.target.name, "holds other keys", "Name an empty database"
            )
        self._copy_keys()
        return identity_of(proof)

    def _copy_keys(self) -> None:
        """What was destroyed in one must not live on in the other."""
        if self._keys is None:
            return
        there = {kid for kid, _ in self._keys.target.all()}
        here: set[str] = set()
        page: list[tuple[str, bytes]] = []
        for kid, wrapped in self._keys.source.all():
            here.add(kid)
            if kid not in there:
                page.append((kid, wrapped))
            if len(page) == self._page:
                self._keys.target.insert(page)
                page = []
        self._keys.target.insert(page)
        gone = (there - here) | set(self._source.destroyed_keys())
        self._keys.target.destroy(sorted(gone))

    def _compare(self) -> tuple[int, int]:
        """Entries and other rows. Raises LogInvalid when the copy differs."""
        self._compare_leaves()
        size, rows = self._source.size(), 0
        if (self._target.size(), self._compared) != (size, size):
            raise LogInvalid("is not in the copy", index=self._compared)
        if self._here.root() != self._there.root():
            raise LogInvalid("the copy has another root")
        for number, one in enumerate(COPIED):
            count, copied = self._source.count(one), self._target.count(one)
            if count != copied:
                raise LogInvalid(f"the copy has {copied} rows of {one.name}, not {count}")
            rows += count
            self._progress("comparing", number + 1, len(COPIED))
        return size, rows


def _never() -> bytes:
    raise DatabaseUnusable("subject keys", "are not there", "Name the right data_dir")
