"""The profile: what statements of reasons say about the platform, read from a TOML file.

No entry of the log holds these facts, and none of them is guessed. The format of the file:
docs/reference/statements-of-reasons.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.errors import ConfigurationError
from gateway.reporting import vocabulary

_REQUIRED_FIELDS = ("platform", "territorial_scope", "contract_ground")
_OPTIONAL_FIELDS = ("reference_url", "account_type", "rules")
_RULE_FIELDS = ("category", "specification", "contract_ground", "legal_ground", "explanation")
_MAX_BYTES = 1 << 20
"""Bytes of the file that are read, 1 MiB: far more than a profile has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReason:
    """What the platform states about a rule; `reasons.py` fills in the fields that are None.

    With `legal_ground`, content that the rule stops is illegal; without, it violates the terms.
    """

    category: str | None = None
    specification: tuple[str, ...] = ()
    contract_ground: str | None = None
    legal_ground: str | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a platform puts into its statements of reasons.

    `territorial_scope` are countries (ISO 3166); `contract_ground` names the platform's terms that
    a message violates where its rule names no ground of its own.
    """

    platform: str
    territorial_scope: tuple[str, ...]
    contract_ground: str
    reference_url: str | None = None
    account_type: str | None = None
    rules: Mapping[str, RuleReason] = field(default_factory=dict)


def load_profile(path: Path) -> Profile:
    """Read a profile. Raises ConfigurationError that names the file, the problem and the mend."""
    try:
        with path.open("rb") as file:
            given = tomllib.loads(file.read(_MAX_BYTES).decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read ({error.strerror})", "Name a readable file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), f"is not valid TOML: {error}", "Mend it.") from None
    try:
        return _parse_profile(given)
    except ValueError as error:
        raise ConfigurationError(
            str(path), str(error), "See docs/reference/statements-of-reasons.md."
        ) from None


def _parse_profile(given: Mapping[str, Any]) -> Profile:
    _refuse_unknown(given, (*_REQUIRED_FIELDS, *_OPTIONAL_FIELDS), "")
    for name in _REQUIRED_FIELDS:
        if name not in given:
            raise ValueError(f"{name} is missing")
    rules = given.get("rules", {})
    if not isinstance(rules, dict):
        raise ValueError('rules must be tables, as in [rules."creator.sexual"]')  # noqa: TRY004
    scope = _read_words(given, "territorial_scope", vocabulary.COUNTRIES)
    if not scope:
        raise ValueError("territorial_scope is empty")
    return Profile(
        platform=_read_required_text(given, "platform"),
        territorial_scope=tuple(sorted(set(scope))),
        contract_ground=_read_required_text(given, "contract_ground"),
        reference_url=_read_text(given, "reference_url"),
        account_type=_read_word(given, "account_type", vocabulary.ACCOUNT_TYPES),
        rules={rule: _parse_rule(rule, about) for rule, about in rules.items()},
    )


def _parse_rule(rule: str, given: Any) -> RuleReason:
    if not isinstance(given, dict):
        raise ValueError(f"rules.{rule} is no table")  # noqa: TRY004 - an error of the file, not of the code
    _refuse_unknown(given, _RULE_FIELDS, f"rules.{rule}.")
    return RuleReason(
        category=_read_word(given, "category", vocabulary.CATEGORIES),
        specification=tuple(
            dict.fromkeys(_read_words(given, "specification", vocabulary.KEYWORDS))
        ),
        contract_ground=_read_text(given, "contract_ground"),
        legal_ground=_read_text(given, "legal_ground"),
        explanation=_read_text(given, "explanation", vocabulary.MOST_EXPLANATION),
    )


def _refuse_unknown(given: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"{where}{name} is no field; there are {', '.join(names)}")


def _read_text(
    given: Mapping[str, Any], name: str, most: int = vocabulary.MOST_GROUND
) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ValueError(f"{name} must be a text of 1 to {most} characters")
    return value.strip()


def _read_required_text(given: Mapping[str, Any], name: str) -> str:
    text = _read_text(given, name)
    if text is None:
        raise ValueError(f"{name} is missing")
    return text


def _read_word(given: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str | None:
    value = given.get(name)
    if value is not None and value not in words:
        raise ValueError(f"{name} must be one of {', '.join(words)}")
    return value


def _read_words(given: Mapping[str, Any], name: str, words: tuple[str, ...]) -> list[str]:
    value = given.get(name, [])
    if not isinstance(value, list) or any(word not in words for word in value):
        raise ValueError(f"{name} must be a list out of {', '.join(words)}")
    return list(value)
