from __future__ import annotations

from gateway.pii.resolve import resolve
from gateway.pii.rule import RuleHit

TEXT = "ab 123456 cde, fg"


def hit(start: int, end: int, kind: str, score: float, **more: bool) -> RuleHit:
    return RuleHit(
        start, end, kind, score, more.get("checked", False), "r", more.get("advisory", False)
    )


def test_a_checksum_beats_a_score_and_a_score_beats_a_length() -> None:
    checked = hit(3, 9, "CHECKED", 0.6, checked=True)
    assert resolve(TEXT, [hit(3, 9, "SURE", 1.0), checked]) == (checked,)
    sure = hit(3, 9, "SURE", 0.9)
    assert resolve(TEXT, [hit(3, 9, "LESS", 0.5), sure]) == (sure,)
    longer = hit(0, 9, "LONGER", 0.7)
    assert resolve(TEXT, [hit(3, 9, "SHORTER", 0.7), longer]) == (longer,)


def test_what_a_loser_covers_beyond_the_winner_stays_found_where_it_tells_something() -> None:
    inner = hit(3, 9, "INNER", 1.0)
    outer = hit(0, 17, "OUTER", 0.5)
    stands = resolve(TEXT, [outer, inner])
    assert [(one.kind, TEXT[one.start : one.end]) for one in stands] == [
        ("INNER", "123456"),
        ("OUTER", "cde, fg"),
    ]


def test_a_piece_of_a_checked_hit_is_no_longer_checked() -> None:
    stands = resolve(
        TEXT,
        [hit(3, 9, "A", 1.0, checked=True), hit(3, 17, "B", 0.9, checked=True)],
    )
    assert [(one.kind, one.checked) for one in stands] == [("A", True), ("B", False)]


def test_advice_never_displaces_and_is_never_cut() -> None:
    found = hit(3, 9, "FOUND", 0.5)
    advice = hit(0, 17, "ADVICE", 1.0, advisory=True)
    assert resolve(TEXT, [advice, found]) == (found,)


def test_the_order_of_the_hits_does_not_matter() -> None:
    several = [hit(0, 5, "A", 0.7), hit(3, 9, "B", 0.7), hit(7, 12, "C", 0.7), hit(3, 9, "D", 0.7)]
    assert resolve(TEXT, several) == resolve(TEXT, several[::-1])
