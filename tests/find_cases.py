"""A plugin of pytest for `make fuzz`: each failing example is written as a case."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cases import case_of, write_case
from tests.hypothesis_profiles import load_profile
from tests.paths import ROOT

FOLDER_VARIABLE = "FUZZ_CASES"
_BROKEN = pytest.StashKey[Mapping[str, Any]]()
load_profile()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    handle: Any = getattr(getattr(item, "obj", None), "hypothesis", None)
    if handle is None:
        return (yield)
    inner = handle.inner_test
    handle.inner_test = _remembering(inner, item)
    try:
        return (yield)
    finally:
        handle.inner_test = inner


def _remembering(inner: Callable[..., Any], item: pytest.Item) -> Callable[..., Any]:
    """The last failure is the smallest: Hypothesis ends with it."""

    @functools.wraps(inner)
    def test(*args: Any, **given: Any) -> Any:
        try:
            return inner(*args, **given)
        except BaseException:
            fixed = getattr(item, "funcargs", {})
            item.stash[_BROKEN] = {name: given[name] for name in given if name not in fixed}
            raise

    return test


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    report: pytest.TestReport = yield
    if report.failed and _BROKEN in item.stash:
        where = os.path.relpath(item.path, ROOT)
        found = case_of(f"{where}::{item.name}", item.stash[_BROKEN])
        written = "not written: JSON cannot hold an argument; repeat it with its seed"
        if found is not None:
            written = f"written to {write_case(found, Path(os.environ[FOLDER_VARIABLE]))}"
        report.sections.append(("case", written))
    return report
