from __future__ import annotations

import pytest

from gateway.text.tracked import Tracked


def test_nothing_rewritten_is_the_same_object() -> None:
    tracked = Tracked.of("abc")
    assert tracked.rewrite([]) is tracked
    assert tracked.mapped().origins == (0, 1, 2, 3)


def test_dropped_characters_leave_no_trace_but_the_offsets() -> None:
    mapped = Tracked.of("a--b-").rewrite([(1, 3, ""), (4, 5, "")]).mapped()
    assert (mapped.text, mapped.origins, mapped.ends) == ("ab", (0, 3, 5), None)
    assert mapped.to_original(0, 2) == (0, 4), "widened inside, never over what follows"
    assert mapped.to_original(1, 1) == (3, 3)


def test_several_become_one() -> None:
    mapped = Tracked.of("xe\u0301y").rewrite([(1, 3, "é")]).mapped()
    assert (mapped.text, mapped.origins, mapped.ends) == ("xéy", (0, 1, 3, 4), (1, 3, 4))
    assert mapped.to_original(1, 2) == (1, 3)
    assert mapped.from_original(2, 3) == (1, 2), "half of it is all of it"


def test_one_becomes_several() -> None:
    mapped = Tracked.of("xßy").rewrite([(1, 2, "ss")]).mapped()
    assert mapped.origins == (0, 1, 1, 2, 3)
    assert mapped.to_original(2, 3) == (1, 2)
    assert mapped.from_original(1, 2) == (1, 3)


def test_rewriting_twice_keeps_the_first_offsets() -> None:
    tracked = Tracked.of("e\u0301--ß").rewrite([(0, 2, "é")]).rewrite([(1, 3, ""), (3, 4, "ss")])
    mapped = tracked.mapped()
    assert (mapped.text, mapped.origins) == ("éss", (0, 4, 4, 5))
    assert mapped.ends == (2, 5, 5)


def test_merging_maps_each_to_the_whole() -> None:
    mapped = Tracked.of("abc").rewrite([(0, 2, "ba")], merge=True).mapped()
    assert [mapped.to_original(at, at + 1) for at in range(3)] == [(0, 2), (0, 2), (2, 3)]


def test_another_length_is_no_change_of_letters() -> None:
    assert Tracked.of("Ab").with_text("ab").mapped().text == "ab"
    with pytest.raises(ValueError, match="length"):
        Tracked.of("Ab").with_text("abc")
