from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from gateway.pages.plot import Plot, svg
from gateway.reporting.charts import bars, columns

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [("dm", {"publish": 30, "hold": 10}), ("<b>&", {"publish": 0, "hold": 5})]


def parsed(plot: Plot) -> ElementTree.Element:
    drawn = svg(plot).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    return ElementTree.fromstring(drawn)  # noqa: S314 - our own


@pytest.mark.parametrize("draw", [bars, columns])
def test_a_plot_says_what_it_shows(draw: Callable[..., Plot]) -> None:
    made = parsed(
        draw("x", title="A title", about="What it shows.", rows=ROWS, series=("publish", "hold"))
    )
    assert made.get("role") == "img"
    assert made.get("aria-labelledby") == "x-title x-desc"
    assert made.findtext(f"{SVG}title") == "A title"
    assert made.findtext(f"{SVG}desc") == "What it shows."


def test_bars_are_as_long_as_their_numbers() -> None:
    made = parsed(bars("x", title="", about="", rows=ROWS, series=("publish", "hold")))
    widths = [float(one.get("width", "")) for one in made.iter(f"{SVG}rect")]
    assert widths[0] == pytest.approx(widths[1] * 3, abs=0.2)
    assert widths[1] == pytest.approx(widths[2] * 2, abs=0.2)
    assert {one.text for one in made.iter(f"{SVG}text")} == {"dm", "40", "<b>&", "5"}


def test_columns_stand_on_the_axis_and_stay_inside() -> None:
    rows = [(f"day {number}", {"publish": number, "hold": 1}) for number in range(400)]
    made = parsed(columns("x", title="", about="", rows=rows, series=("publish", "hold")))
    for one in made.iter(f"{SVG}rect"):
        top, tall = float(one.get("y", "")), float(one.get("height", ""))
        assert top >= 19.9
        assert top + tall <= 164.6


@pytest.mark.parametrize("draw", [bars, columns])
@pytest.mark.parametrize("rows", [[], [("a", {})], [("a", {"publish": 0})]])
def test_nothing_is_drawn_too(draw: Callable[..., Plot], rows: object) -> None:
    parsed(draw("x", title="t", about="d", rows=rows, series=("publish",)))


def test_long_labels_are_cut() -> None:
    made = parsed(bars("x", title="", about="", rows=[("l" * 90, {"p": 1})], series=("p",)))
    assert any((one.text or "").endswith("…") for one in made.iter(f"{SVG}text"))
