"""Policy bundles: all policies in one signed file, for this gateway and for OPA servers.

A tar.gz as OPA loads it: modules, data, `.manifest`, `.signatures.json`; beside them phrases and
schemas, which OPA ignores. `gateway_bundle/` tells an OPA server the digest (see server_files).
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from pathlib import PurePosixPath

from gateway.errors import PolicyInvalid
from gateway.policy.packs import source
from gateway.policy.packs.server_files import server_files
from gateway.policy.packs.signing import (
    MANIFEST,
    SIGNATURES,
    BundleSigningKey,
    BundleVerificationKey,
)
from gateway.policy.packs.source import RESERVED, Snapshot, make_snapshot

MAX_BUNDLE_BYTES = 4 << 20
"""Bytes of the packed bundle. `source.MAX_TOTAL_BYTES` bounds the unpacked files."""

_NAME = "the bundle"
_ANSWER = f"{RESERVED}/answer.rego"


def pack(files: list[tuple[str, bytes]], *, key: BundleSigningKey | None) -> bytes:
    """The bundle of (path, content) `files` as `read_folder` gives them; tests stay out. The
    same files make the same bytes, but for the signature. Raises PolicyInvalid."""
    kept = [(path, content) for path, content in files if not path.endswith("_test.rego")]
    snapshot = make_snapshot(kept, name=_NAME)
    answer = next(module for module in server_files(snapshot).modules if module.path == _ANSWER)
    manifest = {"revision": snapshot.bundle.digest, "rego_version": 1, "roots": [""]}
    kept += [
        (answer.path, answer.text.encode()),
        (f"{RESERVED}/data.json", json.dumps({"digest": snapshot.bundle.digest}).encode()),
        (MANIFEST, json.dumps(manifest).encode()),
    ]
    return _pack_files(kept, key=key)


def pack_for_server(snapshot: Snapshot, *, key: BundleSigningKey) -> bytes:
    """The bundle for an OPA server that fetches its policies: those of `snapshot`, signed, with its
    digest as the revision. Phrases and schemas are left out: OPA has no use for them."""
    files = server_files(snapshot)
    manifest = {"revision": snapshot.bundle.digest, "rego_version": 1, "roots": [""]}
    kept = [(module.path, module.text.encode()) for module in files.modules]
    kept += [
        ("data.json", json.dumps(files.data, ensure_ascii=False).encode()),
        (MANIFEST, json.dumps(manifest).encode()),
    ]
    return _pack_files(kept, key=key)


def _pack_files(files: list[tuple[str, bytes]], *, key: BundleSigningKey | None) -> bytes:
    signed = [] if key is None else [(SIGNATURES, key.sign(files))]
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path, content in (*files, *signed):
            about = tarfile.TarInfo(path)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return out.getvalue()


def unpack(content: bytes, *, key: BundleVerificationKey | None) -> Snapshot:
    """The policies of a bundle, verified with `key` first where there is one. Raises
    PolicyInvalid. Nothing is written to disk; sizes are bounded."""
    files = _read_members(content)
    signatures = files.pop(SIGNATURES, None)
    if key is not None:
        if signatures is None:
            raise PolicyInvalid(_NAME, "it is not signed", "Use `policy bundle --signing-key`.")
        key.verify(files, signatures)
    return make_snapshot(_policy_files(files), name=_NAME)


def _policy_files(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """The files of a bundle without those made only for OPA."""
    return [
        (path, text)
        for path, text in files.items()
        if not path.startswith(f"{RESERVED}/") and source.counts(PurePosixPath(path).name)
    ]


def _read_members(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    if len(content) > MAX_BUNDLE_BYTES:
        raise PolicyInvalid(_NAME, f"it is larger than {MAX_BUNDLE_BYTES} bytes", "Shorten it.")
    try:
        # A tar that unpacks to more is cut off, and what is cut off does not parse.
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            plain = packed.read(source.MAX_TOTAL_BYTES * 2 + 1)
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            for about in tar:
                path = _checked_path(about.name)
                if about.isdir():
                    continue
                stream = tar.extractfile(about) if about.isreg() else None
                if stream is None or path in files:
                    raise PolicyInvalid(path, "it is no plain file, or is there twice", "Mend it.")
                files[path] = stream.read(source.MAX_FILE_BYTES + 1)
                total += len(files[path])
                _check_bounds(path, len(files[path]), total, len(files))
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        raise PolicyInvalid(
            _NAME, f"it is no tar.gz ({type(error).__name__})", "Make it with `policy bundle`."
        ) from None
    return files


def _check_bounds(path: str, size: int, total: int, count: int) -> None:
    if size > source.MAX_FILE_BYTES:
        raise PolicyInvalid(path, f"it is larger than {source.MAX_FILE_BYTES} bytes", "Split it.")
    if total > source.MAX_TOTAL_BYTES or count > source.MAX_FILES:
        raise PolicyInvalid(
            _NAME,
            f"more than {source.MAX_FILES} files or {source.MAX_TOTAL_BYTES} bytes of policies",
            "Shorten it.",
        )


def _checked_path(name: str) -> str:
    """The path of a member as in a folder, without a leading slash or dot."""
    path = PurePosixPath(name.lstrip("/"))
    if ".." in path.parts or "\\" in name or "\0" in name:
        raise PolicyInvalid(_NAME, "a path in it leads out of it", "Make it with `policy bundle`.")
    return path.as_posix()


def repack(content: bytes, *, key: BundleSigningKey) -> bytes:
    """The same bundle with a signature of `key`. Raises PolicyInvalid."""
    return pack(files_in(content), key=key)


def files_in(content: bytes) -> list[tuple[str, bytes]]:
    """The policy files in a bundle, not verified. Raises PolicyInvalid."""
    return _policy_files(_read_members(content))
