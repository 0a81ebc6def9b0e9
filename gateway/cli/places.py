"""The options that say where a person may be."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from gateway.jurisdictions import jurisdiction


def assigned_codes(given: Sequence[str] | None) -> list[str] | None:
    """The codes of `--jurisdiction`, as ISO 3166 writes them. Raises typer.BadParameter."""
    try:
        return None if given is None else [jurisdiction(code) for code in given]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
