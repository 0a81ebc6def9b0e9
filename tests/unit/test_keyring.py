from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from joserfc import jws
from joserfc.jwk import KeySet, OKPKey

from gateway.errors import KeysInvalid
from gateway.keyring import FILE_NAME, Keyring, thumbprint

SECRETS = ("root", "pseudonym_secret", "fingerprint_key", "master_key", "webhook_secret")


def test_create_then_open_gives_the_same_keys(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path / "keys")
    read = Keyring.open(tmp_path / "keys")
    assert read.receipt.kid == made.receipt.kid
    assert read.checkpoint.kid == made.checkpoint.kid
    for name in SECRETS:
        assert getattr(read, name) == getattr(made, name)
        assert len(getattr(read, name)) == 32


def test_every_purpose_has_its_own_secret_and_key() -> None:
    keyring = Keyring.generate()
    assert len({getattr(keyring, name) for name in SECRETS}) == len(SECRETS)
    assert keyring.receipt.kid != keyring.checkpoint.kid


def test_files_are_closed_to_others_and_nothing_is_left_over(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "keys"
    Keyring.create(directory)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in directory.iterdir()] == [FILE_NAME]


def test_create_never_overwrites(tmp_path: Path) -> None:
    first = Keyring.create(tmp_path)
    with pytest.raises(KeysInvalid, match="already there"):
        Keyring.create(tmp_path)
    assert Keyring.open(tmp_path).receipt.kid == first.receipt.kid
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_several_that_start_together_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: Keyring.open_or_create(tmp_path / "keys"), range(16)))
    assert len({ring.receipt.kid for ring in rings}) == 1
    assert len({ring.root for ring in rings}) == 1


def test_missing_says_how_to_mend(tmp_path: Path) -> None:
    with pytest.raises(KeysInvalid, match="name the right data directory"):
        Keyring.open(tmp_path)
    with pytest.raises(KeysInvalid):
        Keyring.rotate(tmp_path / "nowhere")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    Keyring.create(tmp_path)
    (tmp_path / FILE_NAME).chmod(mode)
    with pytest.raises(KeysInvalid, match="chmod 600"):
        Keyring.open(tmp_path)


def test_a_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    Keyring.create(tmp_path)
    tmp_path.chmod(0o770)
    with pytest.raises(KeysInvalid, match="chmod go-w"):
        Keyring.open(tmp_path)


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(KeysInvalid):
        Keyring.open(tmp_path)


def _damaged(document: dict[str, object]) -> list[bytes]:
    text = json.dumps(document)
    other = json.loads(json.dumps(Keyring.generate()._document()))
    swapped_root = {**document, "root": other["root"]}
    swapped_key = {**document, "receipt": {**document["receipt"], "public": other["root"]}}  # type: ignore[dict-item] # JSON
    return [
        b"",
        b"[]",
        b"\xff\xfe",
        text[:-20].encode(),
        json.dumps({**document, "version": 2}).encode(),
        json.dumps({**document, "root": "AAAA"}).encode(),
        json.dumps({**document, "root": 7}).encode(),
        json.dumps({**document, "checkpoint": None}).encode(),
        json.dumps(swapped_root).encode(),
        json.dumps(swapped_key).encode(),
        b" " * (1 << 20) + text.encode(),
    ]


def test_every_damage_is_refused_without_telling_secrets(tmp_path: Path) -> None:
    Keyring.create(tmp_path)
    path = tmp_path / FILE_NAME
    document = json.loads(path.read_text())
    for damage in _damaged(document):
        path.write_bytes(damage)
        with pytest.raises(KeysInvalid) as caught:
            Keyring.open(tmp_path)
        assert document["root"] not in str(caught.value)
        assert document["receipt"]["private"] not in str(caught.value)


def test_rotation_keeps_old_signatures_valid(tmp_path: Path) -> None:
    old = Keyring.create(tmp_path)
    signature = old.checkpoint.sign(b"signed before")
    Keyring.rotate(tmp_path)
    new = Keyring.rotate(tmp_path)
    assert Keyring.open(tmp_path).receipt.kid == new.receipt.kid
    assert len({key.kid for key in new.receipt_keys}) == 3
    assert new.receipt_keys[-1].kid == old.receipt.kid
    assert new.checkpoint_keys[-1].verify(signature, b"signed before")
    assert not new.checkpoint_keys[0].verify(signature, b"signed before")
    assert not new.checkpoint_keys[-1].verify(signature, b"forged")
    assert new.receipt_keys[0].retired_at is None
    assert all(key.retired_at is not None for key in new.receipt_keys[1:])
    for name in SECRETS:
        assert getattr(new, name) == getattr(old, name)


