from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.routes import build
from gateway.errors import ConfigurationError
from gateway.platforms.loading import load_declarations
from gateway.settings import Settings, read_settings
from tests.unit.platforms.proxy_files import HEAD, SEND

RUNNER = CliRunner()
ROUTE = "name: fans\nkind: proxy\nplatform: x\nurl: https://x.example\ncreator: lea\navatar: twin\n"


@pytest.fixture
def opened(tmp_path: Path) -> Settings:
    """A route to a platform of the operator's own."""
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "x.yaml").write_text(HEAD + SEND)
    (tmp_path / "fans.yaml").write_text(ROUTE)
    return read_settings(None, {"data_dir": tmp_path / "data", "routes_dir": tmp_path})


def test_list(opened: Settings) -> None:
    told = RUNNER.invoke(build(), ["list", "--json"], obj=opened)
    assert told.exit_code == 0
    found = json.loads(told.output)
    routes = {one["route"]: one for one in found["routes"]}
    assert routes["fans"]["platform"] == "x"
    assert routes["sandbox"]["platform"] is None
    platforms = {one["platform"]: one for one in found["platforms"]}
    assert platforms["x"]["verified"] == "from documentation only"
    assert "matrix-synapse" in platforms["matrix"]["verified"]
    table = RUNNER.invoke(build(), ["list"], obj=opened, env={"COLUMNS": "300"})
    assert "mastodon" in table.output


def test_check(opened: Settings, tmp_path: Path) -> None:
    told = RUNNER.invoke(build(), ["check"], obj=opened)
    platforms = len(load_declarations()) + 1  # all that are shipped, and x
    assert told.output == f"3 routes, {platforms} platforms: ok\n"
    file = tmp_path / "platforms" / "x.yaml"
    told = RUNNER.invoke(build(), ["check", str(file)], obj=opened)
    assert told.output.endswith("x, 1 operations: ok\n")
    file.write_text(HEAD + SEND + "    colour: red\n")
    told = RUNNER.invoke(build(), ["check"], obj=opened)
    assert isinstance(told.exception, ConfigurationError)
    assert "x.yaml:" in str(told.exception)
