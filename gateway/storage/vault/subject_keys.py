"""The keys that texts are sealed with: in a store of their own, outside the backups.

Each key belongs to one person (or conversation): destroying it erases their texts wherever these
were copied. Keys are made in advance, a batch in one durable commit, so that the first message of
a conversation waits for no other commit than its own. Each stands wrapped with the master key.
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
_BATCH = 256
_LOW = 64
_CACHED = 4_096
_NONCE = 12
_CHECK = b"avatar-gateway subject keys"


@dataclass(frozen=True, slots=True, eq=False)
class SubjectKey:
    id: str
    cipher: AESGCM


class SubjectKeys:
    """The keys in `store`; a path is that of a key file. Safe for many threads and processes:
    each takes from a batch of its own. `identity` names the store."""

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
            check = self.store.open(lambda: self._wrapped(_CHECK, b""))
        except BaseException:
            self.store.close()
            raise
        self._check_master(check)
        self.identity = identity_of(check)

    def take(self) -> SubjectKey:
        """A key that was never used, durable already. Raises NotRecorded."""
        while True:
            try:
                key = self._ready.popleft()
                break
            except IndexError:
                self._make_batch(_FIRST_BATCH)
        if len(self._ready) < _LOW and (self._making is None or self._making.done()):
            self._making = self._maker.submit(self._make_batch, _BATCH)
        self._remember(key)
        return key

    def find(self, kid: str) -> SubjectKey | None:
        """None: destroyed. Raises DatabaseUnusable."""
        found = self._known.get(kid)
        if found is not None:
            return found
        wrapped = self.store.find(kid)
        if wrapped is None:
            return None
        try:
            secret = self._wrap.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], kid.encode())
        except InvalidTag:
            raise KeysInvalid(self.store.name, f"key {kid} is corrupt", "Restore it") from None
        key = SubjectKey(kid, AESGCM(secret))
        self._remember(key)
        return key

    def destroy(self, kids: Sequence[str]) -> int:
        """For ever, durably; how many there still were. Raises NotRecorded, and DatabaseUnusable
        when one can be found all the same."""
        self.forget(kids)
        destroyed = self.store.destroy(kids)
        for kid in kids:
            if self.store.find(kid) is not None:
                raise DatabaseUnusable(self.store.name, f"keeps key {kid}", "See why, erase again")
        self.forget(kids)
        return destroyed

    def forget(self, kids: Iterable[str]) -> None:
        """Drop what this process remembers of keys that were destroyed."""
        with self._lock:
            for kid in kids:
                self._known.pop(kid, None)

    def close(self) -> None:
        self._maker.shutdown()
        self.store.close()

    def _make_batch(self, size: int) -> None:
        # Ids of one time stand together in the indices that payloads are found by.
        stem = f"{int(time.time()) & 0xFFFF_FFFF:08x}"
        made = [(stem + secrets.token_hex(8), AESGCM.generate_key(256)) for _ in range(size)]
        self.store.insert([(kid, self._wrapped(secret, kid.encode())) for kid, secret in made])
        self._ready.extend(SubjectKey(kid, AESGCM(secret)) for kid, secret in made)

    def _wrapped(self, secret: bytes, context: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._wrap.encrypt(nonce, secret, context)

    def _remember(self, key: SubjectKey) -> None:
        with self._lock:
            self._known[key.id] = key
            if len(self._known) > _CACHED:
                self._known.popitem(last=False)

    def _check_master(self, check: bytes) -> None:
        try:
            self._wrap.decrypt(check[:_NONCE], check[_NONCE:], b"")
        except (InvalidTag, ValueError):
            self.close()
            raise KeysInvalid(
                self.store.name,
                "was made with another master key",
                "Restore the keyring.json that belongs to it",
            ) from None
