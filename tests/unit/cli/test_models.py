from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.models import build
from gateway.errors import ModelInvalid
from gateway.toxicity.weights import SHIPPED, read_description

RUNNER = CliRunner()


def test_list_names_hash_categories_size_and_licence() -> None:
    result = RUNNER.invoke(build(), ["list", "--json"])
    assert result.exit_code == 0
    (row,) = json.loads(result.output)
    description = read_description(SHIPPED / "embedded.json")
    assert row["id"] == description.id
    assert row["sha256"] == description.sha256
    assert row["categories"] == list(description.categories)
    assert row["licence"] == "Apache-2.0"
    assert 0 < row["bytes"] < 10_000_000


def test_list_is_a_table_for_people() -> None:
    result = RUNNER.invoke(build(), ["list"], env={"COLUMNS": "300"})
    assert result.exit_code == 0
    assert read_description(SHIPPED / "embedded.json").id in result.output


def test_check_is_content_with_what_is_shipped() -> None:
    result = RUNNER.invoke(build(), ["check"])
    assert result.exit_code == 0
    assert result.output.endswith(": ok\n")


def test_check_fails_on_a_changed_weight(tmp_path: Path) -> None:
    for path in SHIPPED.iterdir():
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "embedded.json").rename(tmp_path / "model.json")
    (tmp_path / "embedded.npz").write_bytes(b"changed")
    result = RUNNER.invoke(build(), ["check", "--folder", str(tmp_path), "--json"])
    assert result.exit_code == 1
    (found,) = json.loads(result.output)
    assert "has sha256" in found["problem"]


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    result = RUNNER.invoke(build(), ["list", "--folder", str(tmp_path)])
    assert isinstance(result.exception, ModelInvalid)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["fetch", "--kind", "other"], "is no kind"),
        (["convert", "{}/x", "--config", "{}", "--out", "{}/out", "--sha256", "00"], "has sha256"),
    ],
)
def test_fetch_and_convert_refuse_before_they_begin(
    tmp_path: Path, arguments: list[str], problem: str
) -> None:
    (tmp_path / "x").write_bytes(b"x")
    result = RUNNER.invoke(build(), [each.replace("{}", str(tmp_path)) for each in arguments])
    assert isinstance(result.exception, ModelInvalid)
    assert problem in str(result.exception)
    assert not (tmp_path / "out").exists()
