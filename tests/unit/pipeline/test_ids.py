from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from gateway.pipeline.ids import commit_to, new_id

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_ids_sort_by_time_and_do_not_repeat() -> None:
    made = [new_id("msg", NOW + timedelta(milliseconds=step)) for step in range(100)]
    assert made == sorted(made)
    assert len({new_id("msg", NOW) for _ in range(1_000)}) == 1_000
    assert all(one.startswith("msg_") and len(one) == 36 for one in made)


def test_a_commitment_can_be_opened_with_its_salt_alone() -> None:
    made, again = commit_to("Bonjour é 🎉"), commit_to("Bonjour é 🎉")
    assert made.hash != again.hash
    salt = bytes.fromhex(made.salt)
    assert hmac.new(salt, "Bonjour é 🎉".encode(), "sha256").hexdigest() == made.hash
