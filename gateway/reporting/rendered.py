"""Writes the transparency report in each of its formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from gateway.reporting import html, report
from gateway.reporting.report import Report


class ReportFormat(StrEnum):
    """A format of the transparency report."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


REPORT_MEDIA_TYPES: Final[Mapping[ReportFormat, str]] = {
    ReportFormat.JSON: "application/json",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.HTML: "text/html",
}

_WRITERS: Mapping[ReportFormat, Callable[[Report], bytes]] = {
    ReportFormat.JSON: report.as_json,
    ReportFormat.CSV: report.as_csv,
    ReportFormat.HTML: html.as_html,
}


def rendered(made: Report, format: ReportFormat) -> bytes:  # noqa: A002 - its name in the API
    """The report as `format`."""
    return _WRITERS[format](made)
