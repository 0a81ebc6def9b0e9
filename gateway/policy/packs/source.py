"""Reads a directory of policies into an immutable snapshot.

Layout as in OPA bundles: `*.rego` anywhere; `data.json` and `data.yaml` are rooted at their
directory. Beside them `*.phrases.yaml` (see signals) and `schemas/*.schema.json`.
Files named `*_test.rego` are kept apart: they never decide anything.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from gateway.errors import PolicyInvalid
from gateway.model.decision import Bundle
from gateway.policy.packs import strict_data

MAX_FILES = 4_000
"""Most files of a policies folder. Like the next two bounds, it refuses a wrong path before it
fills the memory."""
MAX_FILE_BYTES = 1 << 20
"""Most bytes of one file."""
MAX_TOTAL_BYTES = 16 << 20
"""Most bytes of all files together."""
RESERVED = "gateway_bundle"  # package in which an OPA server keeps the digest of its policies


@dataclass(frozen=True, slots=True)
class RegoModule:
    """One Rego file. `path` is relative to the policies directory, with slashes."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class DataFile:
    """One parsed data or phrases file."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a policies directory holds, read once. `data` is the merged base document,
    `data_json` the same as JSON. `bundle.digest` covers modules, data and phrases, not tests
    and schemas."""

    modules: tuple[RegoModule, ...]
    tests: tuple[RegoModule, ...]
    data: Mapping[str, Any]
    data_json: str
    data_files: tuple[DataFile, ...]
    phrases: tuple[DataFile, ...]
    schemas: Mapping[str, Any]
    bundle: Bundle


def load_snapshot(directory: Path) -> Snapshot:
    """Read `directory`. Raises PolicyInvalid, naming file, line and column where they are known."""
    return make_snapshot(read_folder(directory), name=directory.name)


def make_snapshot(files: Iterable[tuple[str, bytes]], *, name: str) -> Snapshot:
    """The snapshot of (path, content) `files`, as `read_folder` gives them. Raises PolicyInvalid,
    in which `name` names the whole."""
    modules: list[RegoModule] = []
    tests: list[RegoModule] = []
    data_files: list[DataFile] = []
    phrases: list[DataFile] = []
    schemas: dict[str, Any] = {}
    digested: list[tuple[str, bytes]] = []
    for path, content in sorted(files):
        text = _decode_text(path, content)
        if path.endswith("_test.rego"):
            tests.append(RegoModule(path, text))
            continue
        if path.endswith(".schema.json"):
            schemas[PurePosixPath(path).name] = strict_data.parse(path, text)
            continue
        if path.endswith(".rego"):
            modules.append(RegoModule(path, text))
        elif path.endswith(".phrases.yaml"):
            phrases.append(DataFile(path, strict_data.parse(path, text)))
        else:
            data_files.append(DataFile(path, strict_data.parse(path, text)))
        digested.append((path, content))
    if not modules:
        raise PolicyInvalid(
            name, "no policies were found", "Point at a directory with .rego files."
        )
    data = _merge_data(data_files)
    return Snapshot(
        modules=tuple(modules),
        tests=tuple(tests),
        data=MappingProxyType(data),
        data_json=json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        data_files=tuple(data_files),
        phrases=tuple(phrases),
        schemas=MappingProxyType(schemas),
        bundle=Bundle(digest=_digest_files(digested), revisions=_pack_revisions(data)),
    )


def read_folder(directory: Path) -> list[tuple[str, bytes]]:
    """Path and content of every file of the policies, sorted by path. Raises PolicyInvalid."""
    if not directory.is_dir():
        raise PolicyInvalid(
            str(directory.name), "there is no such directory", "Set the policies directory."
        )
    files_found: list[tuple[str, bytes]] = []
    total = 0
    for file in _walk_files(directory):
        path = file.relative_to(directory).as_posix()
        content = _read_file(file, path)
        total += len(content)
        files_found.append((path, content))
        if len(files_found) > MAX_FILES or total > MAX_TOTAL_BYTES:
            raise PolicyInvalid(
                path,
                f"more than {MAX_FILES} files or {MAX_TOTAL_BYTES} bytes of policies",
                "Point at a directory that holds policies alone.",
            )
    return sorted(files_found)


def fingerprint(directory: Path) -> tuple[tuple[str, int, int, int], ...]:
    """A value that changes whenever a file of the policies is written, added or removed: path,
    inode, size in bytes and time of the last change (ns) of each. Reads no contents."""
    entries = []
    for number, file in enumerate(_walk_files(directory)):
        if number > MAX_FILES:
            break
        with suppress(OSError):
            about = file.stat()
            entries.append((str(file), about.st_ino, about.st_size, about.st_mtime_ns))
    return tuple(sorted(entries))


def _walk_files(directory: Path) -> Iterator[Path]:
    for root, names, files in os.walk(directory):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and counts(name):
                yield Path(root, name)


def counts(name: str) -> bool:
    """Whether a file of this name belongs to the policies."""
    return name.endswith((".rego", ".phrases.yaml", ".schema.json")) or name in (
        "data.yaml",
        "data.json",
    )


def _read_file(file: Path, path: str) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PolicyInvalid(
            path, f"it cannot be read ({error.strerror})", "Check that it is a readable file."
        ) from None
    if len(content) > MAX_FILE_BYTES:
        raise PolicyInvalid(path, f"it is larger than {MAX_FILE_BYTES} bytes", "Split it.")
    return content


def _decode_text(path: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyInvalid(
            path,
            "it is not UTF-8",
            "Save it as UTF-8.",
            line=content.count(b"\n", 0, error.start) + 1,
        ) from None
    if text.startswith("\ufeff"):
        raise PolicyInvalid(path, "it begins with a byte order mark", "Save it without one.")
    return text


def _merge_data(files: Iterable[DataFile]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for file in files:
        segments = PurePosixPath(file.path).parent.parts
        value = file.value
        if value is None:
            continue
        if not isinstance(value, dict):
            raise PolicyInvalid(
                file.path, "it is not a table of keys and values", "Put the value under a key."
            )
        for segment in reversed(segments):
            value = {segment: value}
        if RESERVED in value:
            raise PolicyInvalid(
                file.path, f"the name {RESERVED} is reserved", "Choose another name."
            )
        _merge_into(merged, value, file.path, ())
    return merged


def _merge_into(
    target: dict[str, Any], value: Mapping[str, Any], file: str, path: tuple[str, ...]
) -> None:
    for key, item in value.items():
        if key not in target:
            target[key] = _copy_data(item)
        elif isinstance(target[key], dict) and isinstance(item, dict):
            _merge_into(target[key], item, file, (*path, key))
        else:
            where = ".".join((*path, key))
            raise PolicyInvalid(
                file, f"data.{where} is defined by another file too", "Keep one of them."
            )


def _copy_data(item: Any) -> Any:
    return (
        {key: _copy_data(value) for key, value in item.items()} if isinstance(item, dict) else item
    )


def _digest_files(files: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for path, content in files:
        name = path.encode("utf-8")
        digest.update(b"%d:%b%d:" % (len(name), name, len(content)))
        digest.update(content)
    return digest.hexdigest()


def _pack_revisions(data: Mapping[str, Any]) -> dict[str, str]:
    """pack → version, from each `<pack>/data.yaml` that has `pack: {version: …}`."""
    revisions = {}
    for name, value in data.items():
        pack = value.get("pack") if isinstance(value, dict) else None
        if isinstance(pack, dict) and "version" in pack:
            revisions[name] = str(pack["version"])
    return revisions
