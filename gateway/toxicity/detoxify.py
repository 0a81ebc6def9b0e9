"""`DetoxifyScorer` (extra `detoxify`): a converted Detoxify model in ONNX Runtime.

Its scores equal those of `Detoxify.predict()` of detoxify 0.5.4 up to 1e-5 for texts of at most 512
tokens. Longer texts, which Detoxify cuts in silence, are scored in overlapping windows; the highest
score of each category counts. Output columns that name identities are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.errors import ModelInvalid
from gateway.toxicity.scorer import CATEGORIES, Scores
from gateway.toxicity.weights import DescribedScorer, check_files, read_description

_MEND = "Make it again with `avatar-gateway models convert`"
_EXTRA = "Install the extra: pip install 'avatar-gateway[detoxify]'"
WINDOW = 256
"""Tokens of a window of a long text, its marks of beginning and end among them."""
OVERLAP = 64
"""Tokens that neighbouring windows share, so that no phrase is cut in all of them."""
TOKENS_A_BATCH = 1024
"""Most tokens of one call of the model, padding among them: bounds its time and memory."""
LENGTH_RATIO = 1.5
"""Longest to shortest text of one call: the rest of the shortest is padding."""

Floats = npt.NDArray[np.float64]


class DetoxifyScorer(DescribedScorer):
    """A scorer on a folder that `avatar-gateway models convert` made. `threads` is the number of
    CPU threads that one batch uses."""

    window = 1_000_000  # code points: `_token_windows` cuts, by tokens

    def __init__(self, *, folder: Path, threads: int = 2) -> None:
        super().__init__(read_description(folder / "model.json", mend=_MEND))
        self._threads = threads
        self._session: Any = None
        self._tokenizer: Any = None

    def load(self) -> None:
        """Check the files and open the model. Raises ModelInvalid."""
        if self._session is not None:
            return
        check_files(self._description, mend=_MEND)
        try:
            import onnxruntime  # noqa: PLC0415 - the extra is optional
            from tokenizers import Tokenizer  # noqa: PLC0415
        except ImportError as error:
            raise ModelInvalid("the extra detoxify", "is not installed", _EXTRA) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._tokenizer = Tokenizer.from_file(str(self._description.file("tokenizer.json")))
        self._session = onnxruntime.InferenceSession(
            str(self._description.file("model.onnx")),
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )

    def close(self) -> None:
        self._session = self._tokenizer = None

    def score(self, texts: Sequence[str]) -> list[Scores]:
        self.load()
        details = self._description.details
        pieces: list[tuple[int, list[int]]] = [
            (index, piece)
            for index, text in enumerate(texts)
            for piece in self._token_windows(text, int(details["longest_tokens"]))
        ]
        columns: Mapping[str, int] = details["columns"]
        highest = np.full((len(texts), 1 + max(columns.values())), -np.inf)
        for group in buckets([len(ids) for _, ids in pieces]):
            odds = self._batch_odds([pieces[position][1] for position in group])
            for position, row in zip(group, odds, strict=True):
                index = pieces[position][0]
                highest[index] = np.maximum(highest[index], row[: highest.shape[1]])
        if not np.isfinite(highest).all():
            raise ModelInvalid(self.id, "answered something that is not a number", _MEND)
        scores = 1 / (1 + np.exp(-highest))
        return [
            dict.fromkeys(CATEGORIES)
            | {category: float(row[columns[category]]) for category in self.categories}
            for row in scores
        ]

    def _token_windows(self, text: str, longest: int) -> Iterator[list[int]]:
        """Yield token ids with the marks of beginning and end: all at once for a text of at most
        `longest` tokens, else in overlapping windows."""
        ids: list[int] = self._tokenizer.encode(text).ids
        if len(ids) <= longest:
            yield ids
            return
        first, inner, last = ids[0], ids[1:-1], ids[-1]
        size = WINDOW - 2
        for start in range(0, len(inner) - OVERLAP, size - OVERLAP):
            yield [first, *inner[start : start + size], last]

    def _batch_odds(self, group: Sequence[Sequence[int]]) -> Floats:
        """Log-odds of one padded batch, of shape (texts, columns)."""
        details = self._description.details
        longest = max(len(ids) for ids in group)
        ids = np.full((len(group), longest), int(details["pad_id"]), np.int64)
        mask = np.zeros_like(ids)
        for row, piece in enumerate(group):
            ids[row, : len(piece)] = piece
            mask[row, : len(piece)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (odds,) = self._session.run(None, {name: inputs[name] for name in details["inputs"]})
        return np.asarray(odds, np.float64)


def buckets(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield positions of `lengths` in groups of similar length, so that little is padding: at most
    TOKENS_A_BATCH tokens with padding (or one text), the longest at most LENGTH_RATIO times the
    shortest."""
    group: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        length = lengths[position]
        if group and (
            (len(group) + 1) * length > TOKENS_A_BATCH or length > LENGTH_RATIO * lengths[group[0]]
        ):
            yield group
            group = []
        group.append(position)
    if group:
        yield group
