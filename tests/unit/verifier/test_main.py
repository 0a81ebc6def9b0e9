from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from gateway.verifier import __main__ as command
from gateway.verifier.__main__ import main
from tests.evidence import Book


@pytest.fixture
def file(book: Book, tmp_path: Path) -> Path:
    path = tmp_path / "evidence.jsonl"
    path.write_bytes(book.file())
    return path


def test_verified(book: Book, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = file.with_name("kept.txt")
    kept.write_text(book.signed[0][2].replace("\n", "\r\n"), encoding="utf-8", newline="")
    page = file.with_name("report.html")
    given = [str(file), "--key", str(book.key), "--checkpoint", str(kept), "--html", str(page)]
    assert main(given) == 0
    assert capsys.readouterr().out.startswith("VERIFIED: all 36 entries")
    assert "<title>VERIFIED" in page.read_text(encoding="utf-8")
    assert main([*given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verified"] is True


def test_not_verified(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file)]) == 1
    assert "[keys-unproven]" in capsys.readouterr().out
    assert main([str(file), "--trust-keys-in-file"]) == 0
    assert "THE KEYS COME FROM THE FILE ITSELF" in capsys.readouterr().out


def test_unusable(book: Book, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = str(book.key)
    for given, told in (
        ([str(file.with_name("none"))], "No such file"),
        ([str(file.parent)], "Is a directory"),
        ([__file__], "no evidence file"),
        ([str(file), "--key", key[:-3]], "Copy it whole"),
        ([str(file), "--witness-key", key], "not of a witness"),
        ([str(file), "--checkpoint", __file__], "this is no checkpoint"),
        ([str(file), "--checkpoint", str(file.parent)], "Is a directory"),
        ([str(file), "--html", str(file.parent)], "Is a directory"),
    ):
        assert main(given) == 2
        shown = capsys.readouterr()
        assert told in shown.err
        assert shown.err.startswith("cannot be judged: ")
        assert shown.out == ""


def test_stamps_are_written_for_openssl(book: Book, tmp_path: Path) -> None:
    book.stamped.append((24, "http://tsa.example", b"answer"))
    file = tmp_path / "evidence.jsonl"
    file.write_bytes(book.file())
    there = tmp_path / "stamps"
    assert main([str(file), "--key", str(book.key), "--stamps", str(there)]) == 0
    assert (there / "checkpoint-24-1.tsr").read_bytes() == b"answer"
    text = (there / "checkpoint-24.txt").read_text(encoding="utf-8")
    assert book.signed[1][2].startswith(text)
    assert main([str(file), "--key", str(book.key), "--stamps", str(file)]) == 2


def test_standard_input_and_gzip(
    book: Book, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(gzip.compress(book.file())))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["-", "--key", str(book.key)]) == 0
    assert "file: standard input" in capsys.readouterr().out


def test_the_progress_bar_is_for_terminals(
    book: Book, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gateway.verifier.examine._PROGRESS_LINES", 5)
    monkeypatch.setattr(command, "_BAR_EVERY_S", 0)
    main([str(file), "--key", str(book.key)])
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main([str(file), "--key", str(book.key)])
    shown = capsys.readouterr().err
    assert "[####" in shown
    assert "s left" in shown
    assert shown.endswith("\r\033[K")
    main([str(file), "--key", str(book.key), "--quiet"])
    assert capsys.readouterr().err == ""
