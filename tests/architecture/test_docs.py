"""What the pages say is there: links, anchors, paths in code, make targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.paths import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "bench").glob("*.md"),
        *(ROOT / "training").glob("*.md"),
    ]
)
TOP = ("gateway/", "policies/", "tests/", "docs/", "bench/", "torture/", "training/", "sdk/")
HISTORY = {"CHANGELOG.md"}
"""Pages that tell what was: paths in them may be gone."""


def _id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _prose(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", _prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", _prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        there = page if not target else page.parent / target
        assert there.exists(), f"{page}: {target}"
        if anchor and there.suffix == ".md":
            assert anchor in _anchors(there), f"{page}: {target}#{anchor}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=_id)
def test_paths_in_code_are_there(page: Path) -> None:
    gone = [
        path
        for path in re.findall(r"`([\w.\-]+(?:/[\w.\-]+)+/?)`", _prose(page))
        if path.startswith(TOP) and not (ROOT / path).exists()
    ]
    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_make_targets_are_there(page: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8")))
    named = set(re.findall(r"(?:`|^|&& )make ([a-z][a-z-]*)", _prose(page), re.MULTILINE))
    assert named - targets == set()
