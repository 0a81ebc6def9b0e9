"""Rebuilds the outcome of a message from its row and its payload."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import structlog

from gateway.errors import KeysInvalid, LogInvalid
from gateway.model.judgement import Judgement
from gateway.model.record import HeldMessage, Outcome
from gateway.model.submission import Channel
from gateway.model.verdict import State, Verdict
from gateway.storage.engine.driver import Row
from gateway.storage.engine.tables import ErasedKeyRow, MessageRow, PayloadRow, table
from gateway.storage.engine.times import moment, moment_or_none
from gateway.storage.vault.payload import Payload
from gateway.storage.vault.vault import Vault

_MESSAGE = table(MessageRow)
_PAYLOAD = table(PayloadRow)
_ERASED = table(ErasedKeyRow)

_COLUMNS = (
    *[_MESSAGE.c[name] for name in ("id", "tenant", "state", "decision_id", "entry_seq")],
    *[_MESSAGE.c[name] for name in ("channel", "creator", "avatar", "conversation", "route")],
    *[_MESSAGE.c[name] for name in ("verdict", "language", "decided_at", "expires_at")],
    *[_MESSAGE.c[name] for name in ("dry_run", "attempts", "delivery_detail")],
    _ERASED.c.at,
    _PAYLOAD.c.kid,
    _PAYLOAD.c.nonce,
    _PAYLOAD.c.ciphertext,
)
WIDTH = len(_COLUMNS)
"""Columns of an outcome; those that a query adds come after them."""


def select_outcomes(
    *more: sa.ColumnElement[Any], by: sa.Column[Any] | None = None
) -> sa.Select[Any]:
    """Select messages with their latest payload; the columns `more` come after those of the
    outcome. With `by`, another table's column of message ids, only the messages that it names."""
    start: sa.FromClause = _MESSAGE
    if by is not None:
        start = by.table.join(_MESSAGE, _MESSAGE.c.id == by)
    joined = start.outerjoin(_PAYLOAD, _PAYLOAD.c.seq == _MESSAGE.c.entry_seq)
    return sa.select(*_COLUMNS, *more).select_from(
        joined.outerjoin(_ERASED, _ERASED.c.kid == _PAYLOAD.c.kid)
    )


def unseal(row: Row, vault: Vault) -> Payload | None:
    """The payload of a row of `select_outcomes`; None when it was erased or its key is lost. Raises
    LogInvalid when it was changed."""
    return vault.unseal(row[0], *row[WIDTH - 3 : WIDTH])


def readable(row: Row, vault: Vault) -> Payload | None:
    """Like `unseal`, but also None for a payload that was changed or whose key is corrupt, so that
    one bad row does not stop the others."""
    try:
        return unseal(row, vault)
    except (LogInvalid, KeysInvalid) as error:
        structlog.get_logger("storage").critical(
            "a payload cannot be read", message_id=row[0], error=type(error).__name__
        )
        return None


def outcome_from(row: Row, payload: Payload | None) -> Outcome:
    """Build the outcome from a row of `select_outcomes`. Without a payload, because it was erased,
    texts, reasons and receipt are missing; the audit entry still names the rules."""
    (message_id, tenant, state, decision_id, entry_seq, channel, creator, avatar, conversation) = (
        row[:9]
    )
    route, verdict, language, decided_at, expires_at, dry_run, attempts, detail, erased = row[9:18]
    judgement = Judgement(
        decision_id=decision_id,
        verdict=Verdict(verdict),
        language=language,
        reasons=payload.reasons if payload else (),
        obligations=payload.obligations if payload else (),
        unavailable=payload.unavailable if payload else (),
        disclosure=payload.disclosure if payload else None,
        redacted_kinds=payload.redacted_kinds if payload else (),
        receipt=payload.receipt if payload else None,
        timings_ms=payload.timings_ms if payload else {},
    )
    return Outcome(
        message_id=message_id,
        tenant=tenant,
        channel=Channel(channel),
        creator=creator,
        avatar=avatar,
        conversation=conversation,
        route=route,
        judgement=judgement,
        state=State(state),
        decided_at=moment(decided_at),
        entry_seq=entry_seq,
        expires_at=moment_or_none(expires_at),
        attempts=attempts,
        delivery_detail=detail,
        dry_run=bool(dry_run),
        erased_at=moment_or_none(erased),
    )


def held_from(row: Row, payload: Payload) -> HeldMessage:
    """Build a held message from a row of `select_outcomes(review.held_at)`."""
    outcome = outcome_from(row, payload)
    return HeldMessage(
        outcome=outcome,
        submission=payload.submission,
        held_at=moment(row[WIDTH]),
        expires_at=outcome.expires_at or outcome.decided_at,
    )
