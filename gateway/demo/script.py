"""The sample conversations: the messages to submit, and the outcome each must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from gateway.errors import ConfigurationError

SHIPPED: Final = Path(__file__).with_name("conversations.yaml")
_SENT: Final = (
    "channel",
    "creator",
    "avatar",
    "conversation",
    "audience",
    "text",
    "language",
    "human_text",
    "commercial",
    "generator",
    "editorial",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must come of a line. `rules` must be among those that fired; `redacted` are exactly
    the kinds that are stripped."""

    verdict: str
    redacted: tuple[str, ...] = ()
    labelled: bool = False
    ad: bool = False
    replaced: bool = False
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptLine:
    """One message of the script. `submission` is the body for POST /v1/messages."""

    id: str
    submission: Mapping[str, Any]
    expect: Expectation
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The settings of each creator, and the messages in their order."""

    creators: Mapping[str, Mapping[str, Any]]
    lines: tuple[ScriptLine, ...]


def read_script(path: Path = SHIPPED) -> Script:
    """Read the sample conversations (YAML). Raises ConfigurationError for a file that is not
    well-formed."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Script(
            creators=dict(document["creators"]),
            lines=tuple(_script_line(item) for item in document["messages"]),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            str(path), f"is no script ({error!r})", "See docs/guides/avatar-services.md."
        ) from None


def _script_line(item: Mapping[str, Any]) -> ScriptLine:
    expect: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in item["expect"].items()
    }
    return ScriptLine(
        id=str(item["id"]),
        submission={name: item[name] for name in _SENT if item.get(name) is not None},
        expect=Expectation(**expect),
        note=str(item.get("note", "")),
    )
