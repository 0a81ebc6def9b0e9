"""Logs and traces, configured once, by `serve`."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Literal

import structlog

from gateway.errors import ConfigurationError


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
    # Presidio and others log through the standard library, some of it with text in it.
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
    logging.getLogger("httpx").setLevel(logging.WARNING)


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
