from __future__ import annotations

import json
import re
from pathlib import Path

from gateway.verifier import anchors, examine, log_replay
from gateway.verifier.report import CHECKS, MAX_LISTED, as_json, as_text
from tests.evidence import Book, examined
from tests.paths import ROOT

GUIDE = ROOT / "docs/guides/auditors.md"
CODES = {code for codes in CHECKS.values() for code in codes}


def test_every_code_has_its_check() -> None:
    """And every check a code that is told somewhere."""
    told = set()
    for module in (examine, log_replay, anchors):
        assert module.__file__ is not None
        text = Path(module.__file__).read_text(encoding="utf-8")
        told |= set(re.findall(r'(?:find|_report)\(\s*(?:seq, )?"([a-z-]+)"', text))
    assert told == CODES


def test_every_code_is_explained_to_auditors() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE)) >= CODES


def test_a_good_report(book: Book) -> None:
    good = book.examined([book.signed[0][2]])
    text = as_text(good)
    assert text.startswith("VERIFIED: all 36 entries of gateway.example/log\n")
    assert "kept-0.txt: 12 entries: is the beginning of this log" in text
    assert "Findings" not in text
    said = json.loads(as_json(good))
    assert said["verified"] is True
    assert said["first"] is None
    assert set(said["checks"].values()) == {"holds", "not asked for"}
    assert said["entries"] == said["signed"] == 36


def test_findings_are_listed_up_to_a_bound(book: Book) -> None:
    lines = book.file().splitlines(keepends=True)
    bad = examined(b"".join([lines[0], b"nonsense\n" * 300, *lines[1:]]), keys=[book.key])
    text = as_text(bad)
    assert text.startswith(f"NOT VERIFIED: {sum(bad.counts.values())} findings")
    assert len(bad.findings) == MAX_LISTED
    assert f"and {sum(bad.counts.values()) - MAX_LISTED} more that are not listed" in text
    assert json.loads(as_json(bad))["first"]["code"] == "line-damaged"
    assert "FAILED, 300 findings" in text


def test_nothing_in_the_file_steers_the_terminal(book: Book) -> None:
    file = book.file().replace(b'"origin":"gateway', b'"origin":"\\u001b[2J\\u202egateway')
    bad = examined(file, keys=[book.key])
    for text in (as_text(bad), as_json(bad)):
        assert "\x1b" not in text
        assert "\u202e" not in text
