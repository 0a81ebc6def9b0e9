"""Subject keys: the keys that texts are sealed with, in a store of their own outside the backups.

Each key belongs to one person (or conversation): destroying it erases the texts that it seals in
all copies. Keys are made in advance, a batch in one durable commit, so that the first message of a
conversation does not wait for a second commit. Each is stored wrapped with the master key.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import DatabaseUnusable, KeysInvalid
from gateway.storage.vault.key_file import KeyFile
from gateway.storage.vault.key_store import KeyStore, identity_of

_FIRST_BATCH = 16
"""Keys that are made when none is ready and a message waits."""
_BATCH = 256
"""Keys that are made in advance, in a thread."""
_REFILL_BELOW = 64
"""With fewer ready keys, the next batch is made."""
_MAX_CACHED_KEYS = 4_096
"""Unwrapped keys that are kept in memory: spares a read for people who are spoken to often."""
_NONCE_BYTES = 12
"""As AES-GCM wants it (96 bits)."""
_MASTER_KEY_PROOF = b"avatar-gateway subject keys"
"""The constant that is stored encrypted, so that another master key is recognised."""


@dataclass(frozen=True, slots=True, eq=False)
class SubjectKey:
    """An unwrapped subject key, ready to encrypt and decrypt."""

    id: str
    cipher: AESGCM


class SubjectKeys:
    """Makes, finds and destroys subject keys. Safe for many threads and processes: each process
    takes new keys from batches of its own.

    `store` is a key store, or the path of a key file; `identity` tells the store from others.
    """

    def __init__(
        self, store: KeyStore | Path, *, master_key: bytes, read_only: bool = False
    ) -> None:
        self.store = KeyFile(store, read_only=read_only) if isinstance(store, Path) else store
        self._wrap = AESGCM(master_key)
        self._lock = threading.Lock()  # around the cache
        self._ready: deque[SubjectKey] = deque()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="storage-keys")
        self._making: Future[None] | None = None
        self._known: OrderedDict[str, SubjectKey] = OrderedDict()
        try:
            check = self.store.open(lambda: self._wrapped(_MASTER_KEY_PROOF, b""))
        except BaseException:
            self.store.close()
            raise
        self._check_master(check)
        self.identity = identity_of(check)

    def take(self) -> SubjectKey:
        """Take a new key, which is durable already. Raises NotRecorded."""
        while True:
            try:
                key = self._ready.popleft()
                break
            except IndexError:
                self._make_batch(_FIRST_BATCH)
        if len(self._ready) < _REFILL_BELOW and (self._making is None or self._making.done()):
            self._making = self._maker.submit(self._make_batch, _BATCH)
        self._remember(key)
        return key

    def find(self, kid: str) -> SubjectKey | None:
        """The key with this id; None when it was destroyed. Raises DatabaseUnusable."""
        cached = self._known.get(kid)
        if cached is not None:
            return cached
        wrapped = self.store.find(kid)
        if wrapped is None:
            return None
        try:
            secret = self._wrap.decrypt(
                wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], kid.encode()
            )
        except InvalidTag:
            raise KeysInvalid(self.store.name, f"key {kid} is corrupt", "Restore it") from None
        key = SubjectKey(kid, AESGCM(secret))
        self._remember(key)
        return key

    def destroy(self, kids: Sequence[str]) -> int:
        """Destroy keys durably; return how many of them still existed. Raises NotRecorded, and
        DatabaseUnusable when the store still has one of them afterwards."""
        self.forget(kids)
        destroyed = self.store.destroy(kids)
        for kid in kids:
            if self.store.find(kid) is not None:
                raise DatabaseUnusable(self.store.name, f"keeps key {kid}", "See why, erase again")
        self.forget(kids)
        return destroyed

    def forget(self, kids: Iterable[str]) -> None:
        """Remove destroyed keys from this process's cache."""
        with self._lock:
            for kid in kids:
                self._known.pop(kid, None)

    def close(self) -> None:
        """Finish the batch that is being made, and close the store."""
        self._maker.shutdown()
        self.store.close()

    def _make_batch(self, size: int) -> None:
        # Ids begin with the time, so that keys of one time are neighbours in the indices.
        stem = f"{int(time.time()) & 0xFFFF_FFFF:08x}"
        new_keys = [(stem + secrets.token_hex(8), AESGCM.generate_key(256)) for _ in range(size)]
        self.store.insert([(kid, self._wrapped(secret, kid.encode())) for kid, secret in new_keys])
        self._ready.extend(SubjectKey(kid, AESGCM(secret)) for kid, secret in new_keys)

    def _wrapped(self, secret: bytes, context: bytes) -> bytes:
        """The nonce, then `secret` encrypted with the master key and bound to `context`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._wrap.encrypt(nonce, secret, context)

    def _remember(self, key: SubjectKey) -> None:
        with self._lock:
            self._known[key.id] = key
            if len(self._known) > _MAX_CACHED_KEYS:
                self._known.popitem(last=False)

    def _check_master(self, check: bytes) -> None:
        try:
            self._wrap.decrypt(check[:_NONCE_BYTES], check[_NONCE_BYTES:], b"")
        except (InvalidTag, ValueError):
            self.close()
            raise KeysInvalid(
                self.store.name,
                "was made with another master key",
                "Restore the keyring.json that belongs to it",
            ) from None
