"""Opens what the server and every command need: keys, store and log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import ConfigurationError
from gateway.keyring import Keyring
from gateway.settings import Settings
from gateway.storage.store import Store, open_store
from gateway.trail.anchors import Quorum
from gateway.trail.leaf import encode
from gateway.trail.log import Log

if TYPE_CHECKING:
    from gateway.trail.stamping import StampChecker


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The open keys, store and log of a gateway.

    Opening them takes well under a second, since no models and policies are loaded. A command may
    do so while a server runs on the same data directory.
    """

    settings: Settings
    keyring: Keyring
    store: Store
    log: Log


@asynccontextmanager
async def open_keys_store_log(
    settings: Settings, *, quorum: Quorum, check_stamp: StampChecker | None
) -> AsyncIterator[Opened]:
    """Open keys, store and log in `settings.data_dir`, and close them afterwards.

    Makes the directory, and in a new one the keys. `quorum` and `check_stamp` tell the log which
    anchors count. Raises ConfigurationError, KeysInvalid or DatabaseUnusable.
    """
    _make_data_dir(settings.data_dir)
    # With subject keys but no keyring, the keyring was lost: a new one could not open the texts.
    used = settings.subject_keys_path.exists()
    keyring = (Keyring.open if used else Keyring.open_or_create)(settings.keys_dir)
    store = await open_store(
        url=settings.database,
        keys_path=settings.subject_keys_path,
        keys_url=settings.subject_keys_url,
        encode=encode,
        now=utc_now,
        master_key=keyring.master_key,
        fingerprint_key=keyring.fingerprint_key,
    )
    try:
        log = Log(
            store=store.log,
            keyring=keyring,
            origin=settings.log_origin,
            now=utc_now,
            interval_s=settings.checkpoint_interval_s,
            block_file=settings.data_dir / "log-blocks",
            post_quantum=settings.checkpoint_post_quantum,
            quorum=quorum,
            check_stamp=check_stamp,
        )
        yield Opened(settings=settings, keyring=keyring, store=store, log=log)
    finally:
        await store.close()


def utc_now() -> datetime:
    """The time now, aware and in UTC: the clock of a running gateway."""
    return datetime.now(UTC)


def _make_data_dir(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            "data_dir", f"{path} cannot be made ({error.strerror})", "Name a folder you may write."
        ) from None
