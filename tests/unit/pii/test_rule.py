from __future__ import annotations

import pytest
import regex

from gateway.errors import StageTimeout
from gateway.pii.rule import ScanDeadline, matches

EVIL = regex.compile(r"(?:a|a)*b|zz")


def test_a_pattern_that_takes_too_long_raises_instead_of_being_skipped() -> None:
    with pytest.raises(StageTimeout) as raised:
        matches(EVIL, ("a" * 40 + " ") * 50, 0.02)
    assert "a" * 5 not in str(raised.value)


def test_a_deadline_raises_once_it_has_passed() -> None:
    ScanDeadline(60).check()
    with pytest.raises(StageTimeout):
        ScanDeadline(-1).check()
