"""France."""

from __future__ import annotations

PLACES = frozenset({"fr", "FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF"})
"""The language, and the country codes of France and its territories."""
