"""The canonical form of a published text, over which receipts are computed.

Platforms add and drop invisible characters on the way. The canonical form therefore has no
variation selectors (which also removes an embedded C2PA manifest and the U+FEFF before it), is in
NFC, and has no white space around it. It includes the visible label.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from unicodedata import normalize

HASH_ALGORITHM = "HMAC-SHA256"
SALT_BYTES = 16
"""128 random bits for each text, so that its hash cannot be found by trying texts."""

# Property Variation_Selector of the Unicode Character Database, and the C2PA wrapper's prefix.
_INVISIBLE = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+")
# Property White_Space; str.strip() without arguments removes four more control characters.
WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def canonical(text: str) -> str:
    """The canonical form of `text`. Idempotent."""
    return normalize("NFC", _INVISIBLE.sub("", text)).strip(WHITE_SPACE)


def content_hash(text: str, salt: bytes) -> str:
    """Hex HMAC-SHA256 over the canonical form in UTF-8, with `salt` as the key: a plain hash of
    a short message could be guessed. Raises UnicodeEncodeError for a lone surrogate."""
    return hmac.new(salt, canonical(text).encode(), sha256).hexdigest()
