"""Reads an evidence file line by line: JSON Lines, plain or gzip, of any length, in bounded
memory. Nothing in the file is believed here; it is only told apart."""

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

from gateway.verifier.note import Malformed, TrustedKey

FORMAT, VERSION = "avatar-gateway-evidence", 1
MAX_LINE = 8 << 20
"""Bytes. A longest message with all that can be found in it stays far below; what JSON of this
size can unfold to fits into memory."""

_MAX_KEYS = 1_000
_MAX_TEXT = 300
_GZIP = b"\x1f\x8b"


class Unusable(Exception):
    """The input cannot be judged: it is no evidence file, or a file or key given is none. Says
    what to do."""


class Damaged(Exception):
    """The file cannot be read further: cut off, corrupt, or a line is too long."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_no_constant)


def parse_object(data: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises ValueError for anything else."""
    text = data.decode() if isinstance(data, bytes) else data
    try:
        value = _JSON.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if type(value) is not dict:
        raise ValueError("no JSON object")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file says of itself. `tenant`: bodies of other tenants' entries are left out;
    None: none are. `keys` are a claim like any other."""

    origin: str
    created_at: str
    tenant: str | None
    entries: int
    keys: tuple[TrustedKey, ...]
    strange_keys: int


class Evidence:
    """An open evidence file. `read` bytes of `total` (None: unknown) were taken from it so far;
    `digest` is the SHA-256 of the file as it lies there, once all lines were read."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self._source = _Source(file)
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
        """The lines after the header. Raises Damaged."""
        while line := self._line():
            yield line

    def _line(self) -> bytes:
        """Empty at the end."""
        try:
            line = self._lines.readline(MAX_LINE + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise Damaged(f"the file cannot be read further: {error}") from error
        if len(line) > MAX_LINE:
            raise Damaged(f"a line is longer than {MAX_LINE} bytes")
        return line

    def _read_header(self) -> Header:
        wanted = "Is it what `avatar-gateway audit evidence` wrote?"
        try:
            line = self._line()
        except Damaged as error:
            raise Unusable(f"{self.name}: {error}. {wanted}") from error
        try:
            said = parse_object(line)
        except ValueError:
            raise Unusable(f"{self.name}: this is no evidence file. {wanted}") from None
        if said.get("format") != FORMAT:
            raise Unusable(f"{self.name}: this is no evidence file. {wanted}")
        if said.get("version") != VERSION:
            raise Unusable(
                f"{self.name}: this verifier reads version {VERSION} of the format alone. "
                "Get the verifier of that release."
            )
        try:
            return _header(said)
        except (KeyError, TypeError, ValueError):
            raise Unusable(f"{self.name}: the first line is malformed. {wanted}") from None


def _header(said: dict[str, Any]) -> Header:
    keys: list[TrustedKey] = []
    strange = 0
    for listed in said["keys"][:_MAX_KEYS]:
        try:
            keys.append(TrustedKey.parse(listed["key"]))
        except Malformed:
            strange += 1
    header = Header(
        origin=said["origin"],
        created_at=said["created_at"],
        tenant=said["tenant"],
        entries=said["entries"],
        keys=tuple(keys),
        strange_keys=strange,
    )
    texts = (header.origin, header.created_at, header.tenant or "")
    if not all(type(text) is str and len(text) <= _MAX_TEXT for text in texts):
        raise TypeError
    if type(header.entries) is not int:
        raise TypeError
    return header


class _Source(io.RawIOBase):
    """The file's own bytes, counted and hashed on their way."""

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


def _lines_of(source: _Source) -> io.BufferedIOBase:
    buffered = io.BufferedReader(source, 1 << 18)
    try:
        is_gzip = buffered.peek(2)[:2] == _GZIP
    except OSError as error:
        raise Unusable(f"the file cannot be read: {error}") from error
    # No buffer around this one: it would lose what lies before the place where a file is cut.
    return gzip.GzipFile(fileobj=buffered) if is_gzip else buffered
