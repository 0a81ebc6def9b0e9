"""Logs and traces, configured once, by `serve`."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Literal

import structlog

from gateway.errors import ConfigurationError, place_of


def configure_logs(level: str, style: Literal["json", "console"]) -> None:
    """Structured logs on standard error. Events carry ids, stages and error types, never text."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    for name in logging.root.manager.loggerDict:  # those that brought a handler of their own
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True


class _Libraries(logging.Handler):
    """What libraries log through the standard library, some of it with text in it: shows where,
    and the kind of error; of the words only the template, and only where those are known not to
    be made of data."""

    def emit(self, record: logging.LogRecord) -> None:
        known = record.name.partition(".")[0] in _WORDS_ARE_FIXED and isinstance(record.msg, str)
        error = record.exc_info[1] if record.exc_info else None
        found = {
            "library": record.name,
            "at": place_of(error) if error else f"{record.module}.py:{record.lineno}",
            "error": type(error).__name__ if error else None,
        }
        structlog.get_logger().log(
            min(max(record.levelno // 10, 1), 5) * 10,
            record.msg.partition("\n")[0] if known else "a library has something to say",
            **{name: value for name, value in found.items() if value},
        )


_WORDS_ARE_FIXED = frozenset({"asyncio", "opentelemetry", "uvicorn"})


def configure_traces(endpoint: str, version: str) -> None:
    """Spans of the stages go to an OpenTelemetry collector (OTLP over HTTP)."""
    try:
        sdk = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        resources = import_module("opentelemetry.sdk.resources")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ModuleNotFoundError:
        raise ConfigurationError(
            "otlp_endpoint", "needs the extra `otel`", "pip install 'avatar-gateway[otel]'"
        ) from None
    resource = resources.Resource.create(
        {"service.name": "avatar-gateway", "service.version": version}
    )
    provider = sdk.TracerProvider(resource=resource)
    exporter = otlp.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    import_module("opentelemetry.trace").set_tracer_provider(provider)
