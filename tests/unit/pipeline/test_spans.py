"""Spans name the stage and why it failed, never a text. In a process of its own: a tracer provider
can be set once."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.programs

PROGRAM = """
import asyncio
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from gateway.model.finding import Stage
from gateway.pipeline.stages import StageRunner

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)

async def answer():
    return 1

async def fail():
    raise ValueError("call 06 39 98 12 34")

async def main():
    runner = StageRunner()
    await runner.attempt(Stage.PII, 1_000, answer)
    await runner.attempt(Stage.POLICY, 1_000, fail)

asyncio.run(main())
for span in exporter.get_finished_spans():
    print(span.name, dict(span.attributes), span.status.description, len(span.events))
"""


def test_each_stage_is_a_span_without_words() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    spans = [line for line in ran.stdout.splitlines() if line.startswith("stage ")]
    pii, policy = spans
    assert pii.startswith("stage pii ")
    assert policy.startswith("stage policy ")
    assert "failed with ValueError" in policy
    assert "06 39" not in ran.stdout
