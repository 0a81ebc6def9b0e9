"""What needs the extra, on random checkpoints of all three kinds, is in test_detoxify.py."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from gateway.errors import ModelInvalid
from gateway.toxicity.quantisation import quantise
from gateway.toxicity.weights import SHIPPED


def test_another_model_is_refused(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "embedded.json", tmp_path / "model.json")
    with pytest.raises(ModelInvalid, match="is no fp32 Detoxify model"):
        quantise(tmp_path, out=tmp_path / "out")


def folder(tmp_path: Path, model: bytes = b"weights") -> Path:
    """Named rightly, empty otherwise."""
    made = tmp_path / "fp32"
    made.mkdir()
    files = {"model.onnx": b"weights", "tokenizer.json": b"{}"}
    description = {
        "id": "detoxify-original",
        "kind": "detoxify",
        "licence": "Apache-2.0",
        "categories": ["toxicity"],
        "files": {name: hashlib.sha256(each).hexdigest() for name, each in files.items()},
        "calibration": {"false_positive_rate": None, "shifts": {}},
    }
    (made / "model.json").write_text(json.dumps(description), "utf-8")
    (made / "tokenizer.json").write_bytes(b"{}")
    (made / "model.onnx").write_bytes(model)
    return made


def test_the_hashes_come_first(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="has sha256"):
        quantise(folder(tmp_path, b"changed"), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_is_not_written_over_itself(tmp_path: Path) -> None:
    made = folder(tmp_path)
    with pytest.raises(ModelInvalid, match="is the folder of the fp32 model"):
        quantise(made, out=made / ".." / "fp32")


@pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is not None, reason="the extra detoxify is installed"
)
def test_without_the_extra_the_mend_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match=r"avatar-gateway\[detoxify\]"):
        quantise(folder(tmp_path), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
