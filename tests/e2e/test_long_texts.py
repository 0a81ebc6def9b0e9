"""The longest texts that are taken, written to be as much work as they can."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bench.messages import direct
from gateway.assembly.build import AssembledGateway, assemble
from gateway.model.finding import Stage
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.pipeline.adapters import Limits
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.ids import new_id
from gateway.settings import read_settings

in_one_loop = pytest.mark.asyncio(loop_scope="module")

MINUTES = Limits(detect_ms=600_000, policy_ms=600_000, record_ms=600_000)
LONGEST = 20_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AssembledGateway]:
    folder: Path = tmp_path_factory.mktemp("long")
    async with assemble(read_settings(None, {"data_dir": folder})) as made:
        await made.opened.store.registry.put_creator("t", "c", {}, actor="tests")
        yield made


def long(piece: str) -> Submission:
    text = (piece * (LONGEST // len(piece) + 1))[:LONGEST]
    now = datetime.now(UTC)
    return replace(direct(text), message_id=new_id("msg", now), dry_run=True, received_at=now)


@in_one_loop
@pytest.mark.parametrize(
    "piece",
    [
        "john at gmail dot com ",
        "a@b.example ",
        "I am human, kill yourself ",
        "06 12 34 56 78, ",
        "k&#105;ll y<b>o</b>u ",
        "у0u аrе ɐ ʇoq ",
        "加我微信 138 0013 8000，",
    ],
)
async def test_every_stage_has_an_answer_for_it(parts: AssembledGateway, piece: str) -> None:
    gateway = Gateway(adapters=parts.adapters, limits=MINUTES, now=lambda: datetime.now(UTC))
    outcome = await gateway.submit(long(piece))
    assert outcome.judgement.unavailable == ()
    assert {Stage.READ, Stage.PII, Stage.TOXICITY, Stage.SIGNALS, Stage.POLICY} <= {
        *map(Stage, outcome.judgement.timings_ms)
    }


@in_one_loop
async def test_it_is_read_beside_the_event_loop_and_a_short_one_on_it(
    parts: AssembledGateway,
) -> None:
    threads: list[int] = []

    def read(text: str, language: str | None) -> ReadText:
        threads.append(threading.get_ident())
        return parts.adapters.read(text, language)

    gateway = Gateway(
        adapters=replace(parts.adapters, read=read), limits=MINUTES, now=lambda: datetime.now(UTC)
    )
    await gateway.submit(long("so it goes, "))
    await gateway.submit(replace(long("x"), text="so it goes"))
    assert threads[0] != threading.get_ident()
    assert threads[1] == threading.get_ident()
