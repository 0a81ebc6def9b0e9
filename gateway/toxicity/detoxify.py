"""The Detoxify backend (extra `detoxify`): the converted model in ONNX Runtime.

Scores equal `Detoxify.predict()` of detoxify 0.5.4 up to 1e-5 for texts of at most 512 tokens.
Longer ones, which Detoxify cuts in silence, are read in overlapping windows; the highest score
of each category counts. Columns that name identities are never read.
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
"""Tokens of a window of a long text, with its marks."""
OVERLAP = 64
TOKENS_A_BATCH = 1024
LENGTH_RATIO = 1.5

Floats = npt.NDArray[np.float64]


class DetoxifyScorer(DescribedScorer):
    """`folder` is what `avatar-gateway models convert` made. `threads` is for one batch."""

    window = 1_000_000  # it cuts by tokens, in `_pieces`

    def __init__(self, *, folder: Path, threads: int = 2) -> None:
        super().__init__(read_description(folder / "model.json", mend=_MEND))
        self._threads = threads
        self._session: Any = None
        self._tokenizer: Any = None

    def load(self) -> None:
        """Checks the files, opens the session. Raises ModelInvalid."""
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
            for piece in self._pieces(text, int(details["longest_tokens"]))
        ]
        columns: Mapping[str, int] = details["columns"]
        found = np.full((len(texts), 1 + max(columns.values())), -np.inf)
        for group in buckets([len(ids) for _, ids in pieces]):
            odds = self._run([pieces[position][1] for position in group])
            for position, row in zip(group, odds, strict=True):
                index = pieces[position][0]
                found[index] = np.maximum(found[index], row[: found.shape[1]])
        if not np.isfinite(found).all():
            raise ModelInvalid(self.id, "answered something that is not a number", _MEND)
        scores = 1 / (1 + np.exp(-found))
        return [
            dict.fromkeys(CATEGORIES)
            | {category: float(row[columns[category]]) for category in self.categories}
            for row in scores
        ]

    def _pieces(self, text: str, longest: int) -> Iterator[list[int]]:
        """Token ids with marks: one piece when the text fits, else overlapping windows."""
        ids: list[int] = self._tokenizer.encode(text).ids
        if len(ids) <= longest:
            yield ids
            return
        first, inner, last = ids[0], ids[1:-1], ids[-1]
        size = WINDOW - 2
        for start in range(0, len(inner) - OVERLAP, size - OVERLAP):
            yield [first, *inner[start : start + size], last]

    def _run(self, group: Sequence[Sequence[int]]) -> Floats:
        """(texts, columns): log-odds of one padded batch."""
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
    """Positions of `lengths` in groups of like length: at most TOKENS_A_BATCH tokens with
    padding (or one text), the longest at most LENGTH_RATIO times the shortest."""
    group: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda each: lengths[each]):
        length = lengths[position]
        if group and (
            (len(group) + 1) * length > TOKENS_A_BATCH or length > LENGTH_RATIO * lengths[group[0]]
        ):
            yield group
            group = []
        group.append(position)
    if group:
        yield group
