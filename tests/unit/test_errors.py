from __future__ import annotations

from gateway.errors import InvalidField, PolicyInvalid, place_of


def fails() -> None:
    raise ValueError("what nobody may read")


def test_the_place_is_where_it_was_raised() -> None:
    try:
        fails()
    except ValueError as error:
        place = place_of(error)
    assert place == f"unit/test_errors.py:{fails.__code__.co_firstlineno + 1}"
    assert place_of(ValueError("never raised")) == ""


def test_errors_explain_themselves() -> None:
    assert str(InvalidField("text", "is empty", "Send some.")) == "text: is empty. Send some."
    told = str(PolicyInvalid("a.rego", "does not parse", "Mend it.", line=3, column=7))
    assert told == "a.rego:3:7: does not parse. Mend it."
