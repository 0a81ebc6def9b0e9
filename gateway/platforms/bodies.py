"""Parses the fields of a request, in any of the body types, into one document, and writes it back.
Pure.

Bodies are read strictly, so that no server behind the gateway reads anything else than the gateway
did: a key that occurs twice, or in another spelling, is denied.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.platforms.declaration import Action, Content, Operation
from gateway.platforms.matching import OperationDenied, pairs

_TYPES: Mapping[str, Content] = {
    "application/json": Content.JSON,
    "application/x-www-form-urlencoded": Content.FORM,
    "multipart/form-data": Content.MULTIPART,
}
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_MOST_PARTS = 64  # parts of one multipart body


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A part of a multipart body that is a file."""

    name: str
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedBody:
    """A request's body, parsed.

    `document` holds the fields. `enveloped`: it was the JSON part of a multipart body.
    """

    content: Content
    document: dict[str, Any]
    files: tuple[UploadedFile, ...] = ()
    enveloped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBody:
    """A body as it is sent on; `query` has the fields where they are in the query string."""

    content_type: str | None
    data: bytes
    query: str | None = None


def parse(operation: Operation, content_type: str, raw: bytes, query: str) -> ParsedBody:
    """Parse a judged request. Raises OperationDenied for fields and types that are not listed, and
    for ambiguous ones."""
    if not raw and operation.when_empty is Action.PASS:
        return ParsedBody(content=Content.JSON, document={})
    kind, options = parse_options_header(content_type)
    media_type = kind.decode("latin-1").lower()
    content = _TYPES.get(media_type)
    if not raw and Content.QUERY in operation.content:
        content = Content.QUERY
    if content is None or content not in operation.content:
        listed = ", ".join(sorted(operation.content))
        raise OperationDenied(
            f"the body is of a type that is not listed; send one of: {listed}", 415
        )
    charset = options.get(b"charset", b"utf-8").decode("latin-1").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise OperationDenied("the body is not UTF-8", 415)
    if content is Content.JSON:
        body = ParsedBody(content=content, document=_json_object(strict_json(raw)))
    elif content is Content.MULTIPART:
        body = _parse_multipart(operation, options.get(b"boundary", b""), raw)
    else:
        fields = pairs(query if content is Content.QUERY else _decode_utf8(raw))
        body = ParsedBody(content=content, document=_document_of(operation, fields))
    _check_names(operation, body.document)
    return body


def write(operation: Operation, body: ParsedBody) -> WrittenBody:
    """Write `body` as it is sent on. Raises OperationDenied for what its type cannot express."""
    document = body.document
    if body.content is Content.JSON:
        return WrittenBody(content_type="application/json", data=_json_bytes(document))
    if body.content is Content.MULTIPART:
        fields = (
            [(str(operation.envelope), _json_bytes(document).decode())]
            if body.enveloped
            else _flat_fields(operation, document)
        )
        return _written_parts(fields, body.files)
    encoded = urlencode(_flat_fields(operation, document))
    if body.content is Content.QUERY:
        return WrittenBody(content_type=None, data=b"", query=encoded)
    return WrittenBody(content_type="application/x-www-form-urlencoded", data=encoded.encode())


def with_document(body: ParsedBody, document: dict[str, Any]) -> ParsedBody:
    return replace(body, document=document)


def strict_json(raw: bytes | str) -> Any:
    """The value of a JSON text. Raises OperationDenied for what is not UTF-8, not JSON, or has a
    key twice."""
    text = _decode_utf8(raw) if isinstance(raw, bytes) else raw
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_nan)
    except RecursionError:
        raise OperationDenied("the body is nested too deep", 400) from None
    except ValueError as error:
        if isinstance(error, OperationDenied):
            raise
        raise OperationDenied("the body is not JSON", 400) from None


def _decode_utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise OperationDenied("the body is not UTF-8", 400) from None


