"""Checks a creator's settings against the packs' schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, best_match

from gateway.errors import ConfigurationError, InvalidField

SCHEMA: Final = "creator.schema.json"


def creator_checker(schemas: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], None]:
    """A function that raises InvalidField naming the setting at fault, never quoting its value.

    `schemas` are those of the packs, by file name. Raises ConfigurationError when the creators'
    is missing or is no schema.
    """
    schema = schemas.get(SCHEMA)
    if schema is None:
        raise ConfigurationError(f"schemas/{SCHEMA}", "is missing", "Restore it from the packs.")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ConfigurationError(f"schemas/{SCHEMA}", error.message[:200], "Mend it.") from None
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
