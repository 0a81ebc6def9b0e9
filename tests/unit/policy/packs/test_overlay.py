from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.packs.overlay import candidate
from gateway.policy.packs.source import read_folder

Write = Callable[[Mapping[str, str]], Path]


def _other(tmp_path: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (tmp_path / "other" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "other" / name).write_text(text, encoding="utf-8")
    return tmp_path / "other"


def test_packs_take_the_place_of_those_of_their_name(
    write: Write, shop: dict[str, str], tmp_path: Path
) -> None:
    base = read_folder(write(shop))
    files = dict(candidate(base, _other(tmp_path, {"shop/new/new.rego": "package packs.shop.new"})))
    assert "shop/new/new.rego" in files
    assert "shop/word/word.rego" not in files
    assert "main.rego" in files


def test_whole_policies_take_the_place_of_all(
    write: Write, shop: dict[str, str], tmp_path: Path
) -> None:
    files = dict(candidate(read_folder(write(shop)), _other(tmp_path, {"main.rego": "package a"})))
    assert list(files) == ["main.rego"]


@pytest.mark.parametrize("files", [{}, {"word.rego": "package packs.shop.word"}])
def test_anything_else_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    (tmp_path / "other").mkdir(exist_ok=True)
    with pytest.raises(PolicyInvalid, match="neither"):
        candidate([], _other(tmp_path, files))
