"""`Domains`: the public suffixes that tldextract ships; no network, no cache on disk."""

from __future__ import annotations

from tldextract import TLDExtract


class Domains:
    """The public suffix list, with private suffixes left out."""

    def __init__(self) -> None:
        self._extract = TLDExtract(suffix_list_urls=(), cache_dir=None, fallback_to_snapshot=True)

    def is_public(self, host: str) -> bool:
        """Whether `host` is a name below a public suffix, such as "example.co.uk"."""
        parts = self._extract.extract_str(host)
        return bool(parts.suffix and parts.domain)
