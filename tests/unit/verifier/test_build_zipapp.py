from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from gateway.verifier.build_zipapp import build_zipapp


def test_the_same_source_makes_the_same_file(tmp_path: Path) -> None:
    first, second = tmp_path / "one/a.pyz", tmp_path / "b.pyz"
    digest = build_zipapp(first)
    assert digest == build_zipapp(second) == sha256(first.read_bytes()).hexdigest()
    assert first.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    names = ZipFile(first).namelist()
    assert names[:2] == ["__main__.py", "gateway/__init__.py"]
    assert "gateway/verifier/examine.py" in names
    assert all(name.startswith("gateway/verifier/") for name in names[2:])
