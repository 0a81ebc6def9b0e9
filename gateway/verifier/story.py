"""What the entries say, and whether each follows from earlier ones: no delivery without the entry
that allowed it, no review and no expiry of what was not held, nothing told twice.

An entry holds no texts, so this needs none; docs/reference/log-format.md says what it holds.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

VERSION = 1
_NOTHING, _UNREADABLE, _DONE = 0, -1, -2
_RESERVED = (_NOTHING, _UNREADABLE, _DONE)

Tell = Callable[[int, str, str], None]
"""number of the entry, code of the finding, what is wrong"""


class LogReplay:
    """Takes the entries in order, with all numbers from 0 on; `tell` hears what is wrong."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._kinds: dict[str, Callable[[int, Mapping[str, Any]], None]] = {
            "decision": self._judged,
            "dry_run": self._judged,
            "review": self._review,
            "delivery": self._delivery,
            "expiry": self._expiry,
            "change": self._change,
            "erased": self._erased,
        }
        # For each entry, a fingerprint of the sending that it allows: 8 bytes an entry.
        self._allows = array("q")
        self._held: dict[str, tuple[int, str]] = {}
        self._seen: set[int] = set()  # hashes of the messages that were judged
        self.kinds: Counter[str] = Counter()
        self.states: Counter[str] = Counter()  # of deliveries
        self.verdicts: Counter[str] = Counter()
        self.paired = 0  # deliveries, reviews and expiries whose cause was found
        self.unpaired_for_want = 0  # their cause is among the entries that cannot be read
        self.strange_kinds: Counter[str] = Counter()
        self.first_at = self.last_at = ""
        self.allowed = self.settled = 0
        self._erasures: set[str] = set()
        self.erased: Counter[str] = Counter()
        self.key_changes: dict[str, int] = {}  # SHA-256 of a new log key → entry

    def pairs(self) -> dict[str, int]:
        return {
            "of cause and effect": self.paired,
            "whose cause cannot be read": self.unpaired_for_want,
            "allowed, not delivered yet": self.allowed - self.settled,
            "held, not reviewed yet": len(self._held),
        }

    def skip(self) -> None:
        """An entry that is missing, or cannot be read."""
        self._allows.append(_UNREADABLE)

    def add(self, seq: int, said: Mapping[str, Any]) -> None:
        """The entry `seq`, parsed."""
        self._allows.append(_NOTHING)
        try:
            if said["v"] != VERSION:
                self._tell(seq, "entry-malformed", "is of a version that this verifier cannot read")
                return
            if said["seq"] != seq:
                self._tell(seq, "entry-number", f"says of itself that it is entry {said['seq']}")
            kind = said["kind"]
            self._time(said["timestamp"])
            message = said["message_id"]
            is_named = type(message) is str or (message is None and kind not in _OF_MESSAGES)
            judge = self._kinds.get(kind, self._strange)
            if is_named and type(kind) is type(said["tenant"]) is str:
                judge(seq, said)
                self.kinds[kind if kind in self._kinds else "unknown"] += 1
            else:
                self._tell(seq, "entry-malformed", "is not in the format of an entry")
        except (AttributeError, KeyError, TypeError, ValueError):
            self._tell(seq, "entry-malformed", "is not in the format of an entry")

    def _time(self, stamp: str) -> None:
        if len(stamp) != 27 or stamp[-1] != "Z":
            raise ValueError
        datetime.fromisoformat(stamp)
        self.first_at = min(self.first_at or stamp, stamp)
        self.last_at = max(self.last_at, stamp)

    def _strange(self, _: int, said: Mapping[str, Any]) -> None:
        kind = said["kind"][:40]
        self.strange_kinds[kind if len(self.strange_kinds) < _MAX_STRANGE else "(others)"] += 1

    def _judged(self, seq: int, said: Mapping[str, Any]) -> None:
        message = hash(said["message_id"])
        if message in self._seen:
            self._tell(seq, "message-repeated", "judges a message anew that was judged before")
        self._seen.add(message)
        self._comes_to(seq, said)

    def _comes_to(self, seq: int, said: Mapping[str, Any]) -> None:
        state, verdict = said["state"], said["verdict"]
        self.verdicts[_VERDICTS[verdict]] += 1
        if state == "queued":
            if verdict != "publish" or said["kind"] == "dry_run":
                self._tell(seq, "sent-unallowed", f"queues a message with the verdict {verdict!r}")
                return
            self._allows[seq] = _sending(said, said["disclosure"]["content_hash"])
            self.allowed += 1
        elif state == "held":
            self._held[said["message_id"]] = (seq, said["decision_id"])

    def _review(self, seq: int, said: Mapping[str, Any]) -> None:
        review = said["review"]
        if review["action"] not in ("release", "edit", "reject") or not review["reviewer"]:
            raise ValueError
        if self._held.pop(said["message_id"], None) is not None:
            self.paired += 1
        else:
            self._tell(seq, "review-unheld", "reviews a message that was not held at this time")
        if review["action"] == "reject" and said["state"] == "queued":
            self._tell(seq, "sent-unallowed", "queues a message that its reviewer rejected")
        self._comes_to(seq, said)

    def _delivery(self, seq: int, said: Mapping[str, Any]) -> None:
        by, state = said["allowed_by"], said["state"]
        self.states[_ENDS[state]] += 1
        allowed = self._allows[by] if type(by) is int and 0 <= by < seq else _NOTHING
        if allowed == _UNREADABLE:
            self.unpaired_for_want += 1
        elif allowed == _DONE:
            self._tell(seq, "delivered-twice", f"delivers again what entry {by} allowed once")
        elif allowed == _NOTHING or allowed != _sending(said, said["content_hash"]):
            self._tell(seq, "delivery-unallowed", "no earlier entry allowed this delivery")
        else:
            self.paired += 1
            if state == "delivered":  # other ends can still be followed by a late "delivered"
                self._allows[by] = _DONE
                self.settled += 1

    def _expiry(self, seq: int, said: Mapping[str, Any]) -> None:
        held = (said["held_by"], said["decision_id"])
        if self._held.get(said["message_id"]) == held:
            del self._held[said["message_id"]]
            self.paired += 1
        elif 0 <= held[0] < seq and self._allows[held[0]] == _UNREADABLE:
            self.unpaired_for_want += 1
        else:
            self._tell(seq, "expiry-unheld", "no earlier entry held what expired")

    def _change(self, seq: int, said: Mapping[str, Any]) -> None:
        if not (said["actor"] and said["what"] and type(said["subject"]) is str):
            raise ValueError
        if said["what"] == "signing_key" and said["detail"].get("signs") == "checkpoints":
            self.key_changes[said["after"]] = seq

    def _erased(self, seq: int, said: Mapping[str, Any]) -> None:
        """Keys were destroyed: what, when, by whom, why. A person is named by a digest alone."""
        what, subject, counts = said["what"], said["subject"], said["counts"]
        well_formed = (
            what in _ERASABLE
            and all(said[name] and type(said[name]) is str for name in _ERASED_BY)
            and (what not in _DIGESTS or (len(subject) >= 32 and _HEX.issuperset(subject)))
            and (what != "message" or said["message_id"] == subject)
            and all(type(count) is int and count >= 0 for count in counts.values())
            and {"keys", "payloads", "messages"} <= counts.keys()
        )
        if not well_formed:
            self._tell(seq, "erasure-malformed", "does not say what was erased, when, by whom, why")
        elif not 0 <= said["before"] <= seq or said["ordered_at"] > said["timestamp"]:
            self._tell(seq, "erasure-malformed", "reaches entries, or was ordered, after itself")
        elif said["erasure_id"] in self._erasures:
            self._tell(seq, "erasure-malformed", "repeats an earlier erasure")
        else:
            self._erasures.add(said["erasure_id"])
            self.erased.update({name: counts[name] for name in ("keys", "payloads", "messages")})


_OF_MESSAGES = {"decision", "dry_run", "review", "delivery", "expiry"}
_VERDICTS = {verdict: verdict for verdict in ("publish", "hold", "block")}
_ENDS = {end: end for end in ("delivered", "refused", "unknown", "dead")}
_MAX_STRANGE = 20
_ERASABLE = {"subject", "conversation", "creator", "message", "retention"}
_ERASED_BY = ("erasure_id", "actor", "reason", "subject", "ordered_at")
_DIGESTS = {"subject", "conversation"}
_HEX = frozenset("0123456789abcdef")


def _sending(said: Mapping[str, Any], content_hash: str) -> int:
    """A fingerprint of this sending of this text. Python keys it anew in every process, so that
    nobody can prepare two that agree."""
    receipt = said["receipt"]
    parts = (said["message_id"], said["decision_id"], receipt["id"], receipt["sha256"])
    mark = hash((*parts, content_hash))
    return 1 if mark in _RESERVED else mark
