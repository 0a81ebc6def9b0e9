from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.errors import KeysInvalid, StageUndefined
from gateway.model.disclosure import Redaction
from gateway.model.finding import Detection, Finding, Stage
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.pii.placeholders import PlaceholderWord
from gateway.pii.pseudonyms import Pseudonyms
from gateway.pii.redaction import MODES, make_redactor

SECRET = b"s" * 32
Strip = Callable[..., Redaction]


def finding(text: str, value: str, kind: str = "EMAIL_ADDRESS", **more: Any) -> Finding:
    start = text.index(value)
    fields: dict[str, Any] = {
        "stage": Stage.PII, "kind": kind, "score": 0.9, "start": start,
        "end": start + len(value), "source": "test",
    }  # fmt: skip
    return Finding(**(fields | more))


def order(**params: Any) -> Obligation:
    return Obligation(kind=ObligationKind.REDACT, rules=("r",), params=params)


@pytest.fixture
def strip(
    reading: Callable[..., ReadText],
    submit: Callable[..., Submission],
    placeholders: Mapping[str, PlaceholderWord],
) -> Strip:
    redact = make_redactor(SECRET, placeholders)

    def stripped(
        text: str,
        findings: list[Finding],
        *orders: Obligation,
        language: str = "en",
        **submission: Any,
    ) -> Redaction:
        detection = Detection(stage=Stage.PII, findings=tuple(findings))
        return redact(
            submit(text, **submission),
            reading(text, language),
            [detection],
            orders or (order(kinds=["*"]),),
        )

    return stripped


def test_a_placeholder_speaks_the_language_of_the_message(strip: Strip) -> None:
    text = "à a@b.fr !"
    assert strip(text, [finding(text, "a@b.fr")], language="fr").text == "à [e-mail] !"
    assert strip(text, [finding(text, "a@b.fr")], language="nl").text == "à [email] !"


def test_replacements_tell_what_stood_where(strip: Strip) -> None:
    text = "x\u200b a\u200b@b.fr y 06 z"
    found = [finding(text, "a\u200b@b.fr"), finding(text, "06", "PHONE_NUMBER")]
    redaction = strip(text, found)
    assert redaction.text == "x [email] y [phone] z"
    for one, value in zip(redaction.replacements, ("a\u200b@b.fr", "06"), strict=True):
        assert text[one.start : one.end] == value
        assert redaction.text[one.at :].startswith(one.replacement)


@pytest.mark.parametrize(
    ("mode", "left"),
    [("remove", "à  !"), ("mask", "à •••••• !"), ("placeholder", "à [email] !")],
)
def test_plain_modes(strip: Strip, mode: str, left: str) -> None:
    text = "à a@b.fr !"
    assert strip(text, [finding(text, "a@b.fr")], order(kinds=["*"], mode=mode)).text == left


def test_only_the_named_kinds_go(strip: Strip) -> None:
    text = "a@b.fr 06"
    found = [finding(text, "a@b.fr"), finding(text, "06", "PHONE_NUMBER")]
    assert strip(text, found, order(kinds=["PHONE_NUMBER"])).text == "a@b.fr [phone]"
    assert strip(text, found, order(kinds=[])).text == text


def test_an_order_without_kinds_means_all_of_them(strip: Strip) -> None:
    text = "a@b.fr 06"
    found = [finding(text, "a@b.fr"), finding(text, "06", "PHONE_NUMBER")]
    assert strip(text, found, order()).text == "[email] [phone]"


def test_all_kinds_means_all_kinds_of_pii(strip: Strip) -> None:
    text = "promise a@b.fr"
    promise = finding(text, "promise", "creator.promise", stage=Stage.SIGNALS)
    found = [promise, finding(text, "a@b.fr")]
    assert strip(text, found).text == "promise [email]"
    assert strip(text, found, order(kinds=["creator.promise"])).text == "[removed] a@b.fr"


