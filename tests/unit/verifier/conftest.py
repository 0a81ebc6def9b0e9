from __future__ import annotations

import pytest

from gateway.keyring import Keyring
from tests.evidence import Book


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.generate()


@pytest.fixture
def book(keyring: Keyring) -> Book:
    """36 entries under checkpoints of 12, 24 and 36."""
    made = Book(keyring)
    for _ in range(3):
        made.story()
        made.sign()
    return made
