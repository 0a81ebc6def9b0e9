"""The gateway's own keys, in one file that only its owner can read.

`keyring.json` holds a 256-bit root secret, from which HKDF-SHA256 (RFC 5869) derives one secret
for each purpose, and the signing keys. One Ed25519 key signs receipts (JWS), another checkpoints
of the audit log (C2SP signed notes): there are two, so that a signature of one kind can never pass
for the other. A key of ML-DSA-44 (FIPS 204) can sign checkpoints too.

Rotation replaces all signing keys. It keeps the public halves, so that old signatures can still be
verified, and deletes the private ones. It has two steps, so that the old key can still sign the
checkpoint that announces the new one.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.errors import KeysInvalid

FILE_NAME = "keyring.json"
_VERSION = 1
"""Version of the format of the file."""
_MAX_FILE_BYTES = 1 << 20
"""Longest file that is read; a rotation adds less than 3 kB."""
_ML_DSA_44_KEY_BYTES = 1312
"""Bytes of a public key of ML-DSA-44."""
_RESTORE = "Restore it from a backup: without it, old pseudonyms and encrypted texts are lost"


@dataclass(frozen=True, slots=True, eq=False)
class PublicKey:
    """An Ed25519 public key. `raw` is its 32 bytes, `kid` its RFC 7638 thumbprint (43 base64url
    characters); `retired_at` is None for the current key."""

    raw: bytes
    created_at: datetime
    retired_at: datetime | None = None

    @property
    def kid(self) -> str:
        return thumbprint(self.raw)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is this key's over `data`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """The key as a JWK of RFC 8037, section 2. It has no `alg`: RFC 9864 renames EdDSA to
        Ed25519, and verifiers that know either name must accept the key."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _base64url(self.raw),
            "kid": self.kid,
            "use": "sig",
        }


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """The current Ed25519 key of one purpose."""

    public: PublicKey
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, *, at: datetime) -> SigningKey:
        """A new key, created at `at`."""
        return cls.of(Ed25519PrivateKey.generate(), at=at)

    @classmethod
    def of(cls, private: Ed25519PrivateKey, *, at: datetime) -> SigningKey:
        """The signing key with this private half, created at `at`."""
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(PublicKey(raw, at), private)

    @property
    def kid(self) -> str:
        return self.public.kid

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: 64 bytes."""
        return self.private.sign(data)

    def pkcs8(self) -> bytes:
        """The private key in PEM, for libraries that need that form. Secret."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, eq=False)
class PostQuantumKey:
    """The current ML-DSA-44 key of checkpoints, kept as its 32-byte seed.

    The key is computed when it is first used, since not every OpenSSL supports it: `raw` and
    `sign` raise KeysInvalid then.
    """

    seed: bytes = field(repr=False)

    @cached_property
    def _private(self) -> MLDSA44PrivateKey:
        try:
            return MLDSA44PrivateKey.from_seed_bytes(self.seed)
        except UnsupportedAlgorithm as error:
            raise KeysInvalid(
                "ML-DSA-44",
                "cannot be used with this OpenSSL",
                "Install cryptography from PyPI, or sign without it",
            ) from error

    @cached_property
    def raw(self) -> bytes:
        """The public key, 1,312 bytes."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: 2,420 bytes."""
        return self._private.sign(data)


