from __future__ import annotations

import pytest

from gateway.cli.output import print_listing, printable

ROWS = [
    (
        "msg_01a22fd4119393a95bcc74f0523918bc",
        "dm",
        "See you\nat eight",
        "baseline.mark eu.aia.50.2",
    ),
    ("msg_01a22fd41180b4f52e8a94ce6c219aae", "live", "", "creator.promise"),
]
COLUMNS = ("message", "channel", "text", "rules")


@pytest.mark.parametrize("width", [20, 37, 40, 60, 80, 100, 160])
def test_ids_stay_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_listing(COLUMNS, ROWS, whole={"message"})
    printed = capsys.readouterr().out
    for row in ROWS:
        assert row[0] in printed
        assert row[1] in printed
    assert "…" not in printed
    is_table = "━" in printed
    assert is_table is (width >= 80)
    if is_table:
        assert max(map(len, printed.splitlines())) <= width


def test_a_row_of_lines_leaves_out_what_is_empty(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_listing(COLUMNS, ROWS[1:], whole={"message"})
    assert capsys.readouterr().out == (
        "message: msg_01a22fd41180b4f52e8a94ce6c219aae\nchannel: live\nrules: creator.promise\n\n"
    )


@pytest.mark.parametrize("width", [40, 160])
def test_no_cell_steers_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_listing(("key", "label"), [("k1", "\x1b[2J\u202e[red]x[/]")], whole={"key"})
    printed = capsys.readouterr().out
    assert "\x1b[2J" not in printed
    assert "\u202e" not in printed
    assert "[red]x[/]" in printed


def test_printable() -> None:
    assert printable("a\x1b\n\u202eb é") == "a\ufffd\ufffd\ufffdb é"
