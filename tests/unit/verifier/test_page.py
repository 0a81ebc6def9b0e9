from __future__ import annotations

from html.parser import HTMLParser

from gateway.verifier.page import as_page
from tests.evidence import Book, examined

_VOID = {"meta", "link", "br"}


class Outline(HTMLParser):
    """Fails on what is not closed in order; collects tags and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_stands_alone_and_has_an_outline(book: Book) -> None:
    page = as_page(book.examined())
    seen = Outline(page)
    names = [tag for tag, _ in seen.tags]
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert not {"script", "link", "img", "iframe"} & set(names)
    assert "http" not in page.replace("http-equiv", "")
    assert seen.tags[0] == ("html", {"lang": "en"})
    assert all("scope" in about for tag, about in seen.tags if tag == "th")
    assert "VERIFIED: all 36 entries" in seen.text
    for style in ("prefers-color-scheme: dark", "@media print"):
        assert style in page


def test_what_the_file_says_is_escaped(book: Book) -> None:
    attack = b'"origin":"<script>alert(1)</script>\\u0007'
    bad = examined(book.file().replace(b'"origin":"', attack), keys=[book.key])
    page = as_page(bad)
    seen = Outline(page)
    assert "script" not in {tag for tag, _ in seen.tags}
    assert "NOT VERIFIED" in seen.text
    assert "First: " in seen.text
    assert "\x07" not in page