@dataclass(frozen=True, slots=True, eq=False)
class Keyring:
    """All keys of the gateway. The secrets are 32 bytes each, and never in `repr`.

    `receipt` signs receipts; `checkpoint` signs checkpoints, and the name of its note key is the
    log's origin. `receipt_keys` and `checkpoint_keys` are the public halves, current first, then
    the retired ones, newest first. `post_quantum` can sign checkpoints too; its retired public
    halves are raw bytes.

    Derived from `root`: `pseudonym_secret` keys the pseudonyms that replace PII, `fingerprint_key`
    the digests of people and requests; `master_key` encrypts the subject keys; `webhook_secret`
    signs what is sent to webhooks.
    """

    receipt: SigningKey
    checkpoint: SigningKey
    root: bytes = field(repr=False)
    retired_receipts: tuple[PublicKey, ...] = ()
    retired_checkpoints: tuple[PublicKey, ...] = ()
    post_quantum: PostQuantumKey = field(
        default_factory=lambda: PostQuantumKey(secrets.token_bytes(32))
    )
    retired_post_quantum: tuple[bytes, ...] = ()
    pseudonym_secret: bytes = field(init=False, repr=False)
    fingerprint_key: bytes = field(init=False, repr=False)
    master_key: bytes = field(init=False, repr=False)
    webhook_secret: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("pseudonym_secret", "fingerprint_key", "master_key", "webhook_secret"):
            object.__setattr__(self, name, _derive(self.root, name))

    @property
    def receipt_keys(self) -> tuple[PublicKey, ...]:
        return (self.receipt.public, *self.retired_receipts)

    @property
    def checkpoint_keys(self) -> tuple[PublicKey, ...]:
        return (self.checkpoint.public, *self.retired_checkpoints)

    @property
    def post_quantum_keys(self) -> tuple[bytes, ...]:
        """ML-DSA-44 public keys of checkpoints, current first. Raises KeysInvalid where this
        OpenSSL has no ML-DSA."""
        return (self.post_quantum.raw, *self.retired_post_quantum)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys that receipts are verified with: an RFC 7517 key set."""
        return {"keys": [key.jwk() for key in self.receipt_keys]}

    @classmethod
    def generate(cls, *, at: datetime | None = None) -> Self:
        """A new keyring, in memory alone."""
        at = at or _now()
        return cls(SigningKey.generate(at=at), SigningKey.generate(at=at), secrets.token_bytes(32))

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Read `directory`/keyring.json. Raises KeysInvalid when the file is missing, unreadable,
        open to others or corrupt."""
        return cls._parse_file(directory, cls._read_document(directory))

    @classmethod
    def _read_document(cls, directory: Path) -> dict[str, Any]:
        path = directory / FILE_NAME
        try:
            document = json.loads(_read_private(path))
        except ValueError as error:
            raise KeysInvalid(str(path), "is corrupt", _RESTORE) from error
        if not isinstance(document, dict):
            raise KeysInvalid(str(path), "is corrupt", _RESTORE)
        return document

    @classmethod
    def _parse_file(cls, directory: Path, document: Mapping[str, Any]) -> Self:
        try:
            return cls._parse(document)
        except (ValueError, KeyError, TypeError) as error:
            raise KeysInvalid(str(directory / FILE_NAME), "is corrupt", _RESTORE) from error

    @classmethod
    def create(cls, directory: Path) -> Self:
        """Create `directory` (mode 0700) and a new keyring in it (mode 0600), durably. Raises
        KeysInvalid when there is a keyring already: it is never overwritten."""
        keyring = cls.generate()
        _make_directory(directory)
        if not _write_keyring(directory, keyring._document(), overwrite=False):
            raise KeysInvalid(
                str(directory / FILE_NAME),
                "is already there",
                "Use it, or name another directory",
            )
        return keyring

    @classmethod
    def open_or_create(cls, directory: Path) -> Self:
        """Open the keyring of `directory`, or create one. When several processes start together,
        one creates it and all open the same."""
        if not os.path.lexists(directory / FILE_NAME):
            _make_directory(directory)
            _write_keyring(directory, cls.generate()._document(), overwrite=False)
        return cls.open(directory)

    @classmethod
    def rotate(cls, directory: Path) -> Self:
        """Replace the signing keys, in both steps at once. The old public halves and the derived
        secrets stay. A running gateway signs with the old keys until it is restarted."""
        cls.prepare_rotation(directory)
        return cls.finish_rotation(directory)

    @classmethod
    def prepare_rotation(cls, directory: Path) -> Self:
        """Make the new signing keys and store them durably, without using them yet; return the
        future keyring. Returns the same keyring again until the rotation is finished."""
        with _locked_directory(directory):
            document = cls._read_document(directory)
            if "next" not in document:
                new = cls._parse_file(directory, document)._successor(at=_now())
                _write_keyring(directory, {**document, "next": new._document()}, overwrite=True)
                return new
        return cls._parse_file(directory, document["next"])

    @classmethod
    def finish_rotation(cls, directory: Path) -> Self:
        """Put the prepared keys into use, and delete the old private halves. Changes nothing when
        no rotation was prepared."""
        with _locked_directory(directory):
            document = cls._read_document(directory)
            new = cls._parse_file(directory, document.get("next", document))
            if "next" in document:
                _write_keyring(directory, new._document(), overwrite=True)
        return new

    def _successor(self, *, at: datetime) -> Self:
        cls = type(self)
        try:
            retired = self.post_quantum_keys
        except KeysInvalid:  # without ML-DSA in this OpenSSL, the key has signed nothing here
            retired = self.retired_post_quantum
        return cls(
            SigningKey.generate(at=at),
            SigningKey.generate(at=at),
            self.root,
            (replace(self.receipt.public, retired_at=at), *self.retired_receipts),
            (replace(self.checkpoint.public, retired_at=at), *self.retired_checkpoints),
            retired_post_quantum=retired,
        )

    def _document(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "root": _base64url(self.root),
            "root_check": _base64url(_derive(self.root, "check")),
            "receipt": _key_document(self.receipt, self.retired_receipts),
            "checkpoint": _key_document(self.checkpoint, self.retired_checkpoints),
            "post_quantum": {
                "seed": _base64url(self.post_quantum.seed),
                "retired": [_base64url(raw) for raw in self.retired_post_quantum],
            },
        }

    @classmethod
    def _parse(cls, document: Mapping[str, Any]) -> Self:
        if document["version"] != _VERSION:
            raise ValueError("unknown version")
        root = _key_bytes(document["root"])
        if not hmac.compare_digest(_derive(root, "check"), _key_bytes(document["root_check"])):
            raise ValueError("root secret damaged")
        receipt, retired_receipts = _parse_key(document["receipt"])
        checkpoint, retired_checkpoints = _parse_key(document["checkpoint"])
        # Older files have no such key: it is derived from the root until the first rotation.
        post_quantum = document.get("post_quantum") or {
            "seed": _base64url(_derive(root, "post_quantum")),
            "retired": [],
        }
        return cls(
            receipt,
            checkpoint,
            root,
            retired_receipts,
            retired_checkpoints,
            PostQuantumKey(_key_bytes(post_quantum["seed"])),
            tuple(_key_bytes(raw, size=_ML_DSA_44_KEY_BYTES) for raw in post_quantum["retired"]),
        )


