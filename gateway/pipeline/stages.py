"""Runs one stage under its deadline. This is the only place where the pipeline catches unknown
errors: the stage becomes `Unavailable`, and the message is held."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from opentelemetry import trace

from gateway.errors import StageFailure, StageTimeout, place_of
from gateway.model.finding import Stage, Unavailable

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T_co]):
    """The result of a stage: a value, or why there is none. `ms` is wall time."""

    stage: Stage
    ms: float
    value: T_co | None = None
    unavailable: Unavailable | None = None


class Spans:
    """Spans for a collector. While none is configured, no span is made, which saves half a
    millisecond of CPU for each message."""

    def __init__(self) -> None:
        idle = isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
        self._tracer = None if idle else trace.get_tracer("gateway.pipeline")

    def message(self, message_id: str) -> AbstractContextManager[trace.Span]:
        """The parent of a message's stages."""
        return self._start_span("message", {"gateway.message_id": message_id})

    def stage(self, stage: Stage) -> AbstractContextManager[trace.Span]:
        return self._start_span(f"stage {stage.value}", {})

    def _start_span(
        self, name: str, attributes: dict[str, str]
    ) -> AbstractContextManager[trace.Span]:
        """Start a span. No exception is written into it, since one may quote the text."""
        if self._tracer is None:
            return nullcontext(trace.INVALID_SPAN)
        return self._tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        )


class StageRunner:
    """Turns every failure of a stage into an `Unavailable`, so that no exception passes on."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("gateway.pipeline")
        self._spans = Spans()

    async def attempt(
        self, stage: Stage, deadline_ms: float, call: Callable[[], Awaitable[T]]
    ) -> Attempt[T]:
        """Await `call()` for at most `deadline_ms`.

        A `StageFailure` gives its own reason; of any other exception only the type is given, since
        its message may quote the text. A value of None counts as a failure.
        """
        began, place = time.perf_counter(), ""
        with self._spans.stage(stage) as span:
            try:
                async with asyncio.timeout(deadline_ms / 1_000) as deadline:
                    value = await call()
            except StageFailure as failure:
                reason = failure.reason
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                reason = "it gave up"  # something the stage waited for was cancelled
            except Exception as error:  # noqa: BLE001 - the boundary: a failing port holds the message
                reason = (
                    StageTimeout(stage.value, deadline_ms).reason
                    if deadline.expired()
                    else f"failed with {type(error).__name__}"
                )
                place = place_of(error)
            else:
                if value is not None:
                    return Attempt(stage, _ms_since(began), value=value)
                reason = "it answered nothing"
            span.set_attribute("gateway.unavailable", reason)
        self._log.warning("stage unavailable", stage=stage.value, reason=reason, at=place)
        return Attempt(stage, _ms_since(began), unavailable=Unavailable(stage=stage, reason=reason))


def _is_cancelled() -> bool:
    """Whether this task itself has been cancelled."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1_000, 3)
