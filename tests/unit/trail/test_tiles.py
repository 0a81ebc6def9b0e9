from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trail.tiles import TileAt, bundle
from tests.unit.trail.conftest import MemoryStore


@pytest.mark.parametrize(
    ("path", "index", "width"),
    [
        ("000", 0, 256),
        ("999", 999, 256),
        ("x001/000", 1_000, 256),
        ("x001/x234/067", 1_234_067, 256),  # the example of tlog-tiles
        ("x001/x234/067.p/1", 1_234_067, 1),
        ("273.p/112", 273, 112),  # a tree of size 70,000
    ],
)
def test_paths(path: str, index: int, width: int) -> None:
    assert TileAt(index, width).path == path
    assert TileAt.parse(path) == TileAt(index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "00",
        "0000",
        "x000/001",
        "x001/x000",
        "001/000",
        "000.p/0",
        "000.p/01",
        "000.p/256",
        "000.p/999",
        "000.p/",
        "000.p",
        "000/",
        "../000",
        "٠٠٠",
        "x001/" * 30 + "000",
    ],
)
def test_what_is_no_path(path: str) -> None:
    assert TileAt.parse(path) is None


@given(st.integers(0, 10**18), st.integers(1, 256))
def test_every_tile_has_one_path(index: int, width: int) -> None:
    assert TileAt.parse(TileAt(index, width).path) == TileAt(index, width)


def test_bundles(store: MemoryStore) -> None:
    store.fill(2)
    first, second = store.rows
    data = bundle([first, second])
    assert data is not None
    length = int.from_bytes(data[:2])
    assert data[2 : 2 + length] == first.body
    assert data[2 + length + 2 :] == second.body
    assert bundle([replace(first, body=b"x" * 65_535)]) is not None
    assert bundle([replace(first, body=b"x" * 65_536)]) is None
