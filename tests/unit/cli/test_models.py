from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

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


def with_description(folder: Path) -> Path:
    shutil.copytree(SHIPPED, folder)
    (folder / "embedded.json").rename(folder / "model.json")
    return folder


def drift(tmp_path: Path, *arguments: str) -> Result:
    texts = tmp_path / "texts.txt"
    texts.write_text("you fool\ngood morning\n", "utf-8")
    folders = [str(with_description(tmp_path / name)) for name in ("one", "other")]
    if "--change" in arguments:
        path = tmp_path / "other" / "model.json"
        details = json.loads(path.read_text("utf-8"))
        for language in details["calibration"]["shifts"]["clean"].values():
            language["toxicity"] += 1.0
        path.write_text(json.dumps(details), "utf-8")
    asked = [one for one in arguments if one != "--change"]
    return RUNNER.invoke(build(), ["drift", *folders, "--texts", str(texts), *asked])


def test_drift_within_the_bound_is_status_0_and_prints_no_text(tmp_path: Path) -> None:
    result = drift(tmp_path)
    assert result.exit_code == 0
    assert "2 texts, within the bound of 0.02" in result.output
    assert "fool" not in result.output


def test_drift_beyond_the_bound_is_status_1_and_json_says_where(tmp_path: Path) -> None:
    result = drift(tmp_path, "--change", "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert report["within"] is False
    assert report["texts"] == 2
    assert report["reference"]["sha256"] != report["candidate"]["sha256"]
    toxicity, *others = report["categories"]
    assert toxicity["category"] == "toxicity"
    assert toxicity["largest"] > 0.02
    assert all(one["largest"] == 0 for one in others)


def test_a_wider_bound_lets_it_pass(tmp_path: Path) -> None:
    assert drift(tmp_path, "--change", "--bound", "0.9").exit_code == 0


def test_quantise_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    folder = with_description(tmp_path / "one")
    result = RUNNER.invoke(build(), ["quantise", str(folder), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, ModelInvalid)
    assert "no fp32 Detoxify model" in str(result.exception)
