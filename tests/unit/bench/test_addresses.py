from __future__ import annotations

from bench.addresses import PLACES, cases, recall


def test_each_sentence_holds_its_address_and_each_draw_is_the_same() -> None:
    for place in PLACES:
        drawn = list(cases(place, 8))
        assert drawn == list(cases(place, 8))
        assert all("{}" in sentence and address for sentence, address in drawn)
        assert any("\n" not in address for _, address in drawn)


def test_who_finds_nothing_recalls_nothing_and_who_finds_all_recalls_all() -> None:
    assert recall(lambda *_: []).value == 0
    assert recall(lambda text, _: [("X", 0, len(text))]).value == 1
