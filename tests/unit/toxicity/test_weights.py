from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from gateway.errors import ModelInvalid
from gateway.toxicity.weights import SHIPPED, check_file, check_files, read_description

SHIPPED_DESCRIPTIONS = sorted(SHIPPED.glob("*.json"))


def _write(folder: Path, **changes: object) -> Path:
    (folder / "w.npz").write_bytes(b"weights")
    description = {
        "id": "m",
        "kind": "embedded",
        "licence": "Apache-2.0",
        "categories": ["toxicity"],
        "files": {"w.npz": hashlib.sha256(b"weights").hexdigest()},
        "calibration": {"shifts": {}, "false_positive_rate": 0.02},
    }
    path = folder / "m.json"
    path.write_text(json.dumps(description | changes))
    return path


@pytest.mark.parametrize("path", SHIPPED_DESCRIPTIONS, ids=lambda path: path.stem)
def test_the_shipped_weights_are_the_described_ones(path: Path) -> None:
    description = read_description(path)
    assert description.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    check_files(description)


def test_something_is_shipped_and_it_is_small() -> None:
    assert SHIPPED_DESCRIPTIONS
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 10_000_000


def test_a_description_reads_back(tmp_path: Path) -> None:
    description = read_description(_write(tmp_path))
    check_files(description)
    assert (description.id, description.categories) == ("m", ("toxicity",))
    assert description.calibration.false_positive_rate == 0.02


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 1}', "\x00", '{"files": 3}'])
def test_what_is_no_description_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(ModelInvalid, match="is not a model description"):
        read_description(path)


def test_a_huge_description_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(" " * (1 << 21))
    with pytest.raises(ModelInvalid, match="too large"):
        read_description(path)


def test_missing_files_are_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match=r"is missing\. Do this") as caught:
        read_description(tmp_path / "none.json", mend="Do this")
    assert caught.value.what == str(tmp_path / "none.json")
    path = _write(tmp_path)
    (tmp_path / "w.npz").unlink()
    with pytest.raises(ModelInvalid, match=r"w\.npz: is missing"):
        check_files(read_description(path))


def test_a_changed_weight_is_found(tmp_path: Path) -> None:
    path = _write(tmp_path)
    (tmp_path / "w.npz").write_bytes(b"weightz")
    with pytest.raises(ModelInvalid, match="has sha256"):
        check_files(read_description(path))


def test_a_description_names_files_beside_it_alone(tmp_path: Path) -> None:
    path = _write(tmp_path, files={"../w.npz": "0"})
    with pytest.raises(ModelInvalid, match="elsewhere"):
        check_files(read_description(path))


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="cannot be read"):
        check_file(tmp_path, "0")
    with pytest.raises(ModelInvalid, match="cannot be read"):
        read_description(tmp_path)
