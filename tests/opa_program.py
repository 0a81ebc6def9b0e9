"""The real `opa` program, for tests that compare with it."""

from __future__ import annotations

import os

import pytest

from bench.policy import find_program


@pytest.fixture(scope="session")
def opa() -> str:
    found = find_program()
    if found is not None:
        return found
    reason = "no opa: set OPA_BINARY, or go install github.com/open-policy-agent/opa@v1.22.2"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
