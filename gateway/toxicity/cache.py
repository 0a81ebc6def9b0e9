"""`ScoreCache`: scores of texts that were scored lately. Avatars repeat their lines, on live
channels above all."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable

from gateway.toxicity.scorer import Scores

Scope = tuple[str, ...]
"""Tenant and creator whose texts share cached scores."""

MOST = 4_096
"""Texts whose scores are kept: about three megabytes of memory."""


class ScoreCache:
    """The `most` lately used scores of one model, none older than `keep_s` seconds by `clock`. For
    use in one thread.

    No text is kept: keys are digests under a secret of this process. The scope is part of the key:
    else the time that an answer takes would tell what was said in another scope.
    """

    def __init__(self, *, keep_s: float, clock: Callable[[], float], most: int = MOST) -> None:
        self._keep_s = keep_s
        self._clock = clock
        self._most = most
        self._secret = os.urandom(32)
        self._kept: OrderedDict[bytes, tuple[float, Scores]] = OrderedDict()  # oldest use first

    def key(self, scope: Scope, text: str) -> bytes:
        """The key of a text: 16 bytes."""
        unambiguous = repr((scope, text)).encode()  # no two pairs have the same one
        return hashlib.blake2b(unambiguous, digest_size=16, key=self._secret).digest()

    def get(self, key: bytes) -> Scores | None:
        """The scores under `key`; None when there are none, or they are too old."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock() >= kept[0]:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def put(self, key: bytes, scores: Scores) -> None:
        """Keep `scores`, and drop the least lately used ones above `most`."""
        self._kept[key] = self._clock() + self._keep_s, scores
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
