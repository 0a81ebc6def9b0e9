"""The files that a stranger meets first say what is true of the repository."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(GITHUB.joinpath("ISSUE_TEMPLATE").glob("*.yml"))
PAGES = [ROOT / "SECURITY.md", ROOT / "CODE_OF_CONDUCT.md", GITHUB / "pull_request_template.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _parsed(
    path: Path,
) -> dict[Any, Any]:  # Any: YAML of other people's schemas; `on` is a bool key
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict), path
    return document


def _commands(workflow: Path) -> list[str]:
    """The `run` lines of a workflow, with each value of the matrix put in."""
    commands = []
    for job in _parsed(workflow)["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            lines = [step["run"]] if "run" in step else []
            for key, values in matrix.items():
                marker = f"${{{{ matrix.{key} }}}}"
                lines = [
                    line.replace(marker, value)
                    for line in lines
                    for value in (values if marker in line else [""])
                ]
            commands += lines
    return commands


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def test_the_street_front_is_there() -> None:
    assert [workflow.stem for workflow in WORKFLOWS] == ["ci", "nightly"]
    assert len(FORMS) == 4
    for path in PAGES:
        assert path.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=_name)
def test_workflows_call_make_targets_and_programs_that_exist(workflow: Path) -> None:
    commands = _commands(workflow)
    called = [name for line in commands for name in re.findall(r"\bmake ([a-z-]+)", line)]
    assert called
    assert set(called) <= _targets()
    for line in commands:
        for program in re.findall(r"(?:^|\s)(\.ci/\S+)", line):
            assert (ROOT / program).stat().st_mode & 0o111, program


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=_name)
def test_workflows_use_pinned_actions_and_read_only_tokens(workflow: Path) -> None:
    document = _parsed(workflow)
    assert document["permissions"] == {"contents": "read"}
    for job in document["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+(\.\d+)*", step.get("uses", "actions/x@v1"))


def test_continuous_integration_runs_each_part() -> None:
    called = {
        name
        for workflow in WORKFLOWS
        for line in _commands(workflow)
        for name in re.findall(r"\bmake ([a-z-]+)", line)
    }
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert called >= set(re.findall(r"^make ([a-z-]+)", script, re.MULTILINE))


def test_pythons_of_the_workflows_are_those_that_the_project_supports() -> None:
    lowest = PROJECT["requires-python"].removeprefix(">=")
    for job in _parsed(GITHUB / "workflows/ci.yml")["jobs"].values():
        versions = job["strategy"]["matrix"]["python"]
        assert all(isinstance(version, str) for version in versions)  # 3.10 would be 3.1
        assert versions == [f"3.{minor}" for minor in (11, 12, 13)]
        assert versions[0] == lowest
    nightly = (GITHUB / "workflows/nightly.yml").read_text(encoding="utf-8")
    assert set(re.findall(r'python-version: "(.+)"', nightly)) <= {"3.11", "3.12", "3.13"}


@pytest.mark.parametrize("form", FORMS, ids=_name)
def test_issue_forms_are_whole(form: Path) -> None:
    document = _parsed(form)
    if form.stem == "config":
        assert document == {"blank_issues_enabled": True}
        return
    assert document["name"]
    assert document["description"]
    ids = [field["id"] for field in document["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids))
    assert any(field.get("validations", {}).get("required") for field in document["body"])


def test_hooks_name_programs_of_the_development_environment() -> None:
    installed = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    for repository in _parsed(ROOT / ".pre-commit-config.yaml")["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            program = hook["entry"].split()[0]
            assert program.startswith(".venv/bin/"), hook["id"]
            package = {"lint-imports": "import-linter"}.get(Path(program).name, Path(program).name)
            assert (
                package == "python"
                or package in PROJECT.get("scripts", {})
                or re.search(rf"^{package}==", installed, re.MULTILINE)
            ), hook["id"]


def test_the_citation_is_of_this_version() -> None:
    citation = _parsed(ROOT / "CITATION.cff")
    assert citation["title"] == PROJECT["name"]
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == [{"name": "The avatar-gateway authors"}]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_of_the_front_lead_somewhere(page: Path) -> None:
    for target, heading in re.findall(
        r"\]\(([^)#\s]+)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")
    ):
        path = page.parent / target
        assert path.exists(), target
        if heading:
            assert heading in _anchors(path), f"{target}#{heading}"


def _anchors(page: Path) -> list[str]:
    """The anchors that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
