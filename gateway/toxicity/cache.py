"""Scores of texts said before: an avatar repeats its lines, on live channels above all."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable

from gateway.toxicity.scorer import Scores

Scope = tuple[str, ...]
"""Whose texts: a tenant and a creator."""

MOST = 4_096
"""Texts; about three megabytes."""


class ScoreCache:
    """The latest `most` answers of one model, none older than `keep_s` seconds by `clock`. For one
    thread.

    No text is kept: keys are digests under a secret of this process. They are of a scope, so that
    how long an answer takes tells nobody what was said in another one.
    """

    def __init__(self, *, keep_s: float, clock: Callable[[], float], most: int = MOST) -> None:
        self._keep_s = keep_s
        self._clock = clock
        self._most = most
        self._secret = os.urandom(32)
        self._kept: OrderedDict[bytes, tuple[float, Scores]] = OrderedDict()  # oldest use first

    def key(self, scope: Scope, text: str) -> bytes:
        """16 bytes."""
        said = repr((scope, text)).encode()  # no two pairs look the same so
        return hashlib.blake2b(said, digest_size=16, key=self._secret).digest()

    def get(self, key: bytes) -> Scores | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock() >= kept[0]:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def put(self, key: bytes, scores: Scores) -> None:
        self._kept[key] = self._clock() + self._keep_s, scores
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
