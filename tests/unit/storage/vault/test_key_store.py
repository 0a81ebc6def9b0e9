from __future__ import annotations

from gateway.storage.vault.key_store import identity_of


def test_a_store_is_known_by_its_proof() -> None:
    assert identity_of(b"one") == identity_of(b"one") != identity_of(b"other")
    assert len(identity_of(b"")) == 32
