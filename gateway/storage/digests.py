"""Keyed digests: what the main database holds in place of people and requests.

HMAC-SHA256, cut to 16 bytes: enough to tell people apart, and without the key nobody can try
which person a row is about.
"""

from __future__ import annotations

import hmac

import orjson

from gateway.model.submission import Submission

_SIZE = 16
_REQUEST_FIELDS = (
    "tenant",
    "channel",
    "creator",
    "avatar",
    "conversation",
    "text",
    "language",
    "audience",
    "human_text",
    "commercial",
    "generator",
    "editorial",
    "media",
    "route",
    "dry_run",
)
"""All that a caller says: not the ids and times that the gateway gives."""


class Digests:
    """`key` is 32 secret bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def request(self, submission: Submission) -> bytes | None:
        """Who submits under which idempotency key; None without such a key."""
        if submission.idempotency_key is None:
            return None
        return self._digest(
            "request", submission.tenant, submission.caller, submission.idempotency_key
        )

    def fingerprint(self, submission: Submission) -> bytes:
        """What is submitted. Equal for equal requests."""
        said = {name: getattr(submission, name) for name in _REQUEST_FIELDS}
        content = orjson.dumps(["fingerprint", said], option=orjson.OPT_SORT_KEYS)
        return hmac.digest(self._key, content, "sha256")

    def subject(self, submission: Submission) -> bytes:
        """The person spoken to; the conversation where the person is not known."""
        person = submission.audience.id
        if person is not None:
            return self._digest("person", submission.tenant, person)
        return self._digest("conversation", submission.tenant, submission.conversation)

    def contact(self, submission: Submission) -> bytes:
        """Creator, avatar, person (or conversation) and channel."""
        person = submission.audience.id
        return self._digest(
            "contact",
            submission.tenant,
            submission.creator,
            submission.avatar,
            submission.channel.value,
            submission.conversation if person is None else None,
            person,
        )

    def _digest(self, *parts: str | None) -> bytes:
        return hmac.digest(self._key, orjson.dumps(parts), "sha256")[:_SIZE]
