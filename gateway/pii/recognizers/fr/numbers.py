"""Numbers of France that count only beside their name; the others have files of their own."""

from __future__ import annotations

from stdnum.fr import nif

from gateway.pii.recognizers.fr import PLACES
from gateway.pii.recognizers.national import NumberFormat

_HOME = tuple(sorted(PLACES))

NUMBERS = (
    NumberFormat(
        kind="FR_TAX_ID",
        about="French tax numbers (SPI)",
        pattern=r"[0-3]\d(?: ?\d{2} ?\d{3} ?\d{3} ?\d{3})",
        digits=13,
        counts="named",
        words=("numero fiscal", "spi", "impots", "identifiant fiscal", "avis d'imposition"),
        places=_HOME,
        is_valid=nif.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="FR_ID_CARD",
        about="French identity cards, old (12 digits) and new (9 letters and digits)",
        pattern=r"\d{12}|(?=(?:[A-Z]*\d){2})(?=\d*[A-Z])[A-Z0-9]{9}",
        digits=2,
        counts="named",
        words=("carte d'identite", "carte identite", "cni", "carte nationale", "piece d'identite"),
        places=_HOME,
    ),
    NumberFormat(
        kind="FR_DRIVER_LICENSE",
        about="French driving licences",
        pattern=r"\d{12}|\d{2}[A-Z]{2}\d{5}",
        digits=7,
        counts="named",
        words=("permis de conduire", "permis", "numero de permis", "driving licen"),
        places=_HOME,
    ),
)
