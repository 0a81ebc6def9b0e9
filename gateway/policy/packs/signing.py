"""Signatures of policy bundles, as OPA makes and checks them.

`.signatures.json` holds one JSON Web Token, whose payload lists every file of the bundle with its
hash. Data files and the manifest are hashed as canonical JSON, all others as they stand.
Source: https://www.openpolicyagent.org/docs/management-bundles#signing
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from gateway.errors import ConfigurationError, PolicyInvalid
from gateway.policy.packs import strict_data

SIGNATURES = ".signatures.json"
MANIFEST = ".manifest"

_STRUCTURED = frozenset({"data.json", "data.yaml", MANIFEST, SIGNATURES})
_HASHES = {"SHA-256": hashlib.sha256, "SHA-384": hashlib.sha384, "SHA-512": hashlib.sha512}
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384"}
_MEND = "Sign it anew with `policy bundle --signing-key`, or with `opa sign`."


class BundleSigningKey:
    """A private key (PEM: EC P-256 or P-384, or RSA of 2,048 bits or more)."""

    def __init__(self, pem: bytes) -> None:
        """Raises ConfigurationError."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            raise _bad_key("is no private key in PEM without a passphrase") from None
        self.algorithm, *_ = _key_algorithms(key.public_key())
        self._key = _jose_key(pem, self.algorithm)

    @classmethod
    def read(cls, path: Path) -> BundleSigningKey:
        return cls(_key_file(path))

    def sign(self, files: Iterable[tuple[str, bytes]], *, key_id: str | None = None) -> bytes:
        """The content of `.signatures.json` for (path, content) `files`."""
        listed = [
            {"name": name, "hash": file_hash(name, content), "algorithm": "SHA-256"}
            for name, content in sorted(files)
        ]
        header = {"alg": self.algorithm, "typ": "JWT"} | ({"kid": key_id} if key_id else {})
        payload = json.dumps({"files": listed}, ensure_ascii=False).encode()
        token = jws.serialize_compact(header, payload, self._key, algorithms=[self.algorithm])
        return json.dumps({"signatures": [token]}, indent=1).encode()


class BundleVerificationKey:
    """A public key (PEM)."""

    def __init__(self, pem: bytes) -> None:
        """Raises ConfigurationError."""
        try:
            key = load_pem_public_key(pem)
        except ValueError:
            raise _bad_key("is no public key in PEM") from None
        self._allowed = _key_algorithms(key)
        self._key = _jose_key(pem, self._allowed[0])

    @classmethod
    def read(cls, path: Path) -> BundleVerificationKey:
        return cls(_key_file(path))

    def verify(self, files: Mapping[str, bytes], signatures: bytes) -> None:
        """Raises PolicyInvalid unless `signatures` (the content of `.signatures.json`) is ours
        and lists exactly `files`, each with its hash."""
        listed = self._verified_files(signatures)
        for name in sorted(files.keys() - listed.keys()):
            raise PolicyInvalid(name, "it is not listed in the bundle's signature", _MEND)
        for name in sorted(listed.keys() - files.keys()):
            raise PolicyInvalid(name, "the bundle's signature lists it, but it is missing", _MEND)
        for name, (algorithm, wanted) in sorted(listed.items()):
            if not hmac.compare_digest(file_hash(name, files[name], algorithm), wanted):
                raise PolicyInvalid(name, "it is not the file that was signed", _MEND)

    def _verified_files(self, signatures: bytes) -> dict[str, tuple[str, str]]:
        try:
            (token,) = json.loads(signatures)["signatures"]
            opened = jws.deserialize_compact(token, self._key, algorithms=list(self._allowed))
            files = json.loads(opened.payload)["files"]
            listed = {
                str(file["name"]).lstrip("/"): (str(file["algorithm"]), str(file["hash"]).lower())
                for file in files
            }
        except (JoseError, ValueError, KeyError, TypeError):
            raise PolicyInvalid(
                SIGNATURES, "it does not verify with policies_bundle_key", _MEND
            ) from None
        if len(listed) != len(files):
            raise PolicyInvalid(SIGNATURES, "it lists a file twice", _MEND)
        return listed


def file_hash(name: str, content: bytes, algorithm: str = "SHA-256") -> str:
    """The hash of one file of a bundle, hex. Raises PolicyInvalid."""
    make = _HASHES.get(algorithm)
    if make is None:
        raise PolicyInvalid(name, f"its hash is of the kind {algorithm[:20]!r}", "Use SHA-256.")
    if PurePosixPath(name).name in _STRUCTURED:
        value = strict_data.parse(name, content.decode("utf-8", "replace"))
        content = json.dumps(
            value, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()
    return make(content).hexdigest()


def _key_algorithms(key: Any) -> tuple[str, ...]:
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return (_CURVES[key.curve.name],)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return ("RS256", "PS256")
    raise _bad_key("is of a kind that OPA does not verify")


def _jose_key(pem: bytes, algorithm: str) -> Any:
    kind = ECKey if algorithm.startswith("ES") else RSAKey
    return kind.import_key(pem)


def _key_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _bad_key(f"{path} cannot be read ({error.strerror})") from None


def _bad_key(problem: str) -> ConfigurationError:
    return ConfigurationError(
        "the bundle's key", problem, "Make one with `openssl ecparam -name prime256v1 -genkey`."
    )
