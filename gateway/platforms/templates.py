"""The path templates of a platform file: what they match, and how they name a request. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_TOKEN: Final = re.compile(r"\{([a-z_]+)\}|\(([^()]*)\)|(\*)|([^{}()*]+)|(.)")


class StrayCharacter(ValueError):
    """A template holds a bracket without its other half."""


def path_pattern(template: str) -> re.Pattern[str]:
    """The pattern of a template, for whole decoded paths whose steps hold no slash (matching.py).
    Named steps are named groups, choices are groups without a name. Raises StrayCharacter."""
    made = ""
    for name, choice, anything, plain, stray in _TOKEN.findall(template):
        if stray:
            raise StrayCharacter(stray)
        if name:
            made += f"(?P<{name}>[^/]+)"
        elif choice:
            made += "(" + "|".join(re.escape(word) for word in choice.split("|")) + ")"
        elif anything:
            made += "[^/]+"
        else:
            made += re.escape(plain)
    return re.compile(made)


def in_words_of(templates: Iterable[str], decoded: str) -> str:
    """The template that `decoded` matches, with each choice made: it names the listed request
    without any value that the client gave. Raises ValueError when none matches."""
    for template in templates:
        if (path_match := path_pattern(template).fullmatch(decoded)) is None:
            continue
        made, group = "", 0
        for name, choice, anything, plain, _ in _TOKEN.findall(template):
            group += bool(name or choice)
            made += f"{{{name}}}" if name else path_match[group] if choice else anything or plain
        return made
    raise ValueError("no template matches")
