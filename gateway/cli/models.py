"""`avatar-gateway models`: the toxicity models, their hashes, and the optional Detoxify backend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.errors import GatewayError, ModelInvalid
from gateway.toxicity.conversion import KINDS, convert_checkpoint
from gateway.toxicity.fetching import fetch_checkpoint
from gateway.toxicity.weights import SHIPPED, Description, check_files, read_description

_Folder = Annotated[
    list[Path] | None,
    typer.Option(
        "--folder",
        help="Folder with model descriptions; may be given several times. "
        "Default: the models that are shipped.",
        file_okay=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Kind = Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")]
_MEGABYTE = 1_000_000


def build() -> typer.Typer:
    """The group of commands. It reads no settings: paths are options."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

    @app.command("list")
    def list_(folder: _Folder = None, as_json: _Json = False) -> None:
        """List the models: hash, categories, size, licence."""
        rows = [_row(each) for each in _descriptions(folder)]
        if as_json:
            typer.echo(json.dumps(rows, indent=2))
            return
        table = Table("model", "kind", "sha256", "categories", "size", "licence")
        for row in rows:
            size = f"{row['bytes'] / _MEGABYTE:.1f} MB"
            covered = ", ".join(row["categories"])
            table.add_row(row["id"], row["kind"], row["sha256"], covered, size, row["licence"])
        Console().print(table)

    @app.command()
    def check(folder: _Folder = None, as_json: _Json = False) -> None:
        """Check the hash of every weight file; exit status 1 when one is wrong."""
        results = list(_checks(folder))
        if as_json:
            typer.echo(json.dumps(results, indent=2))
        else:
            for result in results:
                typer.echo(f"{result['model']}: {result['problem'] or 'ok'}")
        if not results or any(result["problem"] for result in results):
            raise typer.Exit(1)

    @app.command()
    def fetch(
        kind: _Kind = "multilingual",
        into: Annotated[Path, typer.Option(help="Folder for the checkpoint.")] = Path("models"),
    ) -> None:
        """Download a Detoxify checkpoint from the project's release page, and check its hash."""
        path, sha256 = fetch_checkpoint(kind, into=into)
        typer.echo(f"{path}\nsha256 {sha256}")

    @app.command()
    def convert(
        checkpoint: Annotated[Path, typer.Argument(help="The checkpoint file.", exists=True)],
        config: Annotated[
            Path,
            typer.Option(help="Folder with the configuration and tokenizer of its base model."),
        ],
        out: Annotated[Path, typer.Option(help="Folder to make, for detoxify_checkpoint.")],
        sha256: Annotated[str, typer.Option(help="Expected sha256 of the checkpoint, hex.")],
        kind: _Kind = "multilingual",
    ) -> None:
        """Turn a Detoxify checkpoint into ONNX, once. Needs the extra `detoxify`.

        A checkpoint is a pickle: opening one runs whatever code is in it. So its hash is
        checked first, and the gateway itself only ever opens the ONNX file."""
        typer.echo(
            str(
                convert_checkpoint(
                    checkpoint, kind=kind, config_folder=config, out=out, sha256=sha256
                )
            )
        )

    return app


def _paths(folders: list[Path] | None) -> Iterator[Path]:
    for folder in folders or [SHIPPED]:
        found = sorted(path for path in folder.glob("*.json") if _is_description(path))
        if not found:
            raise ModelInvalid(str(folder), "holds no model description", "Name another folder")
        yield from found


def _is_description(path: Path) -> bool:
    """Folders made by `convert` also hold the tokenizer's own JSON files."""
    return path.parent == SHIPPED or path.name == "model.json"


def _descriptions(folders: list[Path] | None) -> Iterator[Description]:
    for path in _paths(folders):
        yield read_description(path)


def _row(description: Description) -> dict[str, Any]:
    sizes = [description.file(name) for name in description.files]
    return {
        "id": description.id,
        "kind": description.kind,
        "sha256": description.sha256,
        "files": dict(description.files),
        "categories": list(description.categories),
        "bytes": sum(path.stat().st_size for path in sizes if path.exists()),
        "licence": description.licence,
    }


def _checks(folders: list[Path] | None) -> Iterator[dict[str, str | None]]:
    for path in _paths(folders):
        name, problem = path.name, None
        try:
            description = read_description(path)
            name = description.id
            check_files(description)
        except GatewayError as error:
            problem = str(error)
        yield {"model": name, "problem": problem}