def test_advice_goes_only_where_the_order_says_so(strip: Strip) -> None:
    text = "Hi Léa"
    found = [finding(text, "Léa", "PERSON", advisory=True)]
    assert strip(text, found, order(kinds=["PERSON"])).text == text
    assert strip(text, found, order(kinds=["PERSON"], advisory=True)).text == "Hi [name]"


def test_what_was_found_in_the_humans_message_is_not_ours_to_strip(strip: Strip) -> None:
    text = "a@b.fr"
    assert strip(text, [finding(text, text, in_human_text=True)]).text == text


def test_findings_that_overlap_go_as_one(strip: Strip) -> None:
    text = "x 4111@b.fr y"
    found = [
        finding(text, "4111@b.fr"),
        finding(text, "4111", "CREDIT_CARD", checked=True),
        finding(text, "fr y", "URL"),
    ]
    assert strip(text, found).text == "x [card]"


def test_of_several_modes_the_one_that_tells_least_wins(strip: Strip) -> None:
    text = "à a@b.fr !"
    orders = [order(kinds=["*"], mode=mode) for mode in reversed(MODES)]
    for _ in MODES:
        redaction = strip(text, [finding(text, "a@b.fr")], *orders)
        last = strip(text, [finding(text, "a@b.fr")], orders[-1])
        assert redaction == last
        orders.pop()
        if not orders:
            break


def test_a_pseudonym_is_the_same_for_a_value_within_a_conversation(strip: Strip) -> None:
    text = "06 12 34 56 78, +33612345678, 06 12 34 56 79"
    found = [
        finding(text, value, "PHONE_NUMBER")
        for value in ("06 12 34 56 78", "+33612345678", "06 12 34 56 79")
    ]
    pseudonym = order(kinds=["*"], mode="pseudonym")
    first, same, other = strip(text, found, pseudonym).text.split(", ")
    assert first == same != other
    assert first.startswith("[phone-")
    assert strip(text, found, pseudonym, conversation="c2").text.split(", ")[0] != first


def test_an_hmac_is_the_same_within_a_tenant(strip: Strip) -> None:
    text = "a@b.fr"
    found = [finding(text, text)]
    hmac = order(kinds=["*"], mode="hmac")
    assert strip(text, found, hmac).text == strip(text, found, hmac, conversation="c2").text
    assert strip(text, found, hmac).text != strip(text, found, hmac, tenant="u").text


def test_a_reversible_token_gives_the_value_back(strip: Strip) -> None:
    text = "à a@b.fr !"
    redaction = strip(text, [finding(text, "a@b.fr")], order(kinds=["*"], mode="reversible"))
    token = redaction.replacements[0].replacement.removeprefix("[email:").removesuffix("]")
    assert Pseudonyms(SECRET).unseal(token, tenant="t") == "a@b.fr"
    assert "a@b.fr" not in redaction.text


@pytest.mark.parametrize(
    ("text", "value", "left"),
    [
        ("👨‍👩‍👧 a", "👨‍👩‍👧", "• a"),
        ("x 👍🏽", "👍", "x •"),
        ("cafe\u0301s", "cafe", "••••s"),
        ("6️⃣ 7", "6", "• 7"),
        ("🇫🇷a", "🇫🇷", "•a"),
    ],
)
def test_no_part_of_a_grapheme_is_left_behind(
    strip: Strip, text: str, value: str, left: str
) -> None:
    masked = strip(text, [finding(text, value)], order(kinds=["*"], mode="mask"))
    assert masked.text == left


def test_without_an_order_the_clean_text_comes_back(strip: Strip) -> None:
    text = "a\u200b@b.fr"
    marked = Obligation(kind=ObligationKind.MARK, rules=("r",))
    assert strip(text, [finding(text, text)], marked) == Redaction(text="a@b.fr")


@pytest.mark.parametrize(
    "params", [{"kinds": "*"}, {"kinds": 1}, {"mode": "blur"}, {"advisory": "yes"}]
)
def test_an_order_that_is_not_understood_fails_the_stage(
    strip: Strip, params: dict[str, Any]
) -> None:
    with pytest.raises(StageUndefined):
        strip("x", [], order(**params))


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(KeysInvalid):
        make_redactor(b"short", {})
