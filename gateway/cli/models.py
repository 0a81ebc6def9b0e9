"""`avatar-gateway models`: the toxicity models, their hashes, and the optional Detoxify backend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.options import AsJson
from gateway.cli.output import print_listing
from gateway.errors import GatewayError, ModelInvalid
from gateway.toxicity.conversion import KINDS, convert_checkpoint
from gateway.toxicity.detoxify import DetoxifyScorer
from gateway.toxicity.drift import BOUND, CategoryDrift, DriftSample, measure, read_sample
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.fetching import fetch_checkpoint
from gateway.toxicity.quantisation import quantise as make_quantised
from gateway.toxicity.scorer import Scorer
from gateway.toxicity.weights import SHIPPED, WeightsDescription, check_files, read_description

_Folder = Annotated[
    list[Path] | None,
    typer.Option(
        "--folder",
        help="Folder with model descriptions; may be given several times. "
        "Default: the models that are shipped.",
        file_okay=False,
    ),
]
_Kind = Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")]
_MEGABYTE = 1_000_000  # bytes


def build() -> typer.Typer:
    """Build the group of commands. It reads no settings: paths are options."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

    @app.command("list")
    def list_(folder: _Folder = None, as_json: AsJson = False) -> None:
        """List the models: hash, categories, size, licence."""
        rows = [_model_json(description) for description in _read_descriptions(folder)]
        if as_json:
            typer.echo(json.dumps(rows, indent=2))
            return
        print_listing(
            ("model", "kind", "sha256", "categories", "size", "licence"),
            [_model_cells(row) for row in rows],
            whole={"model", "sha256"},
        )

    @app.command()
    def check(folder: _Folder = None, as_json: AsJson = False) -> None:
        """Check the hash of every weight file; exit status 1 when one is wrong."""
        results = list(_check_models(folder))
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

    @app.command()
    def quantise(
        folder: Annotated[Path, typer.Argument(help="Folder that `convert` made.", exists=True)],
        out: Annotated[Path, typer.Option(help="Folder to make, for detoxify_checkpoint.")],
    ) -> None:
        """Make an eight-bit copy of a converted model: faster, with slightly different scores.
        Needs the extra `detoxify`. Measure the difference with `drift` before you serve it."""
        typer.echo(str(make_quantised(folder, out=out)))

    @app.command()
    def drift(
        reference: Annotated[Path, typer.Argument(help="Folder of the model to compare with.")],
        candidate: Annotated[Path, typer.Argument(help="Folder of the model to judge.")],
        texts: Annotated[
            Path,
            typer.Option(help="Your own texts, one a line, or .jsonl with `text` and `label`."),
        ],
        bound: Annotated[
            float, typer.Option(min=0.0, max=1.0, help="Largest difference to let pass.")
        ] = BOUND,
        as_json: AsJson = False,
    ) -> None:
        """Compare two models' scores on your texts; exit status 1 when a score differs by more
        than the bound. No text is printed."""
        sample = read_sample(texts)
        models = _load_scorer(reference), _load_scorer(candidate)
        drifts = measure(*models, sample)
        within = all(drift.largest <= bound for drift in drifts)
        if as_json:
            typer.echo(json.dumps(_drift_report(models, drifts, sample, bound, within), indent=2))
        else:
            Console().print(_drift_table(drifts))
            relation = "within" if within else "BEYOND"
            typer.echo(f"{len(sample.texts)} texts, {relation} the bound of {bound:g}")
        if not within:
            raise typer.Exit(1)

    return app


def _load_scorer(folder: Path) -> Scorer:
    """Load the model in `folder`."""
    path = folder / "model.json"
    kinds = {"detoxify": lambda: DetoxifyScorer(folder=folder)}
    make = kinds.get(read_description(path).kind, lambda: EmbeddedScorer(description=path))
    scorer: Scorer = make()
    scorer.load()
    return scorer


def _drift_report(
    models: tuple[Scorer, Scorer],
    drifts: tuple[CategoryDrift, ...],
    sample: DriftSample,
    bound: float,
    within: bool,
) -> dict[str, Any]:
    reference, candidate = ({"id": model.id, "sha256": model.sha256} for model in models)
    return {
        "reference": reference,
        "candidate": candidate,
        "texts": len(sample.texts),
        "bound": bound,
        "within": within,
        "categories": [asdict(drift) for drift in drifts],
    }


def _drift_table(drifts: tuple[CategoryDrift, ...]) -> Table:
    table = Table("category", "largest", "p99", "mean", "flips at .5", "worse", "better")
    for drift in drifts:
        differences = [f"{value:.4f}" for value in (drift.largest, drift.p99, drift.mean)]
        # Only labelled texts tell whether a flip makes the model worse or better.
        counts = ["" if count is None else str(count) for count in (drift.worse, drift.better)]
        table.add_row(drift.category, *differences, str(drift.flips), *counts)
    return table


def _description_paths(folders: list[Path] | None) -> Iterator[Path]:
    for folder in folders or [SHIPPED]:
        paths = sorted(path for path in folder.glob("*.json") if _is_description(path))
        if not paths:
            raise ModelInvalid(str(folder), "holds no model description", "Name another folder")
        yield from paths


def _is_description(path: Path) -> bool:
    """Whether a JSON file describes a model: folders that `convert` made also hold the tokenizer's
    files."""
    return path.parent == SHIPPED or path.name == "model.json"


def _read_descriptions(folders: list[Path] | None) -> Iterator[WeightsDescription]:
    for path in _description_paths(folders):
        yield read_description(path)


def _model_json(description: WeightsDescription) -> dict[str, Any]:
    paths = [description.file(name) for name in description.files]
    return {
        "id": description.id,
        "kind": description.kind,
        "sha256": description.sha256,
        "files": dict(description.files),
        "categories": list(description.categories),
        "bytes": sum(path.stat().st_size for path in paths if path.exists()),
        "licence": description.licence,
    }


def _model_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    size = f"{row['bytes'] / _MEGABYTE:.1f} MB"
    categories = ", ".join(row["categories"])
    return row["id"], row["kind"], row["sha256"], categories, size, row["licence"]


def _check_models(folders: list[Path] | None) -> Iterator[dict[str, str | None]]:
    for path in _description_paths(folders):
        name, problem = path.name, None
        try:
            description = read_description(path)
            name = description.id
            check_files(description)
        except GatewayError as error:
            problem = str(error)
        yield {"model": name, "problem": problem}
