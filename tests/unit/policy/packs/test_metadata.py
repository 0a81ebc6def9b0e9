from __future__ import annotations

import pytest

from gateway.errors import PolicyInvalid
from gateway.policy.packs.metadata import package_metadata
from gateway.policy.packs.source import RegoModule
from gateway.policy.packs.syntax import ParsedModule, parse_module


def _module(head: str) -> ParsedModule:
    return parse_module(RegoModule("a.rego", f"{head}package a\n\nx := 1\n"))


def test_what_stands_before_the_package() -> None:
    text = (
        "# A licence.\n\n# METADATA\n# title: Name\n# description: >-\n#   Two\n#   lines.\n"
        "# custom:\n#   id: a.b\n#   verdicts: [hold]\n"
    )
    found = package_metadata(_module(text))
    assert found is not None
    assert (found.title, found.description) == ("Name", "Two lines.")
    assert found.custom == {"id": "a.b", "verdicts": ["hold"]}


@pytest.mark.parametrize("head", ["", "# a comment\n", "# METADATA\n# title: x\n\n# other\n"])
def test_none(head: str) -> None:
    assert package_metadata(_module(head)) is None


def test_that_of_a_rule_is_not_that_of_the_package() -> None:
    module = parse_module(RegoModule("a.rego", "package a\n\n# METADATA\n# title: x\nx := 1\n"))
    assert package_metadata(module) is None


@pytest.mark.parametrize("body", ["# title: [\n", "# - a\n", "# title: no\n"])
def test_what_cannot_be_read_is_refused(body: str) -> None:
    with pytest.raises(PolicyInvalid, match=r"a\.rego"):
        package_metadata(_module(f"# METADATA\n{body}"))
