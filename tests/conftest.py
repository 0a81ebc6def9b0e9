"""What holds for every test: how examples are drawn, what runs where, what is missing here."""

from __future__ import annotations

from hypothesis import settings

from tests.hypothesis_profiles import load_profile

PROFILE = load_profile()


def pytest_report_header() -> str:
    drawn = "the same every time" if settings.get_profile(PROFILE).derandomize else "at random"
    return f"hypothesis examples: profile {PROFILE}, drawn {drawn} (seed: --hypothesis-seed)"
