"""What a test asks for by name is there."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """`value`, which must not be None."""
    assert value is not None
    return value
