"""Cosignatures and time stamps over both engines: what the trail asks of a store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from gateway.keyring import Keyring
from gateway.storage.store import Store
from gateway.trail.anchors import Quorum
from gateway.trail.checkpoint import parse_checkpoint
from gateway.trail.log import Log
from gateway.trail.note import cosignatures, note_text
from gateway.trail.proof import parse_proof
from gateway.trail.tiles import TileAt
from gateway.trail.witness import AddCheckpoint, Cosigner, Witness
from tests.stores import Samples

ORIGIN = "gateway.example/log"


async def test_what_witnesses_and_authorities_say_is_kept_with_the_log(
    store: Store, samples: Samples, tmp_path: Path
) -> None:
    keyring, cosigner = Keyring.generate(), Cosigner(name="w.example", keyring=Keyring.generate())

    def opened() -> Log:
        return Log(
            store=store.log,
            keyring=keyring,
            origin=ORIGIN,
            now=samples.clock,
            interval_s=0.001,
            post_quantum=True,
            quorum=Quorum(cosigner.keys, 1),
            check_stamp=lambda response, text: samples.clock.at,
        )

    log = opened()
    witness = Witness(
        logs={ORIGIN: log.keys}, cosigner=cosigner, folder=tmp_path / "w", now=samples.clock
    )
    old = 0
    for _ in range(3):
        for _ in range(4):
            await store.ledger.record(samples.record())
        signed = await log.checkpoint()
        path = await log.consistency(old, signed.size)
        request = AddCheckpoint(old=old, proof=tuple(path), note=signed.note)
        answer = witness.add_checkpoint(request.text.encode())
        assert answer.status == 200
        (given,) = cosignatures(signed.note + answer.body, cosigner.keys)
        await store.log.put_cosignature(
            size=signed.size, key=given.key.short, line=given.line, at=samples.clock.at
        )
        await store.log.put_stamp(
            size=signed.size, tsa="http://tsa", response=b"x", at=samples.clock.at
        )
        samples.clock.move(seconds=3)
        old = signed.size
    witness.close()
    await store.ledger.record(samples.record())
    newest = await log.checkpoint()

    for found in (log, opened()):
        await found.look_for_witnessed()
        published = await found.published()
        assert published is not None
        assert (published.size, newest.size) == (12, 13)
        assert len(cosignatures(published.note, cosigner.keys)) == 1
        proof = parse_proof(await found.proof(2, with_entry=True))
        assert parse_checkpoint(note_text(proof.checkpoint)).size == 12
        assert len(await found.tile(0, TileAt(0, 13))) == 13 * 32
        anchored = (await found.verify()).anchored
        assert (anchored.witnessed, anchored.witnessed_checkpoints) == (12, 3)
        assert (anchored.stamped, anchored.stamps, anchored.only_ours) == (12, 3, 1)
        assert anchored.witnesses[0].at is not None
        assert samples.clock.at - anchored.witnesses[0].at < timedelta(seconds=10)
    witness.close()
