"""Against `openssl ts` as the authority: the real protocol's bytes."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificates

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.trail.log import Log
from gateway.trail.stamping import StampChecker, Stamping
from tests.tsa import Authority, make_authority, serving_authority
from tests.unit.trail.conftest import MemoryStore

ORIGIN = "gateway.example/log"


def checker(authority: Authority) -> StampChecker:
    return StampChecker(load_pem_x509_certificates(authority.root.read_bytes()))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with serving_authority(tmp_path_factory.mktemp("tsa")) as made:
        yield made


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Of the same names, with other keys."""
    return make_authority(tmp_path_factory.mktemp("other"))


class Desk:
    """A log, and what has it stamped."""

    def __init__(
        self, store: MemoryStore, keyring: Keyring, authority: Authority, **more: Any
    ) -> None:
        self.at = datetime.now(UTC)
        self.seconds = 0.0
        trusted = more.pop("trusted", checker(authority))
        self.log = Log(
            store=store,
            keyring=keyring,
            origin=ORIGIN,
            now=lambda: self.at,
            interval_s=0.001,
            check_stamp=trusted,
        )
        self.stamping = Stamping(
            log=self.log,
            store=store,
            url=authority.url,
            checker=trusted,
            now=lambda: self.at,
            clock=lambda: self.seconds,
            interval_s=3_600,
        )

    async def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds
        await self.stamping.round()


@pytest.fixture
def reports(store: MemoryStore, keyring: Keyring, authority: Authority) -> Desk:
    authority.asked.clear()
    authority.wrong = None
    return Desk(store, keyring, authority)


async def test_the_newest_checkpoint_is_stamped_every_hour(
    reports: Desk, store: MemoryStore, authority: Authority
) -> None:
    await reports.later(0)  # nothing is signed yet
    store.fill(3)
    await reports.log.checkpoint()
    for wait in (60, 60, 60):
        await reports.later(wait)
    assert [size for size, *_ in store.stamped] == [3]
    store.fill(2)
    await reports.log.checkpoint()
    await reports.later(60)
    assert len(authority.asked) == 1
    await reports.later(3_600)
    assert [size for size, *_ in store.stamped] == [3, 5]
    assert reports.stamping.note == ""
    found = (await reports.log.verify()).anchored
    assert (found.stamped, found.stamps, found.only_ours) == (5, 2, 0)
    assert found.stamped_at is not None
    assert found.stamped_at.tzinfo is not None
    await reports.stamping.close()


def verified_by_openssl(folder: Path, root: Path) -> str:
    program = shutil.which("openssl")
    assert program is not None
    done = subprocess.run(
        [program, "ts", "-verify", "-data", "text", "-in", "stamp.tsr", "-CAfile", root],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.programs
async def test_openssl_verifies_what_is_stored(
    reports: Desk, store: MemoryStore, authority: Authority, tmp_path: Path
) -> None:
    store.fill(3)
    signed = await reports.log.checkpoint()
    await reports.later(60)
    (tmp_path / "text").write_text(signed.text)
    (tmp_path / "stamp.tsr").write_bytes(store.stamped[0][2])
    told = await asyncio.to_thread(verified_by_openssl, tmp_path, authority.root)
    assert "Verification: OK" in told
    await reports.stamping.close()


async def test_a_stamp_of_something_else_is_found(
    reports: Desk, store: MemoryStore, keyring: Keyring, authority: Authority, other: Authority
) -> None:
    store.fill(3)
    await reports.log.checkpoint()
    await reports.later(60)
    size, tsa, response, at = store.stamped[0]
    store.fill(1)
    await reports.log.checkpoint()
    for bad in (
        (4, tsa, response, at),
        (2, tsa, response, at),
        (size, tsa, response[:-40] + bytes(40), at),
        (size, tsa, b"", at),
    ):
        store.stamped = [bad]
        with pytest.raises(LogInvalid):
            await reports.log.verify()
    store.stamped = [(size, tsa, response, at)]
    with pytest.raises(LogInvalid, match="does not verify"):
        await Desk(store, keyring, authority, trusted=checker(other)).log.verify()
    blind = Log(store=store, keyring=keyring, origin=ORIGIN, now=lambda: at)
    assert (await blind.verify()).anchored.unchecked_stamps == 1
    await reports.stamping.close()


async def test_bad_answers_are_not_stored(
    reports: Desk, store: MemoryStore, authority: Authority, other: Authority
) -> None:
    store.fill(3)
    await reports.log.checkpoint()
    await reports.later(60)
    good = store.stamped.pop()[2]
    query = authority.asked[-1]
    for wrong, told in (
        ((500, b""), "answered 500"),
        ((302, b""), "answered 302"),
        ((200, b""), "does not verify"),
        ((200, b"\x30\x03\x02\x01\x05"), "does not verify"),
        ((200, b"x" * 70_000), "too long"),
        ((200, good), "Nonce mismatch"),
        ((200, other.stamp(query)), "does not verify"),
    ):
        authority.wrong = wrong
        await reports.later(700)
        assert told in reports.stamping.note
        assert store.stamped == []
    authority.wrong = None
    reports.at = datetime.now(UTC)
    await reports.later(700)
    assert reports.stamping.note == ""
    assert len(store.stamped) == 1
    await reports.stamping.close()


async def test_an_authority_that_is_gone_or_ahead(
    reports: Desk, store: MemoryStore, keyring: Keyring, authority: Authority
) -> None:
    store.fill(3)
    await reports.log.checkpoint()
    reports.at = datetime.now(UTC) - timedelta(hours=1)
    await reports.later(60)
    assert "ahead" in reports.stamping.note
    gone = Authority(authority.folder, url="http://127.0.0.1:1/")
    alone = Desk(store, keyring, gone)
    await alone.later(60)
    assert alone.stamping.note == "time stamps: ConnectError"
    assert alone.log.problem == ""
    await alone.stamping.close()
    await reports.stamping.close()
