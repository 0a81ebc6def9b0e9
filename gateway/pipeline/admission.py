"""Checks a submission before it is judged. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.errors import InvalidField
from gateway.model.route import Route, RouteKind
from gateway.model.submission import Submission
from gateway.model.verdict import Verdict


def admit(submission: Submission, routes: Mapping[str, Route], max_text_length: int) -> Route:
    """The route of an acceptable submission. Raises InvalidField naming the field and the mend.

    The check of a whole stream is delivered to nobody. Its route therefore holds where a stream
    route blocks; `settle_whole` decides what a hold means for the stream.
    """
    _check_text("text", submission.text, max_text_length)
    if not submission.text.strip():
        raise InvalidField("text", "is empty", "Send at least one visible character.")
    if submission.human_text is not None:
        _check_text("human_text", submission.human_text, max_text_length)
    route = routes.get(submission.route)
    if route is None:
        known = ", ".join(sorted(routes))
        raise InvalidField("route", "is not known here", f"Use one of: {known}.")
    if (route.kind is RouteKind.STREAM) != (submission.stream is not None):
        carries = "streams alone" if route.kind is RouteKind.STREAM else "no streams"
        raise InvalidField(
            "route", f"{route.name!r} carries {carries}", "See docs/guides/avatar-services.md."
        )
    if submission.channel not in route.channels:
        allowed = ", ".join(channel.value for channel in route.channels)
        raise InvalidField(
            "channel", f"is not served by route {route.name!r}", f"That route takes: {allowed}."
        )
    if submission.stream is not None and submission.stream.whole:
        return replace(route, on_hold=Verdict.HOLD)
    return route


def _check_text(field: str, text: str, max_length: int) -> None:
    if len(text) > max_length:
        raise InvalidField(
            field,
            f"has {len(text)} code points, over the limit of {max_length}",
            "Send it in parts, or raise max_text_length.",
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidField(
            field,
            f"has a lone surrogate at code point {error.start}",
            "Send well-formed Unicode (pair the surrogates before encoding).",
        ) from None
