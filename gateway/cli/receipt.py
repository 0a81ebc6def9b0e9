"""`receipt`: verify the receipt of a message offline, or show what it claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from gateway.cli.context import CommandServices, settings_of
from gateway.cli.options import AsJson
from gateway.cli.output import printable
from gateway.disclosure.receipt import read_claims, read_header, verify_receipt
from gateway.errors import ConfigurationError, InvalidField, ReceiptInvalid
from gateway.keyring import Keyring

_MAX_BYTES = 1 << 20  # of a text file or a key set: far more than either needs
_TIMEOUT_S = 10.0  # for the server of a key set to connect, and between two pieces of it
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

Jws = Annotated[str, typer.Argument(metavar="JWS", help="The receipt: three parts, two dots.")]


def build(_commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)

    @app.command()
    def verify(
        context: typer.Context,
        jws: Jws,
        salt: Annotated[str, typer.Option(help="The salt that came with the message, hex.")],
        text: Annotated[
            str | None, typer.Option(help="The text as published, with its label.")
        ] = None,
        text_file: Annotated[
            Path | None, typer.Option(help="The same, from a file in UTF-8.", dir_okay=False)
        ] = None,
        jwks: Annotated[
            str | None,
            typer.Option(
                metavar="FILE|URL", help="The gateway's public keys. Default: this gateway's own."
            ),
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Check that the receipt was signed by a known key and is about this text.

        Exit code 1 when it is not: the message names what does not match."""
        published = _published_text(text, text_file)
        keys = _own_keys(context) if jwks is None else _read_key_set(jwks)
        try:
            claims = verify_receipt(jws, keys, published, salt)
        except ReceiptInvalid as error:
            typer.echo(f"NOT VALID: {error}", err=True)
            raise typer.Exit(1) from None
        if as_json:
            typer.echo(json.dumps(claims, ensure_ascii=False))
        else:
            typer.echo("VALID: signed by a known key, and about this text.")
            if claims.get("dry_run"):
                typer.echo("Of a dry run: the text was judged, and not published.")
            _print_claims(claims)

    @app.command()
    def show(jws: Jws, as_json: AsJson = False) -> None:
        """Show what a receipt claims, without verifying anything."""
        header, claims = read_header(jws), read_claims(jws)
        if as_json:
            document = {"verified": False, "header": header, "claims": claims}
            typer.echo(json.dumps(document, ensure_ascii=False))
        else:
            typer.echo("NOT VERIFIED. It claims:")
            _print_claims({"kid": header.get("kid"), **claims})

    return app


def _published_text(text: str | None, file: Path | None) -> str:
    if (text is None) == (file is None):
        raise InvalidField("text", "is needed once", "Give --text or --text-file.")
    if file is None:
        return text or ""
    try:
        return _read_bounded(file).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(str(file), "is not UTF-8", "Save the text in UTF-8.") from None


def _own_keys(context: typer.Context) -> Mapping[str, Any]:
    return Keyring.open(settings_of(context).keys_dir).jwks()


def _read_key_set(where: str) -> Mapping[str, Any]:
    """Read a key set (JWKS) from a file, or from a URL: https, or http to this machine."""
    raw = (
        _fetch_key_set(where)
        if where.startswith(("http://", "https://"))
        else _read_bounded(Path(where))
    )
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ConfigurationError(where, "is not a JSON object", "Name a JWKS (RFC 7517).")
    return document


def _fetch_key_set(url: str) -> bytes:
    if url.startswith("http://") and urlsplit(url).hostname not in _LOOPBACK:
        raise ConfigurationError(url, "is not encrypted", "Use https, or a file you trust.")
    body = b""
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT_S) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ConfigurationError(url, f"answered {answer.status_code}", "Name a JWKS.")
            for part in answer.iter_bytes():
                body += part
                if len(body) > _MAX_BYTES:
                    raise ConfigurationError(url, "is too large", "Name a JWKS.")
    except httpx.HTTPError as error:
        raise ConfigurationError(
            url, f"cannot be read ({type(error).__name__})", "Name a file or a URL that answers."
        ) from None
    return body


def _read_bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read ({error.strerror})", "Name a readable file."
        ) from None
    if len(raw) > _MAX_BYTES:
        raise ConfigurationError(str(path), "is too large", "Name another file.")
    return raw


def _print_claims(claims: Mapping[str, Any]) -> None:
    for name, value in claims.items():
        shown = value
        if isinstance(value, list):
            shown = ", ".join(map(str, value))
        elif name == "iat" and isinstance(value, int):
            shown = datetime.fromtimestamp(value, UTC).isoformat()
        typer.echo(f"  {name}: {printable(str(shown))}")
