"""`policy export`, `bundle`, `sign`, `verify`: policies as files for a server, and signatures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.policy.output import Directory, Folder
from gateway.errors import ConfigurationError, InvalidField
from gateway.policy.packs.bundles import pack, repack, unpack
from gateway.policy.packs.server_files import write_bundle
from gateway.policy.packs.signing import BundleSigningKey, BundleVerificationKey
from gateway.policy.packs.source import load_snapshot, make_snapshot, read_folder
from gateway.policy.packs.subset import compile_snapshot

Signing = Annotated[
    Path | None,
    typer.Option("--signing-key", help="Private key (PEM) that signs it.", dir_okay=False),
]


def add(app: typer.Typer, folder: Folder) -> None:
    _add_export(app, folder)
    _add_bundle(app, folder)
    _add_sign(app)
    _add_verify(app)


def _add_export(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def export(
        context: typer.Context,
        out: Annotated[Path, typer.Argument(help="A new or empty folder.", file_okay=False)],
        policies: Directory = None,
    ) -> None:
        """Write the policies as a bundle for an OPA server of your own: `opa run -s -b OUT`,
        `opa build -b OUT`, `opa sign`. The server then proves which policies it holds."""
        snapshot = load_snapshot(folder(context, policies))
        compile_snapshot(snapshot)
        if out.exists() and any(out.iterdir()):
            raise InvalidField("OUT", "is not empty", "Name a new folder.")
        files = write_bundle(snapshot, out)
        typer.echo(f"{len(files)} files, digest {snapshot.bundle.digest}")


def _add_bundle(app: typer.Typer, folder: Folder) -> None:
    @app.command()
    def bundle(
        context: typer.Context,
        out: Annotated[Path, typer.Argument(help="The file to write (tar.gz).", dir_okay=False)],
        policies: Directory = None,
        signing_key: Signing = None,
    ) -> None:
        """Pack the policies into one file: for `PUT /v1/policies/bundle`, for the setting
        policies_bundle, and for OPA servers, which verify the same signature."""
        files = read_folder(folder(context, policies))
        compile_snapshot(make_snapshot(files, name="policies"))
        content = pack(files, key=_read_signing_key(signing_key))
        _write_bytes(out, content)
        digest = unpack(content, key=None).bundle.digest
        typer.echo(f"{len(content)} bytes, {_signed_word(signing_key)}, digest {digest}")


def _add_sign(app: typer.Typer) -> None:
    @app.command()
    def sign(
        file: Annotated[Path, typer.Argument(help="A bundle (tar.gz).", dir_okay=False)],
        signing_key: Annotated[
            Path, typer.Option("--signing-key", help="Private key (PEM).", dir_okay=False)
        ],
    ) -> None:
        """Sign a bundle, as OPA verifies it; a signature that it has is replaced."""
        content = repack(_read_bytes(file), key=BundleSigningKey(_read_bytes(signing_key)))
        _write_bytes(file, content)
        typer.echo(f"signed, digest {unpack(content, key=None).bundle.digest}")


def _add_verify(app: typer.Typer) -> None:
    @app.command()
    def verify(
        file: Annotated[Path, typer.Argument(help="A bundle (tar.gz).", dir_okay=False)],
        key: Annotated[Path, typer.Option(help="Public key (PEM).", dir_okay=False)],
    ) -> None:
        """Verify a bundle as the gateway does before it takes it into use."""
        snapshot = unpack(_read_bytes(file), key=BundleVerificationKey.read(key))
        compile_snapshot(snapshot)
        typer.echo(f"verified, digest {snapshot.bundle.digest}")


def _read_signing_key(path: Path | None) -> BundleSigningKey | None:
    return None if path is None else BundleSigningKey(_read_bytes(path))


def _signed_word(path: Path | None) -> str:
    return "not signed" if path is None else "signed"


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read ({error.strerror})", "Name a readable file."
        ) from None


def _write_bytes(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be written ({error.strerror})", "Name another file."
        ) from None