def _no_duplicates(given: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(given)
    if len(members) != len(given):
        raise OperationDenied("the body names a key twice", 400)
    return members


def _no_nan(_: str) -> None:
    raise OperationDenied("the body holds NaN or Infinity", 400)


def _json_object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise OperationDenied("the body is not a JSON object", 400)
    return document


def _json_bytes(document: Any) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise OperationDenied("the body holds half a surrogate pair", 400) from None


def _check_names(operation: Operation, document: Mapping[str, Any]) -> None:
    """Raise OperationDenied for a key that some server could take for another, or that is not
    listed."""
    texts = {str(step) for text in operation.texts for step in _names_in(text.pattern[0])}
    folded: dict[str, str] = {}
    known = {name.casefold(): name for name in texts if name not in ("*", "**")}
    for name in document:
        if name == "_method":
            raise OperationDenied("the field _method would change what the request means")
        twin = folded.setdefault(name.casefold(), name)
        root = known.get(name.partition("[")[0].casefold())
        if twin != name or (root is not None and root != name):
            raise OperationDenied(f"the field {name[:40]} could be read as another", 400)
        if operation.fields and name not in operation.fields and name not in texts:
            raise OperationDenied(f"the field {name[:40]} is not listed for {operation.name}")


def _names_in(step: str | tuple[str, ...]) -> tuple[str, ...]:
    return step if isinstance(step, tuple) else (step,)


def _document_of(operation: Operation, given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in given:
        key = _KEY.fullmatch(name) if operation.brackets else None
        inner = re.findall(r"\[([^\[\]]*)\]", key.group(2)) if key else []
        if operation.brackets and key is None:
            raise OperationDenied(f"the field {name[:40]} cannot be read", 400)
        _nest_field(document, [key.group(1) if key else name, *inner], value, name)
    for name in operation.json_fields:
        if isinstance(document.get(name), str):
            document[name] = strict_json(document[name])
    return document


def _nest_field(document: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    """Put `value` into `document` at the nested `keys`, as Rails reads `a[b][]=value`."""
    node: Any = document
    for index, key in enumerate(keys):
        last = index == len(keys) - 1
        following: Any = [] if not last and keys[index + 1] == "" else {}
        if isinstance(node, list):
            if key != "" or not last:
                raise OperationDenied(f"the field {name[:40]} cannot be read", 400)
            node.append(value)
        elif key == "" or not isinstance(node, dict) or (last and key in node):
            raise OperationDenied(f"the field {name[:40]} is there twice, or cannot be read", 400)
        elif last:
            node[key] = value
        else:
            node = node.setdefault(key, following)


def _flat_fields(operation: Operation, document: Mapping[str, Any]) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for name, value in document.items():
        if name in operation.json_fields and not isinstance(value, str):
            fields.append((name, _json_bytes(value).decode()))
        else:
            _flatten_value(fields, name, value)
    try:
        "".join(value for _, value in fields).encode()
    except UnicodeEncodeError:
        raise OperationDenied("the body holds half a surrogate pair", 400) from None
    return fields


def _flatten_value(fields: list[tuple[str, str]], name: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten_value(fields, f"{name}[{key}]", inner)
    elif isinstance(value, list):
        for inner in value:
            _flatten_value(fields, f"{name}[]", inner)
    else:
        fields.append((name, str(value)))


@dataclass(slots=True)
class _FormPart:
    headers: dict[str, str]
    data: bytearray


def _parse_multipart(operation: Operation, boundary: bytes, raw: bytes) -> ParsedBody:
    fields: list[tuple[str, str]] = []
    files: list[UploadedFile] = []
    for part in _read_parts(boundary, raw):
        if "content-transfer-encoding" in part.headers:
            raise OperationDenied("a part is encoded", 415)
        disposition = part.headers.get("content-disposition", "")
        _, options = parse_options_header(disposition)
        name = _decode_utf8(options.get(b"name", b""))
        if not name:
            raise OperationDenied("a part has no name", 400)
        if b"filename" in options:
            files.append(
                UploadedFile(
                    name=name,
                    filename=_decode_utf8(options[b"filename"]),
                    content_type=part.headers.get("content-type", "application/octet-stream"),
                    data=bytes(part.data),
                )
            )
        else:
            fields.append((name, _decode_utf8(bytes(part.data))))
    if operation.envelope is not None and operation.envelope in dict(fields):
        if len(fields) != 1:
            raise OperationDenied(f"fields beside {operation.envelope}", 400)
        document = _json_object(strict_json(fields[0][1]))
        return ParsedBody(
            content=Content.MULTIPART, document=document, files=tuple(files), enveloped=True
        )
    document = _document_of(operation, fields)
    return ParsedBody(content=Content.MULTIPART, document=document, files=tuple(files))


def _read_parts(boundary: bytes, raw: bytes) -> list[_FormPart]:
    """The parts of a multipart body, read by the library that Starlette uses."""
    parts: list[_FormPart] = []
    name, value = bytearray(), bytearray()
    ended: list[bool] = []

    def begin() -> None:
        if len(parts) >= _MOST_PARTS:
            raise OperationDenied("too many parts", 413)
        parts.append(_FormPart({}, bytearray()))

    def header_end() -> None:
        key = name.decode("latin-1").lower()
        if key in parts[-1].headers:
            raise OperationDenied("a part names a header twice", 400)
        parts[-1].headers[key] = value.decode("latin-1")
        name.clear()
        value.clear()

    callbacks: Any = {
        "on_part_begin": begin,
        "on_header_field": lambda data, start, end: name.extend(data[start:end]),
        "on_header_value": lambda data, start, end: value.extend(data[start:end]),
        "on_header_end": header_end,
        "on_part_data": lambda data, start, end: parts[-1].data.extend(data[start:end]),
        "on_end": lambda: ended.append(True),
    }
    try:
        parser = MultipartParser(boundary, callbacks)
        parser.write(raw)
        parser.finalize()
    except FormParserError:
        raise OperationDenied("the multipart body cannot be read", 400) from None
    if not ended:
        raise OperationDenied("the multipart body has no end", 400)
    return parts


def _written_parts(fields: Iterable[tuple[str, str]], files: Iterable[UploadedFile]) -> WrittenBody:
    boundary = secrets.token_hex(16)
    pieces: list[bytes] = []
    for name, value in fields:
        head = f'Content-Disposition: form-data; name="{_quote(name)}"'
        pieces += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), value.encode(), b"\r\n"]
    for file in files:
        head = (
            f'Content-Disposition: form-data; name="{_quote(file.name)}"; '
            f'filename="{_quote(file.filename)}"\r\nContent-Type: {_one_line(file.content_type)}'
        )
        pieces += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), file.data, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return WrittenBody(
        content_type=f"multipart/form-data; boundary={boundary}", data=b"".join(pieces)
    )


def _quote(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _one_line(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")
