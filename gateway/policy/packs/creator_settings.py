"""Checks a creator's settings before they are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match

from gateway.errors import InvalidField, PolicyInvalid
from gateway.policy.packs.creator_rules import creator_rules, rules_in
from gateway.policy.packs.quiet_hours import zone

SCHEMA = "creator.schema.json"

_MENDS = {
    "additionalProperties": "Remove it, or check its spelling.",
    "enum": "Use one of the values that the schema lists.",
    "maxItems": "Shorten the list.",
    "maxLength": "Shorten it.",
    "uniqueItems": "List each once.",
}


def creator_checker(schemas: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], None]:
    """A check against creator.schema.json of a snapshot's `schemas`. The check raises
    InvalidField, which names the setting and never quotes its value; making it raises
    PolicyInvalid."""
    schema = schemas.get(SCHEMA)
    if schema is None:
        raise PolicyInvalid(f"schemas/{SCHEMA}", "it is missing", "Ship it with the policies.")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise PolicyInvalid(f"schemas/{SCHEMA}", error.message, "Mend the schema.") from None
    validator = Draft202012Validator(schema)

    def check(settings: Mapping[str, Any]) -> None:
        error = best_match(validator.iter_errors(dict(settings)))
        if error is not None:
            raise InvalidField(_error_path(error), _error_problem(error), _error_mend(error))
        if text := rules_in(settings):
            creator_rules(text)
        for stretch in settings.get("quiet_hours") or ():
            zone(stretch["timezone"])
        if until := settings.get("consent", {}).get("until"):
            _check_moment("settings.consent.until", until)

    return check


def _check_moment(field: str, text: str) -> None:
    """Refuse years that Rego cannot count, with nanoseconds since 1970 in 64 bits: they would fail
    when a message is judged."""
    try:
        year = datetime.fromisoformat(text).year
    except ValueError:
        year = 0
    if not 1678 <= year <= 2261:
        raise InvalidField(
            field,
            "it is no moment of the years 1678 to 2261",
            "Write one like 2030-12-31T23:59:59Z.",
        )


def _error_path(error: ValidationError) -> str:
    return ".".join(["settings", *(str(step) for step in error.absolute_path)])


def _error_problem(error: ValidationError) -> str:
    if error.validator == "additionalProperties":
        known = _error_schema(error).get("properties", {})
        unknown = next(str(key) for key in _error_instance(error) if key not in known)
        return f"there is no setting {unknown[:60]!r}"
    if error.validator == "type":
        return f"it is not of type {error.validator_value}"
    return f"it does not keep to {error.validator} {str(error.validator_value)[:200]}"


def _error_mend(error: ValidationError) -> str:
    described = _error_schema(error).get("description", "")
    return _MENDS.get(str(error.validator), str(described) or "See creator.schema.json.")


def _error_schema(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _error_instance(error: ValidationError) -> Mapping[str, Any]:
    return error.instance if isinstance(error.instance, Mapping) else {}
