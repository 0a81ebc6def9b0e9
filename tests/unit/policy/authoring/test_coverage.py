from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.authoring.coverage import coverage
from gateway.policy.packs.source import Snapshot

SnapshotOf = Callable[[Mapping[str, str]], Snapshot]


def test_lines_that_no_test_reaches_are_named(
    snapshot_of: SnapshotOf, shop: dict[str, str]
) -> None:
    shop["shop/word/word.rego"] += '\nother(x) := "a" if {\n\tx == 1\n\tx != 2\n}\n'
    found = coverage(snapshot_of(shop))
    by_file = {file.file: file for file in found.files}
    word = by_file["shop/word/word.rego"]
    assert set(word.missed) >= {19}
    assert word.unreached_rules == ("other:18",)
    assert 0 < word.share < 1
    assert 0 < found.share < 1


def test_what_all_tests_reach_is_whole(snapshot_of: SnapshotOf, shop: dict[str, str]) -> None:
    by_file = {file.file: file for file in coverage(snapshot_of(shop)).files}
    assert by_file["shop/word/word.rego"].share == 1
    assert by_file["main.rego"].covered


def test_failing_tests_count_and_broken_ones_do_not_stop_it(
    snapshot_of: SnapshotOf, shop: dict[str, str]
) -> None:
    shop["shop/word/word_test.rego"] += "\ntest_no if count(word.results) == 7\n"
    assert coverage(snapshot_of(shop)).files
    shop["shop/word/word_test.rego"] += "\ntest_x if http.send({})\n"
    with pytest.raises(PolicyInvalid, match=r"http\.send"):
        coverage(snapshot_of(shop))
