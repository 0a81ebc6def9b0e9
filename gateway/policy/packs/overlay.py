"""A changed pack laid over the policies in use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.errors import PolicyInvalid
from gateway.policy.packs.source import read_folder

Files = Sequence[tuple[str, bytes]]


def candidate(base: Files, folder: Path) -> list[tuple[str, bytes]]:
    """The files of `folder` where it holds whole policies (a main.rego); else those of `base`,
    with each pack that `folder` holds in place of the one of the same name. Raises
    PolicyInvalid."""
    changed = read_folder(folder)
    if any(path == "main.rego" for path, _ in changed):
        return changed
    packs = {path.partition("/")[0] for path, _ in changed}
    if not changed or any("/" not in path for path, _ in changed):
        raise PolicyInvalid(
            folder.name,
            "it is neither whole policies nor a folder of packs",
            "Name a folder that holds <pack>/<rule>/<rule>.rego, or a main.rego.",
        )
    kept = [(path, text) for path, text in base if path.partition("/")[0] not in packs]
    return sorted([*kept, *changed])
