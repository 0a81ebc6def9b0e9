from __future__ import annotations

from gateway.pii.reference import recognizers_page
from tests.paths import ROOT

PAGE = ROOT / "docs/reference/pii.md"


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text("utf-8").endswith(recognizers_page()), "run `make docs`"


def test_every_kind_is_on_the_page() -> None:
    page = recognizers_page()
    for kind in ("EMAIL_ADDRESS", "PHONE_NUMBER", "FR_NIR", "FR_SIRET", "SECRET", "HANDLE"):
        assert f"| {kind}" in page
