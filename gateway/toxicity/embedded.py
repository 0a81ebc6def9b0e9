"""`EmbeddedScorer`, the default: nothing to download, numpy alone at run time, no pickle.

It is a screening model, whose default action is to hold for review (docs/reference/toxicity.md has
the figures). training/README.md says how its weights were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gateway.errors import ModelInvalid
from gateway.toxicity.encoder import Encoder
from gateway.toxicity.grams import BUCKETS
from gateway.toxicity.scorer import CATEGORIES, Scores
from gateway.toxicity.tokens import Floats, load_tokens
from gateway.toxicity.weights import SHIPPED, DescribedScorer, check_files, read_description

_WEIGHTS = "embedded.npz"
_MEND = "Reinstall avatar-gateway, or run `avatar-gateway models check`"


class EmbeddedScorer(DescribedScorer):
    """A scorer on the weights that are shipped with the gateway.

    `description` is the model's JSON file; the weight file lies beside it. Before `load` only the
    description is read. The token embeddings are unpacked into `folder`, or else into the folder of
    temporary files.
    """

    window = 500  # code points; training/figures.py measures on such windows

    def __init__(
        self, *, description: Path = SHIPPED / "embedded.json", folder: Path | None = None
    ) -> None:
        super().__init__(read_description(description))
        self._folder = folder
        self._encoder: Encoder | None = None

    def load(self) -> None:
        """Check every file and unpack the token embeddings: about a second. Raises ModelInvalid."""
        if self._encoder is not None:
            return
        check_files(self._description)
        parameters = read_parameters(self._description.file(_WEIGHTS))
        tokens = load_tokens(self._description.foundation, folder=self._folder)
        eps = float(self._description.details["eps"])
        self._encoder = Encoder(tokens, parameters, eps=eps)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        if self._encoder is None:
            self.load()
            return self.score(texts)
        if not texts:
            return []
        odds = self._encoder.log_odds(texts).astype(np.float64)
        if not np.isfinite(odds).all():
            raise ModelInvalid(self.id, "answered something that is not a number", _MEND)
        return [
            dict.fromkeys(CATEGORIES) | dict(zip(self.categories, row, strict=True))
            for row in (1 / (1 + np.exp(-odds))).tolist()
        ]


def read_parameters(path: Path) -> dict[str, Floats]:
    """The arrays of a weight file, as float32 by name. Matrices are stored as int8 under `name`,
    with one scale for each column under `name.scale`; other arrays as they are. Raises
    ModelInvalid."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {
                name: stored[name].astype(np.float32)
                * (stored[f"{name}.scale"] if f"{name}.scale" in stored.files else 1)
                for name in stored.files
                if not name.endswith(".scale")
            }
    except (OSError, ValueError, KeyError) as error:
        raise ModelInvalid(str(path), "is not a weight file", _MEND) from error
    if arrays["wide"].shape[0] != BUCKETS:
        raise ModelInvalid(str(path), "was made for other n-grams", _MEND)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}
