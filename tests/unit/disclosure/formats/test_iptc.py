from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.disclosure.formats import FORMATS, iptc
from gateway.disclosure.formats.subject import MarkedText, source_type


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.name)
@pytest.mark.parametrize("edited", [False, True], ids=["generated", "edited"])
def test_golden(
    one: Any, edited: bool, subject: MarkedText, golden: Callable[[str, Any], None]
) -> None:
    subject = replace(subject, source_type=source_type(edited=edited))
    kind = "edited" if edited else "generated"
    golden(f"format/{one.name}.{kind}.json", dict(one.build(subject)))


def test_vocabulary(subject: MarkedText) -> None:
    assert iptc.FORMAT.build(subject) == {
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    }
