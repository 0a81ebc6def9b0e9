"""IPTC digital source type: http://cv.iptc.org/newscodes/digitalsourcetype/."""

from __future__ import annotations

from gateway.disclosure.formats.subject import IPTC_VOCABULARY, MarkedText, MarkFormat
from gateway.model.disclosure import MarkFormatName


def _digital_source_type(subject: MarkedText) -> dict[str, str]:
    return {"digitalSourceType": IPTC_VOCABULARY + subject.source_type}


FORMAT = MarkFormat(name=MarkFormatName.IPTC.value, build=_digital_source_type)
