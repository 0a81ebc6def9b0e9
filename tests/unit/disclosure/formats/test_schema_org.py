from __future__ import annotations

from gateway.disclosure.formats import schema_org
from gateway.disclosure.formats.subject import MarkedText


def test_members_of_the_vocabulary(subject: MarkedText) -> None:
    """https://schema.org/IPTCDigitalSourceEnumeration"""
    mark = schema_org.FORMAT.build(subject)
    assert mark["digitalSourceType"] == "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
    assert mark["@context"] == "https://schema.org"
