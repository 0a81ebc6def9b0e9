"""Hashed character n-grams and words of a text: the cheap, lexical half of the embedded model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 16
_SIZES = (3, 4, 5)
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER = np.uint64(0x100000001B3)
_SHIFT = np.uint64(64 - 16)
_SPACE = ord(" ")


def grams(text: str) -> npt.NDArray[np.int64]:
    """Bucket numbers, 0 ≤ b < BUCKETS, of the distinct character 3- to 5-grams of the lower-case
    text (words apart by one space), and of its whole words and word pairs. Linear in the text."""
    words = text.lower().split()
    if not words:
        return np.zeros(0, np.int64)
    joined = " " + " ".join(words) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes = codes.astype(np.uint64)
    mixed = np.concatenate([*_windows(codes), _words(codes)])
    found = ((mixed * _PRIME) >> _SHIFT).astype(np.uint16)  # BUCKETS fit; quick to sort
    found.sort()
    first = np.ones(len(found), bool)
    np.not_equal(found[1:], found[:-1], out=first[1:])
    return found[first].astype(np.int64)


def _windows(codes: npt.NDArray[np.uint64]) -> Iterator[npt.NDArray[np.uint64]]:
    """One value for each window of each of _SIZES: a polynomial of its codes, longer ones made
    from shorter ones."""
    value = codes
    for size in range(2, max(_SIZES) + 1):
        if len(codes) < size:
            return
        value = value[:-1] * _MULTIPLIER + codes[size - 1 :]
        if size in _SIZES:
            marked = value + np.uint64(size * int(_MULTIPLIER) ** size % (1 << 64))
            yield marked ^ (marked >> np.uint64(29))


def _words(codes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One value for each word, then one for each pair of neighbours."""
    spaces = np.flatnonzero(codes == _SPACE)
    starts = spaces[:-1] + 1
    within = np.arange(len(codes)) - np.repeat(
        np.concatenate([[0], starts]), np.diff(np.concatenate([[0], starts, [len(codes)]]))
    )
    powers = np.cumprod(np.full(len(codes), _MULTIPLIER, np.uint64))
    single = np.add.reduceat(codes * powers[within], starts)
    single ^= single >> np.uint64(31)
    pairs = single[:-1] * _PRIME + single[1:]
    return np.concatenate([single, pairs ^ (pairs >> np.uint64(27))])
