"""Server-sent events in any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.platforms.sse import EventReader

STREAM = 'data: {"é": 1}\n\n: no\r\n\r\nevent: x\ndata: two\r\ndata: lines\r\n\r\n'.encode()


@given(st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_events_are_the_same_in_any_pieces(cuts: list[int]) -> None:
    reader, edges = EventReader(), [0, *sorted(cuts), len(STREAM)]
    events = [event for start, end in pairwise(edges) for event in reader.feed(STREAM[start:end])]
    assert events == ['{"é": 1}', "two\nlines"]


@pytest.mark.parametrize("piece", [b"x" * 100, b"data: 1234\n" * 9, b"data: \xff\n\n"])
def test_what_is_too_long_or_no_utf8_is_refused(piece: bytes) -> None:
    with pytest.raises(ValueError, match=r"too long|utf-8"):
        list(EventReader(most=50).feed(piece))
