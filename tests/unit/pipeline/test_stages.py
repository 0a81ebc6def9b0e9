from __future__ import annotations

import asyncio

import pytest

from gateway.errors import StageUndefined
from gateway.model.finding import Stage
from gateway.pipeline.stages import StageRunner


async def test_an_answer_passes() -> None:
    async def answer() -> int:
        return 7

    attempt = await StageRunner().attempt(Stage.PII, 1_000, answer)
    assert attempt.value == 7
    assert attempt.unavailable is None


async def test_a_deadline_is_named() -> None:
    attempt = await StageRunner().attempt(Stage.PII, 5, lambda: asyncio.sleep(30))
    assert attempt.unavailable is not None
    assert attempt.unavailable.reason == "no answer within 5 ms"


async def test_a_stage_gives_its_own_reason() -> None:
    async def refuse() -> None:
        raise StageUndefined("policy", "the result has no verdict")

    attempt = await StageRunner().attempt(Stage.POLICY, 1_000, refuse)
    assert attempt.unavailable is not None
    assert attempt.unavailable.reason == "the result has no verdict"


@pytest.mark.parametrize("error", [ValueError, TimeoutError, MemoryError, RecursionError])
async def test_a_foreign_message_is_never_quoted(error: type[Exception]) -> None:
    async def fail() -> None:
        raise error("call me at 06 39 98 12 34")

    attempt = await StageRunner().attempt(Stage.TOXICITY, 1_000, fail)
    assert attempt.unavailable is not None
    assert attempt.unavailable.reason == f"failed with {error.__name__}"


async def test_a_cancelled_request_is_not_a_failed_stage() -> None:
    task = asyncio.create_task(StageRunner().attempt(Stage.PII, 60_000, lambda: asyncio.sleep(30)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
