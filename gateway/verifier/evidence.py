"""Reads an evidence file line by line: JSON Lines, plain or gzip, of any length, in bounded
memory. Nothing is verified here."""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO, NoReturn

from gateway.verifier.note import MalformedNote, TrustedKey

FORMAT, VERSION = "avatar-gateway-evidence", 1
MAX_LINE_BYTES = 8 << 20
"""Bytes of a line. The longest message with all its findings stays far below, and JSON of this size
fits into memory once it is parsed."""

_MAX_KEYS = 1_000  # keys of the header that are read
_MAX_TEXT = 300  # characters of a text in the header; a longer one makes it malformed
_GZIP = b"\x1f\x8b"


class UnusableInput(Exception):
    """The input cannot be judged: the file is no evidence file, or a key or a kept checkpoint is
    malformed. The message says what to do."""


class DamagedFile(Exception):
    """The file cannot be read further: it is cut off or corrupt, or a line is too long."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_object(data: bytes | str) -> dict[str, Any]:
    """Parse a JSON object. Raises ValueError for anything else."""
    text = data.decode() if isinstance(data, bytes) else data
    try:
        value = _JSON.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if type(value) is not dict:
        raise ValueError("no JSON object")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceHeader:
    """The first line of the file, all of which is only claimed.

    With a `tenant`, the bodies of other tenants' entries are left out. `strange_keys` counts keys
    that cannot be read.
    """

    origin: str
    created_at: str
    tenant: str | None
    entries: int
    keys: tuple[TrustedKey, ...]
    strange_keys: int


class Evidence:
    """An open evidence file, whose header is read.

    `read` bytes of `total` (None when unknown) have been taken from the file so far. Once all lines
    are read, `digest` is the SHA-256 of the file as it is stored.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self._source = _CountingReader(file)
        self._lines = _lines_of(self._source)
        self.header = self._read_header()

    @property
    def read(self) -> int:
        return self._source.count

    @property
    def total(self) -> int | None:
        return self._source.total

    @property
    def digest(self) -> str:
        return self._source.hash.hexdigest()

    def lines(self) -> Iterator[bytes]:
        """The lines after the header. Raises DamagedFile."""
        while line := self._read_line():
            yield line

    def _read_line(self) -> bytes:
        """Read the next line; empty at the end. Raises DamagedFile."""
        try:
            line = self._lines.readline(MAX_LINE_BYTES + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise DamagedFile(f"the file cannot be read further: {error}") from error
        if len(line) > MAX_LINE_BYTES:
            raise DamagedFile(f"a line is longer than {MAX_LINE_BYTES} bytes")
        return line

    def _read_header(self) -> EvidenceHeader:
        wanted = "Is it what `avatar-gateway audit evidence` wrote?"
        try:
            line = self._read_line()
        except DamagedFile as error:
            raise UnusableInput(f"{self.name}: {error}. {wanted}") from error
        try:
            header = parse_object(line)
        except ValueError:
            raise UnusableInput(f"{self.name}: this is no evidence file. {wanted}") from None
        if header.get("format") != FORMAT:
            raise UnusableInput(f"{self.name}: this is no evidence file. {wanted}")
        if header.get("version") != VERSION:
            raise UnusableInput(
                f"{self.name}: this verifier reads version {VERSION} of the format alone. "
                "Get the verifier of that release."
            )
        try:
            return _header_from(header)
        except (KeyError, TypeError, ValueError):
            raise UnusableInput(f"{self.name}: the first line is malformed. {wanted}") from None


def _header_from(header_json: dict[str, Any]) -> EvidenceHeader:
    """Build the header. Raises KeyError, TypeError or ValueError when it is malformed."""
    keys: list[TrustedKey] = []
    strange = 0
    for listed in header_json["keys"][:_MAX_KEYS]:
        try:
            keys.append(TrustedKey.parse(listed["key"]))
        except MalformedNote:
            strange += 1
    header = EvidenceHeader(
        origin=header_json["origin"],
        created_at=header_json["created_at"],
        tenant=header_json["tenant"],
        entries=header_json["entries"],
        keys=tuple(keys),
        strange_keys=strange,
    )
    texts = (header.origin, header.created_at, header.tenant or "")
    if not all(type(text) is str and len(text) <= _MAX_TEXT for text in texts):
        raise TypeError
    if type(header.entries) is not int:
        raise TypeError
    return header


class _CountingReader(io.RawIOBase):
    """A file whose bytes are counted and hashed while they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0
        self.hash = sha256()
        self.total: int | None = None
        try:
            self.total = os.fstat(file.fileno()).st_size or None
        except (OSError, ValueError):
            self.total = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        self.hash.update(data)
        return len(data)


def _lines_of(source: _CountingReader) -> io.BufferedIOBase:
    """A reader of the file's text, decompressed when it is gzip. Raises UnusableInput."""
    buffered = io.BufferedReader(source, 1 << 18)
    try:
        is_gzip = buffered.peek(2)[:2] == _GZIP
    except OSError as error:
        raise UnusableInput(f"the file cannot be read: {error}") from error
    # Not buffered again: a buffer would lose what comes before the place where a file is cut off.
    return gzip.GzipFile(fileobj=buffered) if is_gzip else buffered
