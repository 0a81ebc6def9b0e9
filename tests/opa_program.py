"""The real `opa` program, for tests that compare with it."""

from __future__ import annotations

import pytest

from bench.policy import find_program
from tests.missing import missing


@pytest.fixture(scope="session")
def opa() -> str:
    found = find_program()
    if found is None:
        missing("opa", get="make build/tools/opa (needs Go), or OPA_BINARY=<the program>")
    return found
