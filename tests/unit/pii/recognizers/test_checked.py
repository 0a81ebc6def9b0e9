from __future__ import annotations

import pytest

from gateway.pii.recognizers.checked import CheckedRecognizer, br_cpf, cn_identity


def test_python_stdnum_has_the_last_word() -> None:
    assert br_cpf().validate_result("390.533.447-05") is None, "the score stays as it is"
    assert br_cpf().validate_result("390.533.447-04") is False


@pytest.mark.parametrize("value", ["000.000.000-00", "٣٩٠.٥٣٣.٤٤٧-٠٥"])
def test_nobodys_numbers(value: str) -> None:
    anything = CheckedRecognizer("X", "XRecognizer", r"[\d.-]+", lambda _: True)
    assert anything.validate_result(value) is False


def test_the_whole_number_or_nothing() -> None:
    found = cn_identity().analyze("id1360426199101010071 3604261991010100719", ["CN_ID"])
    assert found == []
