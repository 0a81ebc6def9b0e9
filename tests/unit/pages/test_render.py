from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError

from gateway.pages.parts import PageSection, PageTable
from gateway.pages.plot import Plot, PlotBar, PlotLabel, svg
from gateway.pages.render import CONTENT_POLICY, PAGE_POLICY, render
from gateway.verifier import page as verifier_page
from tests.paths import ROOT

STYLE = (ROOT / "gateway/pages/templates/style.css").read_text("utf-8")
HOSTILE = ["<script>alert(1)</script>", '"><svg onload="alert(1)', "' onmouseover='alert(1)"]


def plot_of(text: str) -> Plot:
    bar = PlotBar(series=text, x=0, y=0, width=1, height=1)
    return Plot(
        name=text,
        title=text,
        about=text,
        width=10,
        height=10,
        bars=(bar,),
        labels=(PlotLabel(x=0, y=0, text=text),),
        fills={text: text},
    )


def elements(markup: str) -> list[str]:
    return re.findall(r"<([a-z]+)", markup)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("alone", [False, True])
def test_nothing_in_a_plot_is_markup(text: str, alone: bool) -> None:
    made = svg(plot_of(text), alone=alone)
    assert elements(made) == elements(svg(plot_of("plain"), alone=alone))
    assert len(re.findall(r"\son\w+=[\"']", made)) == 0
    assert made.count('"') == svg(plot_of("plain"), alone=alone).count('"')


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_page_is_markup(text: str) -> None:
    pages = [page_of(text), page_of("plain")]
    assert elements(pages[0]) == elements(pages[1])
    assert pages[0].count('"') == pages[1].count('"')
    assert text not in pages[0]


def page_of(text: str) -> str:
    table = PageTable(head=(text, text), rows=((text, text),))
    return page_with(
        PageSection(
            title=text, about=text, table=table, plot=plot_of(text), legend=((text, text),)
        ),
        text,
    )


def page_with(section: PageSection, text: str = "plain") -> str:
    report = {
        "first_day": text,
        "last_day": text,
        "tenant": text,
        "made_at": text,
        "dry_runs": 0,
        "log": {"origin": text, "complete": True, "counted": 1, "entries": 1},
    }
    return render(
        "transparency.html",
        package="gateway.reporting",
        report=report,
        tiles=[(text, text)],
        sections=[section],
        entries_by_kind=text,
    )


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("plot.svg", package="gateway.pages")


def test_characters_that_xml_forbids_or_that_reorder_text_are_replaced() -> None:
    made = svg(plot_of("a\x07b\u202ec\ud800d"), alone=True)
    assert "a\ufffdb\ufffdc\ufffdd" in made
    made.encode()


def test_a_page_forbids_scripts_by_itself() -> None:
    page = page_of("x")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].replace("&#39;", "'") == PAGE_POLICY
    assert CONTENT_POLICY.startswith(PAGE_POLICY)


def test_a_long_table_is_folded() -> None:
    def page(rows: int) -> str:
        table = PageTable(head=("a",), rows=(("x",),) * rows)
        section = PageSection(title="t", about="a", table=table)
        return page_with(section)

    assert "<details>" not in page(20)
    assert "Table of 21 rows" in page(21)
    assert "none" in page(0)


def colours(style: str) -> list[dict[str, str]]:
    """The custom properties of each `:root`: light, dark, print."""
    return [
        dict(re.findall(r"--([a-z]+):\s*(#\w+)", block))
        for block in re.findall(r":root\s*\{([^}]*)\}", style)
    ]


def test_the_verifiers_page_has_the_colours_of_the_others() -> None:
    shared = colours(STYLE)
    alone = colours(verifier_page._STYLE)
    assert len(shared) == len(alone) == 3
    for ours, theirs in zip(shared, alone, strict=True):
        names = ours.keys() & theirs.keys()
        assert names == {"ink", "soft", "paper", "line"}
        assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}


def test_every_series_has_a_colour() -> None:
    used = set(re.findall(r"var\(--([a-z]+)\)", STYLE))
    light, dark, printed = colours(STYLE)
    assert used <= light.keys()
    assert light.keys() == dark.keys() == printed.keys()
