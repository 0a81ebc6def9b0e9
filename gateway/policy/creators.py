"""Checks a creator's settings against the packs' schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from gateway.errors import ConfigurationError, InvalidField

SCHEMA: Final = "schemas/creator.schema.json"


def creator_checker(policies: Path) -> Callable[[Mapping[str, Any]], None]:
    """A function that raises InvalidField naming the setting at fault, never quoting its value.

    Raises ConfigurationError when the schema below `policies` is missing or is no schema.
    """
    path = policies / SCHEMA
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            str(path), f"cannot be used ({type(error).__name__})", "Restore it from the packs."
        ) from None
    validator = Draft202012Validator(schema, format_checker=FormatChecker())

    def check(settings: Mapping[str, Any]) -> None:
        worst = best_match(validator.iter_errors(dict(settings)))
        if worst is None:
            return
        field = ".".join(["settings", *(str(part) for part in worst.absolute_path)])
        rule = worst.schema.get("description") if isinstance(worst.schema, Mapping) else None
        raise InvalidField(
            field, _problem(worst.validator, worst.validator_value), rule or f"See {SCHEMA}."
        )

    return check


def _problem(keyword: str, wanted: Any) -> str:
    if keyword == "additionalProperties":
        return "has a name that the schema does not know"
    return f"does not keep to {keyword} {json.dumps(wanted)[:120]}"
