"""What a statement of reasons says that no entry can tell: the platform writes it into a file.

TOML, see docs/reference/statements-of-reasons.md. Nothing of it is guessed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.errors import ConfigurationError
from gateway.reporting import vocabulary

_NEEDED = ("platform", "territorial_scope", "contract_ground")
_OPTIONAL = ("reference_url", "account_type", "rules")
_RULE = ("category", "specification", "contract_ground", "legal_ground", "explanation")
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReason:
    """What the platform says of a rule; None: see `reasons.py` for what is said then. With
    `legal_ground`, what the rule stops is illegal; else it is against the terms."""

    category: str | None = None
    specification: tuple[str, ...] = ()
    contract_ground: str | None = None
    legal_ground: str | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a platform puts into its statements of reasons.

    `contract_ground` names the platform's terms that messages are held against.
    """

    platform: str
    territorial_scope: tuple[str, ...]
    contract_ground: str
    reference_url: str | None = None
    account_type: str | None = None
    rules: Mapping[str, RuleReason] = field(default_factory=dict)


def load_profile(path: Path) -> Profile:
    """Raises ConfigurationError naming the file, what is wrong with it, and the mend."""
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
        return _profile(given)
    except ValueError as error:
        raise ConfigurationError(
            str(path), str(error), "See docs/reference/statements-of-reasons.md."
        ) from None


def _profile(given: Mapping[str, Any]) -> Profile:
    _known(given, (*_NEEDED, *_OPTIONAL), "")
    for name in _NEEDED:
        if name not in given:
            raise ValueError(f"{name} is missing")
    rules = given.get("rules", {})
    if not isinstance(rules, dict):
        raise ValueError('rules must be tables, as in [rules."creator.sexual"]')  # noqa: TRY004
    scope = _words(given, "territorial_scope", vocabulary.COUNTRIES)
    if not scope:
        raise ValueError("territorial_scope is empty")
    return Profile(
        platform=_needed(given, "platform"),
        territorial_scope=tuple(sorted(set(scope))),
        contract_ground=_needed(given, "contract_ground"),
        reference_url=_text(given, "reference_url"),
        account_type=_word(given, "account_type", vocabulary.ACCOUNT_TYPES),
        rules={rule: _rule(rule, about) for rule, about in rules.items()},
    )


def _rule(rule: str, given: Any) -> RuleReason:
    if not isinstance(given, dict):
        raise ValueError(f"rules.{rule} is no table")  # noqa: TRY004 - of the file, not of ours
    _known(given, _RULE, f"rules.{rule}.")
    return RuleReason(
        category=_word(given, "category", vocabulary.CATEGORIES),
        specification=tuple(dict.fromkeys(_words(given, "specification", vocabulary.KEYWORDS))),
        contract_ground=_text(given, "contract_ground"),
        legal_ground=_text(given, "legal_ground"),
        explanation=_text(given, "explanation", vocabulary.MOST_EXPLANATION),
    )


def _known(given: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"{where}{name} is no field; there are {', '.join(names)}")


def _text(given: Mapping[str, Any], name: str, most: int = vocabulary.MOST_GROUND) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ValueError(f"{name} must be a text of 1 to {most} characters")
    return value.strip()


def _needed(given: Mapping[str, Any], name: str) -> str:
    found = _text(given, name)
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


def _word(given: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str | None:
    value = given.get(name)
    if value is not None and value not in words:
        raise ValueError(f"{name} must be one of {', '.join(words)}")
    return value


def _words(given: Mapping[str, Any], name: str, words: tuple[str, ...]) -> list[str]:
    value = given.get(name, [])
    if not isinstance(value, list) or any(one not in words for one in value):
        raise ValueError(f"{name} must be a list out of {', '.join(words)}")
    return list(value)
