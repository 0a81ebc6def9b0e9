"""What needs the extra is in test_detoxify.py; here is what must hold without it."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import pytest

from gateway.errors import ModelInvalid
from gateway.toxicity.conversion import KINDS, convert_checkpoint


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="is no kind of Detoxify model"):
        convert_checkpoint(
            tmp_path / "x", kind="huge", config_folder=tmp_path, out=tmp_path, sha256="0"
        )


@pytest.mark.parametrize("kind", KINDS)
def test_the_hash_comes_before_everything_else(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.ckpt"
    path.write_bytes(b"x")
    with pytest.raises(ModelInvalid, match="has sha256"):
        convert_checkpoint(path, kind=kind, config_folder=tmp_path, out=tmp_path, sha256="0" * 64)


@pytest.mark.skipif(
    importlib.util.find_spec("torch") is not None, reason="the extra detoxify is installed"
)
def test_without_the_extra_the_mend_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.ckpt"
    path.write_bytes(b"x")
    with pytest.raises(ModelInvalid, match=r"avatar-gateway\[detoxify\]"):
        convert_checkpoint(
            path,
            kind="original",
            config_folder=tmp_path,
            out=tmp_path,
            sha256=hashlib.sha256(b"x").hexdigest(),
        )
