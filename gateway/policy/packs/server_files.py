"""The files that an OPA server needs to decide as this gateway does, and to show which policies it
holds.

Beside modules and data it gets the package `gateway_bundle`: the digest, and one rule that answers
with the decision and the digest together, so that each decision names the policies that made it,
even while a server changes its policies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.policy.packs.source import RESERVED, RegoModule, Snapshot

ANSWER_PATH = f"data.{RESERVED}.answer"
_ANSWER = RegoModule(
    f"{RESERVED}/answer.rego",
    f"""package {RESERVED}

answer := {{"digest": data.{RESERVED}.digest, "decision": data.gateway.decision}}
""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFiles:
    """The files that an OPA server is given.

    `modules` in any order; `data` is the whole base document, the digest in it.
    """

    modules: tuple[RegoModule, ...]
    data: dict[str, Any]


def server_files(snapshot: Snapshot) -> ServerFiles:
    return ServerFiles(
        modules=(*snapshot.modules, _ANSWER),
        data={**snapshot.data, RESERVED: {"digest": snapshot.bundle.digest}},
    )


def write_bundle(snapshot: Snapshot, directory: Path) -> list[Path]:
    """Write the folder that `opa run -b`, `opa build -b` and `opa sign` take, and return its files.
    `directory` must be empty or new."""
    files = server_files(snapshot)
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for module in files.modules:
        target = directory / module.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(module.text, encoding="utf-8")
        written.append(target)
    manifest = {"revision": snapshot.bundle.digest, "rego_version": 1}
    for name, value in (("data.json", files.data), (".manifest", manifest)):
        target = directory / name
        target.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
        written.append(target)
    return written
