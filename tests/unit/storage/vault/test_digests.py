from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.model.submission import Audience, Channel, MediaDigest
from gateway.storage.vault.digests import Digests
from tests.stores import Samples

DIGESTS = Digests(b"k" * 32)


def test_a_fingerprint_is_of_what_is_said_not_of_ids_and_times(samples: Samples) -> None:
    first = samples.submission(idempotency_key="a")
    samples.clock.move(hours=1)
    again = samples.submission(idempotency_key="b", caller="other")
    assert DIGESTS.fingerprint(first) == DIGESTS.fingerprint(again)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "x"},
        {"human_text": None},
        {"channel": Channel.LIVE},
        {"creator": "x"},
        {"avatar": "x"},
        {"conversation": "x"},
        {"tenant": "x"},
        {"language": "fr"},
        {"route": "x"},
        {"dry_run": True},
        {"audience": Audience(id="x")},
        {"media": (MediaDigest(sha256="ab", content_type="image/png"),)},
    ],
)
def test_whatever_is_said_changes_the_fingerprint(samples: Samples, change: Any) -> None:
    submission = samples.submission()
    assert DIGESTS.fingerprint(submission) != DIGESTS.fingerprint(replace(submission, **change))


def test_digests_need_the_key(samples: Samples) -> None:
    other = Digests(b"x" * 32)
    submission = samples.submission(idempotency_key="a")
    for name in ("fingerprint", "subject", "contact", "request"):
        assert getattr(DIGESTS, name)(submission) != getattr(other, name)(submission)


def test_a_person_is_never_a_conversation(samples: Samples) -> None:
    person = samples.submission(audience=Audience(id="x"), conversation="y")
    conversation = samples.submission(audience=Audience(), conversation="x")
    assert DIGESTS.subject(person) != DIGESTS.subject(conversation)
    assert DIGESTS.contact(person) != DIGESTS.contact(conversation)


def test_parts_do_not_run_together(samples: Samples) -> None:
    one = samples.submission(tenant="a", caller="bc", idempotency_key="d")
    other = samples.submission(tenant="ab", caller="c", idempotency_key="d")
    assert DIGESTS.request(one) != DIGESTS.request(other)


def test_without_an_idempotency_key_there_is_no_request(samples: Samples) -> None:
    assert DIGESTS.request(samples.submission()) is None
