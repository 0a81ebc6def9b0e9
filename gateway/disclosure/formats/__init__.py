"""Machine-readable marks. To add a format: a file here, a line in the tuple, a golden file."""

from __future__ import annotations

from gateway.disclosure.formats import c2pa, gb45438, iptc, schema_org

FORMATS = (iptc.FORMAT, schema_org.FORMAT, gb45438.FORMAT)
"""Formats of marks that travel beside the text."""

EMBEDDED = (c2pa.NAME,)
"""Names of formats that become part of the text."""
