"""A C2PA manifest inside the text (C2PA 2.4, Annex A.8), as invisible variation selectors.

A manifest takes about 1,800 code points, 7 kB of UTF-8. It is appended last: any later change of
the text breaks it, be it a label, a quotation, a cut or another normalisation form. The extra
package `c2patxt` signs it with Ed25519, offline.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from gateway.errors import ConfigurationError, StageUndefined
from gateway.model.disclosure import MarkFormatName
from gateway.model.finding import Stage

NAME: str = MarkFormatName.C2PA.value
SPECIFICATION = "C2PA 2.4 Annex A.8"


class C2paMarker:
    """Appends signed manifests to texts.

    `certificates` is the chain, leaf first; the leaf is that of `key`. Raises ConfigurationError
    when the extra is not installed, or when the chain does not follow the C2PA certificate profile
    (section 14.5.1.1).
    """

    def __init__(
        self,
        *,
        key: Ed25519PrivateKey,
        certificates: Sequence[x509.Certificate],
        random_bytes: Callable[[int], bytes],
        generator: str = "avatar-gateway",
    ) -> None:
        try:
            import c2patxt  # noqa: PLC0415 - an extra, needed only for C2PA
        except ImportError:
            raise ConfigurationError(
                "C2PA marks", "need a package that is not there", "pip install avatar-gateway[c2pa]"
            ) from None
        self._c2patxt = c2patxt
        try:
            self._signer = c2patxt.Signer(private_key=key, certificates=tuple(certificates))
        except ValueError as error:
            raise ConfigurationError(
                "the C2PA certificate", f"cannot sign: {error}", "See docs/reference/disclosure.md."
            ) from None
        self._about = c2patxt.Disclosure(
            media_type="text/plain", model_type=c2patxt.ModelType.GENERIC
        )
        self._random = random_bytes
        self._generator = generator

    def embed(self, text: str, at: datetime) -> tuple[str, dict[str, Any]]:
        """Append a manifest to `text` in NFC; return the text and a description of the manifest.
        Raises StageUndefined for a text that cannot carry one."""
        manifest, instance = (uuid.UUID(bytes=self._random(16), version=4) for _ in range(2))
        context = self._c2patxt.EmbedContext(
            manifest_uuid=manifest,
            instance_id=f"xmp:iid:{instance}",
            when=at,
            generator_name=self._generator,
        )
        try:
            marked = self._c2patxt.embed(text, self._signer, self._about, context=context)
        except (self._c2patxt.C2paTextError, ValueError) as error:
            # The message of the error may quote the text.
            raise StageUndefined(Stage.DISCLOSE, f"no C2PA mark: {type(error).__name__}") from None
        return marked, {"specification": SPECIFICATION, "manifest": f"urn:c2pa:{manifest}"}


def self_signed(
    key: Ed25519PrivateKey, *, name: str, not_before: datetime, days: int = 3_650
) -> x509.Certificate:
    """A self-signed certificate for `key` that follows the C2PA profile; equal arguments give equal
    bytes. Verifiers call its marks valid, but trust them only once the certificate is configured as
    a trust anchor."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(sha256(raw).digest()[:16]) | 1)
        .not_valid_before(not_before)
        .not_valid_after(not_before + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")]),
            critical=False,
        )
        .sign(key, None)
    )
