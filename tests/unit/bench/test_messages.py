from __future__ import annotations

from itertools import pairwise

from bench.messages import DISTINCT, MESSAGES, message, submission


def test_no_message_is_there_twice_and_all_are_of_about_twenty_words() -> None:
    all_of_them = [message(number) for number in range(DISTINCT)]
    assert len({*all_of_them, *MESSAGES}) == DISTINCT + len(MESSAGES)
    assert {len(one.split()) for one in all_of_them} == {20, 21, 22}
    assert message(DISTINCT) == message(0)


def test_neighbours_share_no_part() -> None:
    parts = [message(number).split(", ") for number in range(2_000)]
    assert not any(set(one) & set(other) for one, other in pairwise(parts))


def test_what_is_said_again_is_one_of_eight() -> None:
    again = {submission(number, again=True)["text"] for number in range(100)}
    assert again == set(MESSAGES)
    assert submission(7)["text"] == message(7)
