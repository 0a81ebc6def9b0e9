"""Replays the log's entries and checks that each was allowed by earlier ones: every delivery by the
entry that allowed it, every review and expiry by the entry that held the message, and each only
once.

Entries hold no texts of messages, so none are needed; docs/reference/log-format.md has the format.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

VERSION = 1  # of the format of entries: the member `v`
_ALLOWS_NOTHING, _CAUSE_UNREADABLE, _CAUSE_USED_UP = 0, -1, -2
_RESERVED = (_ALLOWS_NOTHING, _CAUSE_UNREADABLE, _CAUSE_USED_UP)

OnFinding = Callable[[int, str, str], None]
"""Takes the number of an entry, the code of a finding, and what is wrong."""


class LogReplay:
    """Takes all entries in the order of their numbers, and calls `on_finding` for what is wrong.
    The public attributes are figures for the report."""

    def __init__(self, on_finding: OnFinding) -> None:
        self._report = on_finding
        self._kinds: dict[str, Callable[[int, Mapping[str, Any]], None]] = {
            "decision": self._replay_judgement,
            "dry_run": self._replay_judgement,
            "review": self._replay_review,
            "delivery": self._replay_delivery,
            "expiry": self._replay_expiry,
            "change": self._replay_change,
            "erased": self._replay_erasure,
        }
        # For each entry, a fingerprint of the delivery that it allows: 8 bytes an entry.
        self._allows = array("q")
        self._held: dict[str, tuple[int, str]] = {}
        self._seen: set[int] = set()  # hashes of the messages that were judged
        self.kinds: Counter[str] = Counter()
        self.states: Counter[str] = Counter()  # of deliveries
        self.verdicts: Counter[str] = Counter()
        self.paired = 0  # deliveries, reviews and expiries whose cause was found
        self.unpaired_for_want = 0  # those whose cause is an entry that cannot be read
        self.strange_kinds: Counter[str] = Counter()
        self.first_at = self.last_at = ""
        self.allowed = self.settled = 0
        self._erasures: set[str] = set()
        self.erased: Counter[str] = Counter()
        self.key_changes: dict[str, int] = {}  # SHA-256 of a new log key → entry

    def pairs(self) -> dict[str, int]:
        """For the report: how many entries follow from another one, and how many wait for one."""
        return {
            "of cause and effect": self.paired,
            "whose cause cannot be read": self.unpaired_for_want,
            "allowed, not delivered yet": self.allowed - self.settled,
            "held, not reviewed yet": len(self._held),
        }

    def skip(self) -> None:
        """Take an entry that is missing or cannot be read."""
        self._allows.append(_CAUSE_UNREADABLE)

    def add(self, seq: int, body: Mapping[str, Any]) -> None:
        """Take entry `seq` with its parsed body."""
        self._allows.append(_ALLOWS_NOTHING)
        try:
            if body["v"] != VERSION:
                self._report(
                    seq, "entry-malformed", "is of a version that this verifier cannot read"
                )
                return
            if body["seq"] != seq:
                self._report(seq, "entry-number", f"says of itself that it is entry {body['seq']}")
            kind = body["kind"]
            self._note_time(body["timestamp"])
            message = body["message_id"]
            is_named = type(message) is str or (message is None and kind not in _OF_MESSAGES)
            replay = self._kinds.get(kind, self._count_unknown_kind)
            if is_named and type(kind) is type(body["tenant"]) is str:
                replay(seq, body)
                self.kinds[kind if kind in self._kinds else "unknown"] += 1
            else:
                self._report(seq, "entry-malformed", "is not in the format of an entry")
        except (AttributeError, KeyError, TypeError, ValueError):
            self._report(seq, "entry-malformed", "is not in the format of an entry")

    def _note_time(self, stamp: str) -> None:
        if len(stamp) != 27 or stamp[-1] != "Z":
            raise ValueError
        datetime.fromisoformat(stamp)
        self.first_at = min(self.first_at or stamp, stamp)
        self.last_at = max(self.last_at, stamp)

    def _count_unknown_kind(self, _: int, body: Mapping[str, Any]) -> None:
        kind = body["kind"][:40] if len(self.strange_kinds) < _MAX_UNKNOWN_KINDS else "(others)"
        self.strange_kinds[kind] += 1

    def _replay_judgement(self, seq: int, body: Mapping[str, Any]) -> None:
        message = hash(body["message_id"])
        if message in self._seen:
            self._report(seq, "message-repeated", "judges a message anew that was judged before")
        self._seen.add(message)
        self._replay_outcome(seq, body)

    def _replay_outcome(self, seq: int, body: Mapping[str, Any]) -> None:
        state, verdict = body["state"], body["verdict"]
        self.verdicts[_VERDICTS[verdict]] += 1
        if state == "queued":
            if verdict != "publish" or body["kind"] == "dry_run":
                self._report(
                    seq, "sent-unallowed", f"queues a message with the verdict {verdict!r}"
                )
                return
            self._allows[seq] = _sending_fingerprint(body, body["disclosure"]["content_hash"])
            self.allowed += 1
        elif state == "held":
            self._held[body["message_id"]] = (seq, body["decision_id"])

    def _replay_review(self, seq: int, body: Mapping[str, Any]) -> None:
        review = body["review"]
        if review["action"] not in ("release", "edit", "reject") or not review["reviewer"]:
            raise ValueError
        if self._held.pop(body["message_id"], None) is not None:
            self.paired += 1
        else:
            self._report(seq, "review-unheld", "reviews a message that was not held at this time")
        if review["action"] == "reject" and body["state"] == "queued":
            self._report(seq, "sent-unallowed", "queues a message that its reviewer rejected")
        self._replay_outcome(seq, body)

    def _replay_delivery(self, seq: int, body: Mapping[str, Any]) -> None:
        by, state = body["allowed_by"], body["state"]
        self.states[_DELIVERY_STATES[state]] += 1
        allowed = self._allows[by] if type(by) is int and 0 <= by < seq else _ALLOWS_NOTHING
        if allowed == _CAUSE_UNREADABLE:
            self.unpaired_for_want += 1
        elif allowed == _CAUSE_USED_UP:
            self._report(seq, "delivered-twice", f"delivers again what entry {by} allowed once")
        elif allowed == _ALLOWS_NOTHING or allowed != _sending_fingerprint(
            body, body["content_hash"]
        ):
            self._report(seq, "delivery-unallowed", "no earlier entry allowed this delivery")
        else:
            self.paired += 1
            if state == "delivered":  # other ends can still be followed by a late "delivered"
                self._allows[by] = _CAUSE_USED_UP
                self.settled += 1

    def _replay_expiry(self, seq: int, body: Mapping[str, Any]) -> None:
        held = (body["held_by"], body["decision_id"])
        if self._held.get(body["message_id"]) == held:
            del self._held[body["message_id"]]
            self.paired += 1
        elif 0 <= held[0] < seq and self._allows[held[0]] == _CAUSE_UNREADABLE:
            self.unpaired_for_want += 1
        else:
            self._report(seq, "expiry-unheld", "no earlier entry held what expired")

    def _replay_change(self, seq: int, body: Mapping[str, Any]) -> None:
        if not (body["actor"] and body["what"] and type(body["subject"]) is str):
            raise ValueError
        if body["what"] == "signing_key" and body["detail"].get("signs") == "checkpoints":
            self.key_changes[body["after"]] = seq

    def _replay_erasure(self, seq: int, body: Mapping[str, Any]) -> None:
        """Check that an erasure says what was erased, when, by whom and why. A person must be named
        by a digest."""
        what, subject, counts = body["what"], body["subject"], body["counts"]
        well_formed = (
            what in _ERASURE_SCOPES
            and all(body[name] and type(body[name]) is str for name in _ERASURE_TEXTS)
            and (what not in _DIGEST_SCOPES or (len(subject) >= 32 and _HEX.issuperset(subject)))
            and (what != "message" or body["message_id"] == subject)
            and all(type(count) is int and count >= 0 for count in counts.values())
            and {"keys", "payloads", "messages"} <= counts.keys()
        )
        if not well_formed:
            self._report(
                seq, "erasure-malformed", "does not say what was erased, when, by whom, why"
            )
        elif not 0 <= body["before"] <= seq or body["ordered_at"] > body["timestamp"]:
            self._report(seq, "erasure-malformed", "reaches entries, or was ordered, after itself")
        elif body["erasure_id"] in self._erasures:
            self._report(seq, "erasure-malformed", "repeats an earlier erasure")
        else:
            self._erasures.add(body["erasure_id"])
            self.erased.update({name: counts[name] for name in ("keys", "payloads", "messages")})


_OF_MESSAGES = {"decision", "dry_run", "review", "delivery", "expiry"}
_VERDICTS = {verdict: verdict for verdict in ("publish", "hold", "block")}
_DELIVERY_STATES = {end: end for end in ("delivered", "refused", "unknown", "dead")}
_MAX_UNKNOWN_KINDS = 20  # that are counted by name; others are counted together
_ERASURE_SCOPES = {"subject", "conversation", "creator", "message", "retention"}
_ERASURE_TEXTS = ("erasure_id", "actor", "reason", "subject", "ordered_at")
_DIGEST_SCOPES = {"subject", "conversation"}
_HEX = frozenset("0123456789abcdef")


def _sending_fingerprint(body: Mapping[str, Any], content_hash: str) -> int:
    """A fingerprint of the delivery of a text. Python's hashes have another key in every process,
    so that nobody can prepare two deliveries with the same fingerprint."""
    receipt = body["receipt"]
    parts = (body["message_id"], body["decision_id"], receipt["id"], receipt["sha256"])
    mark = hash((*parts, content_hash))
    return 1 if mark in _RESERVED else mark
