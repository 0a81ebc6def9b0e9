from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.trail.checkpoint import (
    Checkpoint,
    is_decimal,
    note_keys,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)

ORIGIN = "gateway.example/log"
ROOT = bytes(range(32))


def test_signed_and_opened(keyring: Keyring) -> None:
    signed = sign_checkpoint(origin=ORIGIN, size=12, root=ROOT, keyring=keyring)
    assert signed.note.startswith(f"{ORIGIN}\n12\n{b64encode(ROOT).decode()}\n\n— {ORIGIN} ")
    assert open_checkpoint(signed.note, note_keys(ORIGIN, keyring), origin=ORIGIN) == signed


def test_old_keys_stay_good_after_a_rotation(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("keys")
    old = Keyring.create(directory)
    signed = sign_checkpoint(origin=ORIGIN, size=1, root=ROOT, keyring=old)
    new = Keyring.rotate(directory)
    assert open_checkpoint(signed.note, note_keys(ORIGIN, new), origin=ORIGIN).size == 1
    newer = sign_checkpoint(origin=ORIGIN, size=2, root=ROOT, keyring=new)
    with pytest.raises(LogInvalid):
        open_checkpoint(newer.note, note_keys(ORIGIN, old), origin=ORIGIN)


def test_another_log_is_refused(keyring: Keyring) -> None:
    signed = sign_checkpoint(origin="other.example", size=1, root=ROOT, keyring=keyring)
    keys = note_keys("other.example", keyring)
    with pytest.raises(LogInvalid, match="another log"):
        open_checkpoint(signed.note, keys, origin=ORIGIN)


def test_extension_lines_are_left_alone() -> None:
    text = Checkpoint(origin=ORIGIN, size=0, root=ROOT).text
    assert parse_checkpoint(text + "extension\n").size == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n1\n",
        "\n1\nAAAA\n",
        f"a\n01\n{b64encode(ROOT).decode()}\n",
        f"a\n-1\n{b64encode(ROOT).decode()}\n",
        f"a\n1_0\n{b64encode(ROOT).decode()}\n",
        f"a\n٣\n{b64encode(ROOT).decode()}\n",
        f"a\n{'9' * 20}\n{b64encode(ROOT).decode()}\n",
        "a\n1\nAAAA\n",
        "a\n1\n!\n",
        f"a\n1\n{b64encode(ROOT).decode()}",
        f"a\n1\n{b64encode(ROOT).decode()}\n\n",
        f"a\n1\n{b64encode(ROOT).decode()}\n\nb\n",
    ],
)
def test_malformed_texts_are_refused(text: str) -> None:
    with pytest.raises(LogInvalid):
        parse_checkpoint(text)


def test_decimals() -> None:
    assert is_decimal("0")
    assert is_decimal("9" * 19)
    assert not any(map(is_decimal, ("", "00", "+1", " 1", "²", "9" * 20)))
