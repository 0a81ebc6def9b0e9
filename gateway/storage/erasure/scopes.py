"""Which subject keys and payloads an erasure is about, as SQL conditions."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from gateway.model.erasure import ErasureScope
from gateway.storage.engine.tables import EntryRow, PayloadRow, SubjectRow, table

SUBJECT = table(SubjectRow).c
ENTRY = table(EntryRow).c
PAYLOAD = table(PayloadRow).c


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyScope:
    """The keys that an erasure takes.

    `target` is as stored: for a person or a conversation the digest in hex. `channel`,
    `entry_kind` and `kept_from` (the first day that is kept, in microseconds) are those of a
    retention rule.
    """

    kind: ErasureScope
    tenant: str
    target: str
    channel: str = ""
    entry_kind: str = ""
    kept_from: int = 0

    @property
    def is_person(self) -> bool:
        return self.kind in {ErasureScope.SUBJECT, ErasureScope.CONVERSATION}

    def keys(self) -> sa.ColumnElement[bool]:
        """The condition on the table `subject` that selects the keys."""
        of_tenant = SUBJECT.tenant == self.tenant
        match self.kind:
            case ErasureScope.SUBJECT | ErasureScope.CONVERSATION:
                return SUBJECT.subject == bytes.fromhex(self.target)
            case ErasureScope.CREATOR:
                return sa.and_(
                    of_tenant, sa.or_(SUBJECT.creator == self.target, SUBJECT.creator == "")
                )
            case ErasureScope.MESSAGE:
                return sa.and_(of_tenant, SUBJECT.kid.in_(keys_of_message(self.target)))
            case ErasureScope.RETENTION:
                return sa.and_(
                    of_tenant,
                    SUBJECT.day < self.kept_from,
                    SUBJECT.channel == self.channel,
                    SUBJECT.kind == self.entry_kind,
                )

    def is_partial(self, creator: str) -> bool:
        """Whether a key whose row names `creator` may also seal texts that stay."""
        return self.kind is ErasureScope.MESSAGE or (
            self.kind is ErasureScope.CREATOR and creator != self.target
        )

    def takes(self, message_id: str, creator: str) -> bool:
        """Whether a payload of this message and creator is erased, given that one of the keys
        seals it."""
        match self.kind:
            case ErasureScope.MESSAGE:
                return message_id == self.target
            case ErasureScope.CREATOR:
                return creator == self.target
            case _:
                return True

    def payloads(self) -> sa.ColumnElement[bool]:
        """The condition on payloads, joined with their entries, that selects those that are
        erased among those that the keys seal."""
        match self.kind:
            case ErasureScope.MESSAGE:
                return ENTRY.msg_id == self.target
            case ErasureScope.CREATOR:
                return ENTRY.creator == self.target
            case _:
                return sa.true()


def keys_of_message(message_id: str) -> sa.Select[tuple[str]]:
    """Select the ids of the keys that seal the payloads of a message."""
    return (
        sa.select(PAYLOAD.kid)
        .select_from(table(PayloadRow).join(table(EntryRow), ENTRY.seq == PAYLOAD.seq))
        .where(ENTRY.msg_id == message_id)
    )
