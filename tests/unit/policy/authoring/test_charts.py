from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from gateway.policy.authoring.backtest import BacktestReport
from gateway.policy.authoring.charts import rule_rows, svg, top


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
