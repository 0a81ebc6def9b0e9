"""Hashed n-grams: the character n-grams and words of a text as bucket numbers, which are the input
of the cheap, lexical half of the embedded model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 16
"""Rows of the model's weight table. 16 bits: a bucket number sorts quickly as uint16."""
_SIZES = (3, 4, 5)  # characters of an n-gram
# Odd 64-bit constants of multiplicative (Fibonacci) and FNV hashing. The weights were trained on
# the buckets that they give: they never change.
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER = np.uint64(0x100000001B3)
_SHIFT = np.uint64(64 - 16)  # keeps the upper 16 bits
_SPACE = ord(" ")


def grams(text: str) -> npt.NDArray[np.int64]:
    """The distinct buckets of `text`, sorted, each in 0..BUCKETS - 1: those of the character 3- to
    5-grams of the lower-case text with single spaces, of its words and of its pairs of neighbouring
    words. Linear in the text."""
    words = text.lower().split()
    if not words:
        return np.zeros(0, np.int64)
    joined = " " + " ".join(words) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes = codes.astype(np.uint64)
    mixed = np.concatenate([*_ngram_hashes(codes), _word_hashes(codes)])
    sorted_buckets = ((mixed * _PRIME) >> _SHIFT).astype(np.uint16)  # BUCKETS fit; quick to sort
    sorted_buckets.sort()
    first = np.ones(len(sorted_buckets), bool)
    np.not_equal(sorted_buckets[1:], sorted_buckets[:-1], out=first[1:])
    return sorted_buckets[first].astype(np.int64)


def _ngram_hashes(codes: npt.NDArray[np.uint64]) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield, for each of _SIZES, the hash of every n-gram of that size: a polynomial of its code
    points. Longer ones are computed from shorter ones."""
    value = codes
    for size in range(2, max(_SIZES) + 1):
        if len(codes) < size:
            return
        value = value[:-1] * _MULTIPLIER + codes[size - 1 :]
        if size in _SIZES:
            marked = value + np.uint64(size * int(_MULTIPLIER) ** size % (1 << 64))
            yield marked ^ (marked >> np.uint64(29))


def _word_hashes(codes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The hash of each word, then of each pair of neighbouring words."""
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
