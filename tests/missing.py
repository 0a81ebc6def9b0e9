"""Programs and libraries that a test needs and a machine may lack."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, *, get: str) -> NoReturn:
    """Skip the test with a line that says how to `get` what it needs; under CI=true, fail it.

    All tests that lack the same part are skipped here: pytest's summary has one line for them.
    """
    reason = f"{what} is missing; get it with: {get}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
