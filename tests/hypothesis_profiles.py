"""How Hypothesis draws its examples: `suite` the same ones every time, `fuzz` new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.internal.conjecture import providers

from tests.paths import ROOT

VARIABLE = "HYPOTHESIS_PROFILE"
# How long drawing takes says how busy the machine is.
_NOT_CHECKED = [HealthCheck.too_slow]


def load_profile() -> str:
    """Choose the profile that the environment names, `suite` unless it does; its name."""
    settings.register_profile(
        "suite",
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=_NOT_CHECKED,
    )
    settings.register_profile(
        "fuzz",
        derandomize=False,
        database=DirectoryBasedExampleDatabase(ROOT / "build" / "hypothesis"),
        deadline=None,
        suppress_health_check=_NOT_CHECKED,
        report_multiple_bugs=False,  # the notes on a failure are then of one example
    )
    name = os.environ.get(VARIABLE, "suite")
    settings.load_profile(name)
    if name == "suite":
        _forget_loaded_constants()
    return name


def _forget_loaded_constants() -> None:
    """Keep what else is imported from changing the examples.

    Hypothesis draws constants from the source of every module that is loaded, and which are
    depends on the tests that ran before, in this worker.
    """
    providers._get_local_constants = lambda: providers._local_constants
