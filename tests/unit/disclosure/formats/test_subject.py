from __future__ import annotations

from gateway.disclosure.formats.subject import source_type


def test_source_type() -> None:
    assert source_type(edited=False) == "trainedAlgorithmicMedia"
    assert source_type(edited=True) == "compositeWithTrainedAlgorithmicMedia"
