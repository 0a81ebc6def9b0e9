from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("390.533.447-05 !", "BR", "BR_CPF", "390.533.447-05"),
        ("cpf 39053344705", "pt", "BR_CPF", "39053344705"),
        ("CNPJ 16.727.230/0001-97", "pt", "BR_CNPJ", "16.727.230/0001-97"),
        ("CNPJ 12.ABC.345/01DE-35", "pt", "BR_CNPJ", "12.ABC.345/01DE-35"),
        ("16.727.230/0001-97 !", "BR", "BR_CNPJ", "16.727.230/0001-97"),
        ("meu RG é 12.345.678-9", "pt", "BR_RG", "12.345.678-9"),
        ("CEP 01310-100", "pt", "BR_CEP", "01310-100"),
        ("passaporte FT123456", "BR", "BR_PASSPORT", "FT123456"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("CPF 390.533.447-06", "BR"),
        ("CPF 111.111.111-11", "BR"),
        ("CNPJ 16.727.230/0001-98", "BR"),
        ("12.345.678-9 !", "BR"),
        ("placar 01310-100", "pt"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
