"""What commands print: the colour of each verdict, and text of others made safe for a terminal."""

from __future__ import annotations

from gateway.model.verdict import Verdict

COLOURS = {Verdict.PUBLISH: "green", Verdict.HOLD: "yellow", Verdict.BLOCK: "red"}


def printable(text: str) -> str:
    """Replace control characters: ids and claims come from callers, and none of them may steer
    the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)