def thumbprint(raw: bytes) -> str:
    """The RFC 7638 thumbprint of an Ed25519 public key, with members as in RFC 8037, A.3."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{_base64url(raw)}"}}'
    return _base64url(sha256(members.encode()).digest())


def _key_document(key: SigningKey, retired: tuple[PublicKey, ...]) -> dict[str, Any]:
    seed = key.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return {
        "private": _base64url(seed),
        "public": _base64url(key.public.raw),
        "created_at": key.public.created_at.isoformat(),
        "retired": [
            {
                "public": _base64url(old.raw),
                "created_at": old.created_at.isoformat(),
                "retired_at": old.retired_at.isoformat() if old.retired_at else None,
            }
            for old in retired
        ],
    }


def _parse_key(document: Mapping[str, Any]) -> tuple[SigningKey, tuple[PublicKey, ...]]:
    private = Ed25519PrivateKey.from_private_bytes(_key_bytes(document["private"]))
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    if not hmac.compare_digest(raw, _key_bytes(document["public"])):
        raise ValueError("private and public key differ")
    key = SigningKey(PublicKey(raw, datetime.fromisoformat(document["created_at"])), private)
    retired = tuple(
        PublicKey(
            _key_bytes(old["public"]),
            datetime.fromisoformat(old["created_at"]),
            datetime.fromisoformat(old["retired_at"]),
        )
        for old in document["retired"]
    )
    return key, retired


def _derive(root: bytes, purpose: str) -> bytes:
    """Derive the 32-byte secret for a purpose from the root secret."""
    info = f"avatar-gateway/v1/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(root)


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _key_bytes(text: str, *, size: int = 32) -> bytes:
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(data) != size or _base64url(data) != text:
        raise ValueError(f"not {size} bytes of base64url")
    return data


def _now() -> datetime:
    return datetime.now(UTC)


def _read_private(path: Path) -> bytes:
    """Read a file, after checking that only its owner can read or replace it. Raises
    KeysInvalid."""
    try:
        _refuse_if(
            path.parent,
            path.parent.stat().st_mode & 0o022,
            "can be written by others",
            f"chmod go-w {path.parent}",
        )
        with path.open("rb") as file:
            # Check the open file, not its name, which could name another file by now.
            status = os.fstat(file.fileno())
            _refuse_if(
                path, not stat.S_ISREG(status.st_mode), "is not a regular file", "Name a file"
            )
            _refuse_if(path, status.st_mode & 0o077, "can be read by others", f"chmod 600 {path}")
            _refuse_if(path, status.st_size > _MAX_FILE_BYTES, "is too large", _RESTORE)
            return file.read(_MAX_FILE_BYTES)
    except FileNotFoundError as error:
        raise KeysInvalid(
            str(path), "is missing", "Restore it from a backup, or name the right data directory"
        ) from error
    except OSError as error:
        raise KeysInvalid(
            str(path), f"cannot be read ({error.strerror})", "Let its owner run the gateway"
        ) from error


def _refuse_if(path: Path, bad: object, problem: str, mend: str) -> None:
    if bad:
        raise KeysInvalid(str(path), problem, mend)


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeysInvalid(
            str(directory), f"cannot be made ({error.strerror})", "Name a directory you may write"
        ) from error


def _write_keyring(directory: Path, document: Mapping[str, Any], *, overwrite: bool) -> bool:
    """Write the keyring durably; a crash leaves the old file or the new one. Returns False when
    there is one and `overwrite` is not set."""
    path = directory / FILE_NAME
    draft = directory / f".{FILE_NAME}.{secrets.token_hex(8)}"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(json.dumps(document, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            if overwrite:
                draft.replace(path)
            else:
                os.link(draft, path)  # unlike a rename, fails when the name is taken
        except FileExistsError:
            return False
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
        _sync_directory(directory)
    except OSError as error:
        raise KeysInvalid(
            str(path), f"cannot be written ({error.strerror})", "Free some space, or mend the mode"
        ) from error
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked_directory(directory: Path) -> Iterator[None]:
    """Keep other processes from rotating the keys of this directory."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise KeysInvalid(
            str(directory), f"cannot be read ({error.strerror})", "Name the key directory"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
