from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

import pytest

from gateway.policy.authoring.backtest import BacktestReport
from gateway.policy.authoring.charts import page, rule_rows, svg, top


def _report() -> BacktestReport:
    report = BacktestReport(digest="d", blind=(), decisions=10, changed=4)
    report.fired, report.gone = Counter({"a": 3, "b": 1}), Counter({"b": 4})
    report.channels = {"dm": [1, 5], "live": [3, 5]}
    return report


def test_the_most_frequent_come_first() -> None:
    assert rule_rows(_report()) == [("b", 1, 4), ("a", 3, 0)]
    assert [name for name, _ in top(_report().channels)] == ["live", "dm"]


def test_the_picture_is_well_formed_and_fits() -> None:
    picture = ElementTree.fromstring(svg(_report()))  # noqa: S314 - our own
    height = float(picture.get("height", 0))
    rects = picture.findall("{http://www.w3.org/2000/svg}rect")
    assert len(rects) == 8
    assert all(float(one.get("y", 0)) < height for one in rects)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><rect onload="x', "a\x07b"])
def test_a_hostile_name_stays_text(name: str) -> None:
    report = _report()
    report.fired[name], report.channels[name] = 9, [9, 9]
    picture = ElementTree.fromstring(svg(report))  # noqa: S314 - our own
    texts = [one.text for one in picture.iter("{http://www.w3.org/2000/svg}text")]
    shown = name.replace("\x07", "\ufffd")
    assert texts.count(shown) == 2
    assert {one.tag.partition("}")[2] for one in picture.iter()} == {
        *("svg", "title", "desc", "rect", "text")
    }
    drawn = page(report)
    assert "<script" not in drawn
    assert '"><rect onload="x' not in drawn
    assert "&lt;script" in drawn or "script" not in name


def test_long_names_are_cut_before_the_bars() -> None:
    report = _report()
    report.fired["r" * 90] = 1
    assert "r" * 35 not in svg(report)
    assert "r" * 90 in page(report)  # in the table
