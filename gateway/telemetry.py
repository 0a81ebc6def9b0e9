"""Configures logs and traces; `serve` does so once."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Literal

import structlog

from gateway.errors import ConfigurationError, place_of


def configure_logs(level: str, style: Literal["json", "console"]) -> None:
    """Write structured logs to standard error. Their events carry ids, stages and types of errors,
    never texts of messages."""
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
    logging.basicConfig(handlers=[_LibraryHandler()], level=logging.WARNING, force=True)
    for name in logging.root.manager.loggerDict:  # some libraries install a handler of their own
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True


_FIXED_TEMPLATE_LIBRARIES = frozenset({"asyncio", "opentelemetry", "uvicorn"})
"""Libraries whose log templates are constants, and so hold no data."""


class _LibraryHandler(logging.Handler):
    """Passes on what libraries log through the standard library, which may quote texts of messages:
    the place and the type of an error, and the template, without its arguments, of libraries
    in _FIXED_TEMPLATE_LIBRARIES."""

    def emit(self, record: logging.LogRecord) -> None:
        library = record.name.partition(".")[0]
        is_fixed = library in _FIXED_TEMPLATE_LIBRARIES and isinstance(record.msg, str)
        error = record.exc_info[1] if record.exc_info else None
        details = {
            "library": record.name,
            "at": place_of(error) if error else f"{record.module}.py:{record.lineno}",
            "error": type(error).__name__ if error else None,
        }
        structlog.get_logger().log(
            min(max(record.levelno // 10, 1), 5) * 10,
            record.msg.partition("\n")[0] if is_fixed else "a library has something to say",
            **{name: value for name, value in details.items() if value},
        )


def configure_traces(endpoint: str, version: str) -> None:
    """Send the spans of stages to the OpenTelemetry collector at `endpoint` (OTLP over HTTP).

    Raises ConfigurationError when the extra is not installed.
    """
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
