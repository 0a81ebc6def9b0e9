"""IPTC digital source type: http://cv.iptc.org/newscodes/digitalsourcetype/."""

from __future__ import annotations

from gateway.disclosure.formats.subject import IPTC_VOCABULARY, Format, Subject


def _build(subject: Subject) -> dict[str, str]:
    return {"digitalSourceType": IPTC_VOCABULARY + subject.source_type}


FORMAT = Format(name="iptc", build=_build)
