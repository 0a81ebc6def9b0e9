from __future__ import annotations

import asyncio
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NoReturn

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.assembly.build import assemble
from gateway.errors import ConfigurationError
from gateway.model.finding import Stage
from gateway.model.submission import Channel, Submission
from gateway.pipeline.stages import StageRunner
from gateway.settings import read_settings
from gateway.telemetry import configure_logs, configure_traces

PRIVATE = "lea.perso@example.org"
TEXT = f"Écris-moi à {PRIVATE} !"


def fail() -> NoReturn:
    raise ValueError(TEXT)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configuration)


def test_json_logs_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")
    log = structlog.get_logger("gateway")
    log.info("ready", url="http://127.0.0.1:8080")
    log.debug("too much detail")
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["level"]) == ("ready", "info")
    assert event["url"] == "http://127.0.0.1:8080"
    assert datetime.fromisoformat(event["timestamp"]).tzinfo is not None
    assert captured.out == ""


def test_console_logs_are_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("debug", "console")
    structlog.get_logger().debug("stage unavailable", stage="pii", reason="no\nanswer")
    (line,) = capsys.readouterr().err.splitlines()
    assert "stage=pii" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("style", ["json", "console"])
def test_libraries_are_not_trusted_with_words(
    style: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    """What they log may be made of the text, and what they raise may quote it."""
    configure_logs("debug", style)
    presidio = logging.getLogger("presidio-analyzer")
    presidio.warning("cannot analyse %s", TEXT)
    presidio.error(f"cannot analyse {TEXT}")
    presidio.info("analysed %s", TEXT)
    try:
        fail()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    logging.getLogger("uvicorn.error").error(ValueError(TEXT))
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received: %s", TEXT)
    logging.getLogger("somebody").log(7, TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(TEXT, stacklevel=1)
        logging.captureWarnings(False)
    shown = capsys.readouterr().err
    assert PRIVATE not in shown
    assert "Traceback" not in shown
    assert len(shown.splitlines()) == 6
    assert "Exception in ASGI application" in shown
    assert "ValueError" in shown
    assert "unit/test_telemetry.py:" in shown


def test_neither_are_those_that_brought_a_handler(capsys: pytest.CaptureFixture[str]) -> None:
    library = logging.getLogger("brought-its-own.handler")
    library.addHandler(logging.StreamHandler(sys.stderr))
    library.propagate = False
    configure_logs("debug", "json")
    library.warning("cannot analyse %s", TEXT)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["library"] == "brought-its-own.handler"
    assert PRIVATE not in line


async def test_a_task_that_nobody_awaits_quotes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("debug", "json")
    loop = asyncio.get_running_loop()
    loop.call_exception_handler(
        {
            "message": "Task exception was never retrieved",
            "exception": ValueError(TEXT),
            "task": repr(TEXT),
        }
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Task exception was never retrieved"
    assert PRIVATE not in line


def test_traces_need_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigurationError, match=r"otlp_endpoint: .*avatar-gateway\[otel\]"):
        configure_traces("http://127.0.0.1:4318", "1.0")


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Where spans go. The provider of the whole process can be set only once: it stays unset."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return exporter


async def test_each_stage_has_a_span_and_none_has_the_text(
    spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    settings = read_settings(None, {"data_dir": tmp_path, "sandbox_url": "http://127.0.0.1:1/m"})
    async with assemble(settings) as parts:
        await parts.opened.store.registry.put_creator("default", "lea", {}, actor="tests")
        await parts.gateway.submit(
            Submission(
                message_id="msg_1",
                tenant="default",
                channel=Channel.DM,
                creator="lea",
                avatar="lea-twin",
                conversation="c-1",
                text=TEXT,
                human_text=f"Mon mail : {PRIVATE}",
                received_at=datetime.now(UTC),
            )
        )
    found = spans.get_finished_spans()
    stages = ("read", "contact", "pii", "toxicity", "signals", "policy", "redact", "disclose")
    names = [span.name for span in found]
    assert sorted(names) == sorted(
        ["message", *(f"stage {stage}" for stage in (*stages, "record", "deliver"))]
    )
    assert len({span.context.trace_id for span in found if span.context}) == 1
    for span in found:
        assert PRIVATE not in span.to_json()
        assert "Écris" not in span.to_json()


async def test_a_failed_stage_tells_the_kind_of_failure(spans: InMemorySpanExporter) -> None:
    async def detect() -> None:
        fail()

    await StageRunner().attempt(Stage.PII, 1_000, detect)
    (span,) = spans.get_finished_spans()
    assert attributes(span) == {"gateway.unavailable": "failed with ValueError"}
    assert list(span.events) == []
    assert PRIVATE not in span.to_json()


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})
