"""schema.org JSON-LD: https://schema.org/digitalSourceType on a https://schema.org/Message."""

from __future__ import annotations

from typing import Any

from gateway.disclosure.formats.subject import MarkedText, MarkFormat
from gateway.model.disclosure import MarkFormatName


def _message_json_ld(subject: MarkedText) -> dict[str, Any]:
    member = subject.source_type[0].upper() + subject.source_type[1:] + "DigitalSource"
    return {
        "@context": "https://schema.org",
        "@type": "Message",
        "identifier": subject.message_id,
        "inLanguage": subject.language,
        "dateCreated": subject.at.isoformat(),
        "creator": {"@type": "SoftwareApplication", "name": subject.avatar},
        "digitalSourceType": f"https://schema.org/{member}",
    }


FORMAT = MarkFormat(name=MarkFormatName.SCHEMA_ORG.value, build=_message_json_ld)
