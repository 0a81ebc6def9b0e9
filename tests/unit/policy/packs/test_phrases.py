from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.packs.phrases import PhrasePattern, compile_pattern, read_patterns, widen
from gateway.policy.packs.source import DataFile


def _file(*patterns: str, language: str = "en", **fields: Any) -> DataFile:
    value = {"list": "creator.test", "in": ["text"], "languages": {language: list(patterns)}}
    return DataFile("creator/test/test.phrases.yaml", value | fields)


def _one(pattern: str, language: str = "en") -> PhrasePattern:
    (found,) = read_patterns([_file(pattern, language=language)])
    return found


def _matches(pattern: str, text: str, language: str = "en") -> bool:
    found = compile_pattern(_one(pattern, language).exact).search(text)
    scanned = compile_pattern(_one(pattern, language).scan).search(text)
    assert not found or scanned, "the scan may never miss what is there"
    return found is not None


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("promise", "i promise.", True),
        ("promise", "promises", False),
        ("promise", "compromise", False),
        ("promise", "l'promise'", True),
        ("i promise", "i  promise", True),
        ("i promise", "i\npromise", True),
        ("i promise", "i **promise**", True),
        ("i promise", "i, promise", True),
        ("i promise", "ipromise", False),
        ("[a ]b", "a x b", False),
        ("(?:i|we) will", "so we will", True),
        ("привет", "ну привет!", True),
        ("привет", "приветы", False),
        ("он|она", "она", True),
        ("eleve", "elevé", False),
        ("no( way)?", "no wayward", True),
        ("$5|nothing", "nothing", True),
        ("18 ?plus", "18plus", True),
        ("18 ?plus", "18, plus", True),
        ("done(?:[.!]|$)", "done", True),
    ],
)
def test_words_in_any_script(pattern: str, text: str, matches: bool) -> None:
    assert _matches(pattern, text) is matches


def test_scripts_without_spaces_have_no_word_boundaries() -> None:
    assert _matches("我想", "真的我想说", "zh")
    assert _matches("我想", "真的我想说", "zh-Hant")
    assert not _matches("我想", "真的我想说", "en")


def test_a_space_stands_for_a_gap_outside_of_brackets() -> None:
    assert widen("a b[ c]\\ d") == "a(?:[\\s,*~]+)b[ c]\\ d"


def test_where_and_language_are_kept() -> None:
    (found,) = read_patterns([_file("hello there", language="fr", **{"in": ["human", "text"]})])
    assert (found.list, found.language, found.source) == ("creator.test", "fr", "hello there")
    assert found.in_text
    assert found.in_human


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "empty"),
        ("x" * 3_000, "longer"),
        ("Promise", "capitals"),
        ("(?=a)", "RE2"),
        ("(a", "RE2"),
        ("a{2000}", "RE2"),
        ("a*", "empty text"),
        ("a|", "empty text"),
    ],
)
def test_what_cannot_be_used_is_named(pattern: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem) as caught:
        read_patterns([_file(pattern)])
    assert caught.value.file.startswith("creator/test/test.phrases.yaml, en")


@pytest.mark.parametrize(
    "fields",
    [
        {"list": "nodots"},
        {"list": 3},
        {"in": []},
        {"in": ["title"]},
        {"in": "text"},
        {"languages": {}},
        {"languages": {"english": ["a"]}},
        {"languages": {"en": "a"}},
        {"languages": {"en": [1]}},
        {"more": 1},
    ],
)
def test_files_of_another_shape_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalid):
        read_patterns([_file("fine", **fields)])


def test_a_file_that_is_no_table_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="exactly"):
        read_patterns([DataFile("x.phrases.yaml", ["a"])])


def test_classes_written_with_capitals_are_no_capitals() -> None:
    assert read_patterns([_file("pay \\S+ now", "\\p{Greek}+", "a\\W+b")])
