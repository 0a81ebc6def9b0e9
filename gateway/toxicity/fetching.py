"""Downloads a Detoxify checkpoint from its project's release page, when a person asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from gateway.errors import ModelInvalid

_RELEASES = "https://github.com/unitaryai/detoxify/releases/download"


@dataclass(frozen=True, slots=True)
class ModelDownload:
    """Where a checkpoint lies, below the release page, and how its sha256 (hex) begins, as the name
    of the file states it."""

    path: str
    sha256_prefix: str


RELEASES: Mapping[str, ModelDownload] = MappingProxyType(
    {
        "original": ModelDownload("v0.1-alpha/toxic_original-c1212f89.ckpt", "c1212f89"),
        "unbiased": ModelDownload("v0.3-alpha/toxic_debiased-c7548aa0.ckpt", "c7548aa0"),
        "multilingual": ModelDownload("v0.4-alpha/multilingual_debiased-0b549669.ckpt", "0b549669"),
    }
)
"""Source: `MODEL_URLS` of the package detoxify 0.5.4."""


def fetch_checkpoint(
    kind: str,
    *,
    into: Path,
    sha256: str | None = None,
    base: str = _RELEASES,
    largest: int = 4_000_000_000,
    transport: httpx.BaseTransport | None = None,
) -> tuple[Path, str]:
    """Download the checkpoint `kind`; return its path and its sha256 (hex).

    The hash is checked against `sha256` if given, and against the beginning that the file's name
    states. Raises ModelInvalid for an unknown kind, a failed download, more than `largest` bytes or
    a wrong hash, and leaves no file behind then.
    """
    release = RELEASES.get(kind)
    if release is None:
        raise ModelInvalid(kind, "is no kind of Detoxify model", f"Use one of {sorted(RELEASES)}")
    into.mkdir(parents=True, exist_ok=True)
    path = into / release.path.rpartition("/")[2]
    part = path.with_suffix(".part")
    try:
        digest_hex = _download_file(f"{base}/{release.path}", part, largest, transport)
        expected = sha256 or release.sha256_prefix
        if not digest_hex.startswith(expected) or not digest_hex.startswith(release.sha256_prefix):
            raise ModelInvalid(
                path.name, f"has sha256 {digest_hex}, expected {expected}…", "Download it again"
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path, digest_hex


def _download_file(
    url: str, part: Path, largest: int, transport: httpx.BaseTransport | None
) -> str:
    """Download `url` to the file `part`; return the sha256 (hex) of its bytes."""
    digest = hashlib.sha256()
    size = 0
    try:
        with (
            httpx.Client(transport=transport, follow_redirects=True, timeout=60) as client,
            client.stream("GET", url) as response,
            part.open("wb") as file,
        ):
            response.raise_for_status()
            if response.url.scheme != "https":
                raise ModelInvalid(url, "led away from https", "Download it by hand")
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > largest:
                    raise ModelInvalid(url, f"is larger than {largest} bytes", "Do not use it")
                digest.update(chunk)
                file.write(chunk)
    except httpx.HTTPError as error:
        raise ModelInvalid(
            url, f"could not be downloaded ({type(error).__name__})", "Download it by hand"
        ) from error
    return digest.hexdigest()
