"""Render pages from Jinja2 templates. Everything put into a page is escaped."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
"""Content Security Policy in each page itself: no scripts, nothing loaded. It also holds for a page
that is opened from a file."""

CONTENT_POLICY: Final = f"{PAGE_POLICY}; frame-ancestors 'none'"
"""The same for the Content-Security-Policy header: `frame-ancestors` has no effect in a page."""

_UNSHOWABLE: Final = re.compile(
    "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
"""Characters that XML 1.0 forbids, and those that reorder the text around them."""


def render(template: str, *, package: str, **values: Any) -> str:
    """Render `template` of `package`, a file in its folder `templates`.

    Such a template reaches the shared ones as `pages/…`. A name that it uses and that `values`
    does not have raises jinja2.UndefinedError.
    """
    return _environment(package).get_template(f"room/{template}").render(**values)


@cache
def _environment(package: str) -> Environment:
    """Cached, as it keeps the compiled templates."""
    environment = Environment(
        loader=PrefixLoader(
            {"pages": PackageLoader("gateway.pages"), "room": PackageLoader(package)}
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_showable,
    )
    environment.filters["thousands"] = _thousands
    environment.globals["page_policy"] = PAGE_POLICY
    return environment


def _showable(value: Any) -> Any:
    """Replace unshowable characters by U+FFFD. Values that are markup already pass unchanged."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _UNSHOWABLE.sub("\ufffd", value)
    return value


def _thousands(number: int) -> str:
    return f"{number:,}"
