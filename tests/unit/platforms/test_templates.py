from __future__ import annotations

import pytest

from gateway.platforms.loading import load_declarations
from gateway.platforms.templates import StrayCharacter, in_words_of, path_pattern


@pytest.mark.parametrize(
    ("template", "path", "matches"),
    [
        ("/a/{id}", "/a/1", True),
        ("/a/{id}", "/a/1/2", False),
        ("/a/(b|c.d)/*", "/a/c.d/anything", True),
        ("/a/(b|c.d)/*", "/a/cxd/anything", False),
        ("/bot{token}/(x|y)", "/bot1:2/y", True),
        ("/a+b", "/aab", False),
    ],
)
def test_what_a_template_matches(template: str, path: str, matches: bool) -> None:
    assert (path_pattern(template).fullmatch(path) is not None) is matches


@pytest.mark.parametrize("template", ["/a/{id", "/a/)", "/{}/b", "/((a))"])
def test_a_stray_bracket_is_told(template: str) -> None:
    with pytest.raises(StrayCharacter):
        path_pattern(template)


def test_a_request_is_told_in_the_words_of_its_file() -> None:
    templates = ("/v1/{id}/(mute|unmute)", "/bot{token}/(x|y)/*/{name}")
    assert in_words_of(templates, "/v1/secret/unmute") == "/v1/{id}/unmute"
    assert in_words_of(templates, "/botsecret/y/secret/s") == "/bot{token}/y/*/{name}"
    with pytest.raises(ValueError, match="no template"):
        in_words_of(templates, "/other")


def test_what_only_asks_by_post_is_told_apart() -> None:
    """Where a platform reads and writes by the same methods, its file says which is which."""
    known = load_declarations()
    asks = {
        (name, one.name) for name, found in known.items() for one in found.operations
        if not one.writes
    }  # fmt: skip
    assert asks == {("slack", "read"), ("telegram", "read")}
