"""The characters that count in a value, whatever signs stand between them."""

from __future__ import annotations


def digits_of(text: str) -> str:
    """Only the digits of `text`, of any script."""
    return "".join(char for char in text if char.isdigit())


def letters_and_digits_of(text: str) -> str:
    """Only the letters and digits of `text`, of any script."""
    return "".join(char for char in text if char.isalnum())
