from __future__ import annotations

from gateway.disclosure.formats import gb45438
from gateway.disclosure.formats.subject import MarkedText


def test_has_the_seven_fields(subject: MarkedText) -> None:
    mark = gb45438.FORMAT.build(subject)["AIGC"]
    assert list(mark) == [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ]
    assert all(isinstance(value, str) for value in mark.values())
