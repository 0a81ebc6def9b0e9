"""METADATA comments of Rego modules: title and description of a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gateway.errors import PolicyInvalid
from gateway.policy.packs import strict_data
from gateway.policy.packs.syntax import ParsedModule

_PACKAGE = re.compile(r"^package\b", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMetadata:
    """The package's annotation. `custom` is free; packs use id, verdicts, obligations."""

    title: str
    description: str
    custom: dict[str, Any]


def package_metadata(module: ParsedModule) -> RuleMetadata | None:
    """The METADATA right before `package`; None when there is none. Raises PolicyInvalid for
    one that cannot be read."""
    start = _PACKAGE.search(module.text)
    lines = module.text[: start.start() if start else 0].rstrip("\n").split("\n")
    block: list[str] = []
    for line in reversed(lines):
        if not line.startswith("#"):
            return None
        if line.strip() == "# METADATA":
            break
        block.append(line[1:])
    else:
        return None
    value = strict_data.parse(f"{module.path} (METADATA)", "\n".join(reversed(block)))
    if not isinstance(value, dict):
        raise PolicyInvalid(module.path, "METADATA is not a table", "Write title: … below it.")
    custom = value.get("custom")
    return RuleMetadata(
        title=str(value.get("title", "")),
        description=str(value.get("description", "")),
        custom=custom if isinstance(custom, dict) else {},
    )
