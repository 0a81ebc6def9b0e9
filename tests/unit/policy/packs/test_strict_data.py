from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import PolicyInvalid
from gateway.policy.packs.strict_data import MAX_INTEGER, parse

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_json_is_read_as_it_is(value: object) -> None:
    assert parse("data.json", json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, -2, 0.25, true, null, ~]", {"a": 1, "b": ["x", -2, 0.25, True, None, None]}),
        ("a: 2026-08-02", {"a": "2026-08-02"}),
        ("a: 1.0.0\nb: 12:30", {"a": "1.0.0", "b": "12:30"}),
        ("a: \"no\"\nb: '1'", {"a": "no", "b": "1"}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("a: >-\n  one\n  line\n", {"a": "one line"}),
        ('"1": x\n', {"1": "x"}),
        ("a:\n", {"a": None}),
        ("# nothing\n", None),
        ("", None),
        ("[]", []),
        ("+5", 5),
    ],
)
def test_yaml_is_read_as_opa_reads_it(text: str, value: object) -> None:
    assert parse("data.yaml", text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: no", "tools disagree"),
        ("a: [AT, NO]", "tools disagree"),
        ("no: norsk", "tools disagree"),
        ("a: 0x1f", "differently"),
        ("a: 0o17", "differently"),
        ("a: 017", "differently"),
        ("a: 1_000", "differently"),
        ("a: 1e3", "differently"),
        ("a: .inf", "differently"),
        ("a: .NaN", "differently"),
        ("a: 90071992547409931", "differently"),
        ("a: &x 1\nb: *x", "anchors"),
        ("a: 1\na: 2", "twice"),
        ("1: x", "not plain text"),
        ("[a]: x", "not plain text"),
        ("<<: {a: 1}", "not plain text"),
        ("a: !!python/object:os.system x", "tag"),
        ("a: !!str 1", "tag"),
        ("--- 1\n--- 2", "second document"),
        ("a: [1", "expected"),
        ("a: \x00", "YAML does not allow"),
        ("[" * 40 + "]" * 40, "nested deeper"),
    ],
)
def test_what_tools_read_differently_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem):
        parse("data.yaml", text)


def test_a_problem_names_line_and_column() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        parse("x/data.yaml", "a: 1\nb:\n  c: yes\n")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("x/data.yaml", 3, 6)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ("NaN", "not JSON"),
        ("[1e999]", "too large"),
        ("[90071992547409931]", "too large"),
        ("{", "Expecting"),
        ("[" * 5_000 + "]" * 5_000, "cannot be read"),
        ("[" * 40 + "]" * 40, "nested deeper"),
    ],
)
def test_json_that_cannot_be_trusted_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem):
        parse("data.json", text)
