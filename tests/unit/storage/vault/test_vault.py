from __future__ import annotations

import pytest

from gateway.errors import LogInvalid, NotRecorded
from gateway.model.decision import Bundle, Decision
from gateway.model.submission import Audience
from gateway.model.verdict import Verdict
from gateway.storage.store import Store
from gateway.storage.vault.payload import payload_of
from gateway.storage.vault.vault import Vault
from tests.stores import Samples


@pytest.fixture
def vault(store: Store) -> Vault:
    return store.ledger._vault


async def test_what_is_sealed_opens_again(vault: Vault, samples: Samples) -> None:
    record = samples.record()
    sealed = await vault.seal(record)
    message_id = record.submission.message_id
    found = vault.unseal(message_id, sealed.kid, sealed.nonce, sealed.ciphertext)
    assert found == payload_of(record)
    assert record.submission.text.encode() not in sealed.ciphertext


async def test_nonces_never_repeat(vault: Vault, samples: Samples) -> None:
    record = samples.record()
    sealed = [await vault.seal(record) for _ in range(50)]
    assert len({one.nonce for one in sealed}) == 50


async def test_a_changed_payload_is_noticed(vault: Vault, samples: Samples) -> None:
    sealed = await vault.seal(samples.record())
    changed = bytes([sealed.ciphertext[0] ^ 1]) + sealed.ciphertext[1:]
    with pytest.raises(LogInvalid):
        vault.unseal("msg_1", sealed.kid, sealed.nonce, changed)
    with pytest.raises(LogInvalid):
        vault.unseal("msg_2", sealed.kid, sealed.nonce, sealed.ciphertext)


async def test_a_subject_keeps_its_key_once_that_is_noted(store: Store, samples: Samples) -> None:
    vault = store.ledger._vault
    first = await vault.seal(samples.record())
    assert first.fresh
    assert (await vault.seal(samples.record())).fresh  # nobody wrote the first one down
    await store.ledger.record(samples.record())
    later = [await vault.seal(samples.record()) for _ in range(2)]
    assert [one.fresh for one in later] == [False, False]
    assert later[0].kid == later[1].kid
    other = samples.submission(audience=Audience(id="other"))
    assert (await vault.seal(samples.record(submission=other))).fresh


async def test_a_noted_key_is_found_again_after_a_restart(
    store: Store, samples: Samples, reopen: object
) -> None:
    assert callable(reopen)
    await store.ledger.record(samples.record())
    kid = (await store.ledger._vault.seal(samples.record())).kid
    store = await reopen(store)
    sealed = await store.ledger._vault.seal(samples.record())
    assert (sealed.kid, sealed.fresh) == (kid, False)


async def test_without_a_key_there_is_no_payload(vault: Vault) -> None:
    assert vault.unseal("msg_1", None, b"", b"") is None
    assert vault.unseal("msg_1", "destroyed", b"n" * 12, b"c" * 40) is None


async def test_what_json_cannot_say_is_not_recorded(vault: Vault, samples: Samples) -> None:
    decision = Decision(
        verdict=Verdict.PUBLISH,
        reasons=(),
        obligations=(),
        bundle=Bundle(digest="", revisions={}),
        engine="e",
        path="p",
        document={"x": object()},
        masked={},
    )
    with pytest.raises(NotRecorded):
        await vault.seal(samples.record(decision=decision))