def test_rotation_destroys_the_old_private_key(tmp_path: Path) -> None:
    Keyring.create(tmp_path)
    before = json.loads((tmp_path / FILE_NAME).read_text())
    Keyring.rotate(tmp_path)
    after = (tmp_path / FILE_NAME).read_text()
    assert before["receipt"]["private"] not in after
    assert before["checkpoint"]["private"] not in after
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_jws_verifies_with_the_published_keys(tmp_path: Path) -> None:
    old = Keyring.create(tmp_path)
    key = OKPKey.import_key(old.receipt.pkcs8())
    token = jws.serialize_compact(
        {"alg": "Ed25519", "kid": old.receipt.kid}, b"{}", key, algorithms=["Ed25519"]
    )
    keys = KeySet.import_key_set(Keyring.rotate(tmp_path).jwks())  # type: ignore[arg-type] # joserfc's type is its own
    assert jws.deserialize_compact(token, keys, algorithms=["Ed25519"]).payload == b"{}"


def test_jwks_is_public_only() -> None:
    keyring = Keyring.generate()
    assert set(keyring.jwks()["keys"][0]) == {"kty", "crv", "x", "kid", "use"}


def test_the_thumbprint_is_that_of_the_rfc() -> None:
    # RFC 8037, appendices A.1 and A.3
    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert thumbprint(raw) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_repr_tells_no_secret(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path)
    shown = repr(keyring)
    stored = json.loads((tmp_path / FILE_NAME).read_text())
    for secret in (
        stored["root"],
        stored["receipt"]["private"],
        stored["checkpoint"]["private"],
        *(repr(getattr(keyring, name)) for name in SECRETS),
        "Ed25519PrivateKey",
    ):
        assert secret not in shown


def test_an_unwritable_directory_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(KeysInvalid, match="cannot be made"):
        Keyring.create(blocker / "keys")


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).symlink_to(FILE_NAME)  # a loop: nobody can read it, not even root
    with pytest.raises(KeysInvalid, match="cannot be read"):
        Keyring.open(tmp_path)
    with pytest.raises(KeysInvalid, match="cannot be read"):
        Keyring.open_or_create(tmp_path)


def test_a_rotation_has_two_steps(tmp_path: Path) -> None:
    old = Keyring.create(tmp_path)
    prepared = Keyring.prepare_rotation(tmp_path)
    assert Keyring.open(tmp_path).checkpoint.kid == old.checkpoint.kid
    assert Keyring.prepare_rotation(tmp_path).checkpoint.kid == prepared.checkpoint.kid
    for _ in range(2):
        finished = Keyring.finish_rotation(tmp_path)
        assert finished.checkpoint.kid == prepared.checkpoint.kid
        assert Keyring.open(tmp_path).checkpoint.kid == prepared.checkpoint.kid
    text = (tmp_path / FILE_NAME).read_text()
    assert "next" not in json.loads(text)
    assert Keyring.prepare_rotation(tmp_path).checkpoint.kid != prepared.checkpoint.kid


def test_spoilt_prepared_keys_are_refused(tmp_path: Path) -> None:
    Keyring.create(tmp_path)
    Keyring.prepare_rotation(tmp_path)
    path = tmp_path / FILE_NAME
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "next": {}}))
    Keyring.open(tmp_path)
    for step in (Keyring.prepare_rotation, Keyring.finish_rotation):
        with pytest.raises(KeysInvalid, match="corrupt"):
            step(tmp_path)


def test_post_quantum_keys_rotate_too(tmp_path: Path) -> None:
    old = Keyring.create(tmp_path)
    read = Keyring.open(tmp_path)
    assert read.post_quantum.raw == old.post_quantum.raw
    signature = old.post_quantum.sign(b"signed before")
    new = Keyring.rotate(tmp_path)
    assert new.post_quantum_keys == (new.post_quantum.raw, old.post_quantum.raw)
    assert Keyring.open(tmp_path).post_quantum_keys == new.post_quantum_keys
    key = MLDSA44PublicKey.from_public_bytes(new.post_quantum_keys[1])
    key.verify(signature, b"signed before")
    assert b64(old.post_quantum.seed) not in (tmp_path / FILE_NAME).read_text()


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_file_from_before_there_were_post_quantum_keys(tmp_path: Path) -> None:
    Keyring.create(tmp_path)
    path = tmp_path / FILE_NAME
    document = json.loads(path.read_text())
    del document["post_quantum"]
    path.write_text(json.dumps(document))
    first = Keyring.open(tmp_path).post_quantum.raw
    assert Keyring.open(tmp_path).post_quantum.raw == first
    assert Keyring.rotate(tmp_path).post_quantum_keys[1] == first
