from __future__ import annotations

from pathlib import Path

import pytest

from bench.figure import DataMissing
from bench.spans import matched, social_persons


def test_each_label_is_matched_once_and_by_more_than_half() -> None:
    label = ("PERSON", 0, 10)
    assert matched([label], [("PERSON", 0, 10), ("PERSON", 1, 10)]) == 1
    assert matched([label, label], [("PERSON", 0, 10)]) == 1
    assert matched([label], [("PERSON", 0, 5)]) == 0
    assert matched([label], [("URL", 0, 10)]) == 0


def test_tokens_are_set_together_as_people_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pii").mkdir()
    rows = ["RT", "@", "lea", ":", "I", "don", "'", "t", "know", "Ada", "Byron", "'s", "dog", "."]
    labels = {"Ada": "B-person", "Byron": "I-person"}
    lines = "\n".join(f"{token}\t{labels.get(token, 'O')}" for token in rows)
    (tmp_path / "pii/wnut17.test.conll").write_text(f"{lines}\n\n{lines}\n", "utf-8")
    monkeypatch.setenv("LABELLED_DATA", str(tmp_path))
    (text, spans), _ = social_persons()
    assert text == "RT @lea: I don't know Ada Byron's dog."
    assert [text[start:end] for _, start, end in spans] == ["Ada Byron"]


def test_missing_data_says_where_it_is_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLED_DATA", str(tmp_path))
    with pytest.raises(DataMissing, match=r"bench/DATA\.md"):
        social_persons()
