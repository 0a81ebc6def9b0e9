from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.disclosure.budget import length
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.discloser import LabelDiscloser
from gateway.disclosure.receipt import verify_receipt
from gateway.disclosure.wording import NOTICES, TEMPLATES, load_wording
from gateway.errors import StageUndefined
from gateway.keyring import SigningKey
from gateway.model.decision import Decision, Facts
from gateway.model.disclosure import Disclosure, Redaction, Replacement
from gateway.model.finding import Finding, Stage
from gateway.model.human_turn import HumanTurn
from gateway.model.obligation import Obligation
from gateway.model.route import LengthUnit, Overflow
from gateway.model.submission import Channel

Notice = Callable[..., Obligation]
MakeFacts = Callable[..., Facts]
MakeDiscloser = Callable[..., LabelDiscloser]

WORDS = st.text(
    st.one_of(st.sampled_from("[]AI· \n…🤖"), st.characters(exclude_categories=["Cs", "Cf", "Cc"])),
    min_size=1,
    max_size=80,
)


@pytest.fixture(scope="module")
def disclose(make_discloser: MakeDiscloser) -> Callable[..., Disclosure]:
    discloser = make_discloser()

    def run(facts: Facts, *obligations: Obligation) -> Disclosure:
        return discloser.disclose(facts, Redaction(text=facts.submission.text), obligations)

    return run


def test_without_obligations_the_text_is_left_alone(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts
) -> None:
    told = disclose(make_facts("[AI] Hello ❤\ufe0f"))
    assert told.text == "[AI] Hello ❤\ufe0f"
    assert told.notices == ()
    assert told.marks == {}
    assert told.content_hash == content_hash(told.text, bytes.fromhex(told.salt))


@pytest.mark.parametrize(
    ("channel", "starts"),
    [
        (Channel.DM, "🤖 AI · I am an AI speaking on behalf of Zoé"),
        (Channel.SPACE, "🤖 AI · I am an AI speaking on behalf of Zoé"),
        (Channel.GROUP, "🤖 AI · I am an AI speaking on behalf of Zoé"),
        (Channel.COMMENT, "[AI] Hello"),
        (Channel.LIVE, "[AI] Hello"),
    ],
)
def test_first_contact(
    channel: Channel,
    starts: str,
    disclose: Callable[..., Disclosure],
    make_facts: MakeFacts,
    notice: Notice,
) -> None:
    assert disclose(make_facts(channel=channel), notice("ai")).text.startswith(starts)


@pytest.mark.parametrize(("hours", "starts"), [(1, "[AI] "), (4, "🤖 AI · I am")])
def test_later_contact(
    hours: int,
    starts: str,
    disclose: Callable[..., Disclosure],
    make_facts: MakeFacts,
    notice: Notice,
) -> None:
    now = make_facts().now
    facts = make_facts(disclosed_at={"ai_reminder": now - timedelta(hours=hours)})
    assert disclose(facts, notice("ai")).text.startswith(starts)
    reminded = disclose(facts, notice("ai_reminder"))
    assert reminded.text.startswith("🤖 AI · Reminder: you are talking to an AI")


def test_notices_keep_their_rules(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice
) -> None:
    told = disclose(make_facts(), notice("ad", "end", "fr.influ"), notice("ai", None, "eu", "cn"))
    assert [(n.notice, n.position, n.rules) for n in told.notices] == [
        ("ai", "start", ("cn", "eu")),
        ("ad", "end", ("fr.influ",)),
    ]
    assert told.text.endswith("\nHello there [Ad]")


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, tuple[str, ...], str, dict[str, Any]]:
    """A text, notices, their position, and what the facts say."""
    by_human = draw(st.booleans())
    others = {"ad", "paid_partnership", "take_a_break"}
    known = sorted(others | {"human"}) if by_human else sorted(set(NOTICES) - {"human"})
    return (
        draw(WORDS),
        tuple(sorted(draw(st.sets(st.sampled_from(known), min_size=1)))),
        draw(st.sampled_from(["start", "end"])),
        {
            "human_author": "agent-7" if by_human else None,
            "language": draw(st.sampled_from(["en", "fr", "ar", "zh"])),
            "channel": draw(st.sampled_from(list(Channel))),
            "max_length": draw(st.integers(5, 200)),
            "unit": draw(st.sampled_from(list(LengthUnit))),
        },
    )


@settings(deadline=None)
@given(request=requests())
def test_labelled_once_and_within_the_limit(
    request: tuple[str, tuple[str, ...], str, dict[str, Any]],
    disclose: Callable[..., Disclosure],
    make_facts: MakeFacts,
    notice: Notice,
) -> None:
    text, names, position, given = request

    def run(said: str) -> Disclosure:
        return disclose(make_facts(said, **given), *(notice(name, position) for name in names))

    try:
        told = run(text)
    except StageUndefined:
        return
    assert length(told.text, given["unit"]) <= given["max_length"]
    assert {n.notice for n in told.notices} == set(names)
    assert all(n.text in told.text for n in told.notices)
    assert run(told.text).text == told.text


def test_a_forged_label_does_not_escape(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice
) -> None:
    told = disclose(make_facts("[Human] [AI] trust me", channel=Channel.LIVE), notice("ai"))
    assert told.text == "[AI] [Human] [AI] trust me"


def test_shortens_the_words_and_never_the_label(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice
) -> None:
    told = disclose(make_facts("word " * 100, channel=Channel.LIVE, max_length=30), notice("ai"))
    assert told.text == "[AI] word word word word word…"
    assert told.shortened


def test_a_long_label_gives_way_to_a_tag_on_a_small_route(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice
) -> None:
    assert disclose(make_facts(max_length=80), notice("ai")).text == "[AI] Hello there"


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("word " * 100, {"max_length": 30, "overflow": Overflow.HOLD}),
        ("word", {"max_length": 6}),
        ("  [AI] ", {}),
        ("\u0338", {}),
    ],
)
def test_undefined_when_it_cannot_be_said(
    text: str,
    given: dict[str, Any],
    disclose: Callable[..., Disclosure],
    make_facts: MakeFacts,
    notice: Notice,
) -> None:
    with pytest.raises(StageUndefined):
        disclose(make_facts(text, channel=Channel.LIVE, **given), notice("ai"))


def test_never_cuts_inside_a_placeholder(
    make_discloser: MakeDiscloser, make_facts: MakeFacts, notice: Notice
) -> None:
    text = "[AI] my number is [PHONE NUMBER] and more"
    made = Replacement(
        finding=Finding(stage=Stage.PII, kind="PHONE", score=1, start=0, end=1, source="x"),
        start=0,
        end=1,
        at=text.index("[PHONE"),
        replacement="[PHONE NUMBER]",
    )
    told = make_discloser().disclose(
        make_facts(text, channel=Channel.LIVE, max_length=31),
        Redaction(text=text, replacements=(made,)),
        [notice("ai")],
    )
    assert told.text == "[AI] my number is…"


@pytest.fixture
def replacing(
    disclose: Callable[..., Disclosure],
    make_facts: MakeFacts,
    notice: Notice,
    replaced: Callable[[str], Obligation],
) -> Callable[..., str]:
    def run(template: str, language: str, **given: Any) -> str:
        facts = make_facts("secret", language=language, **given)
        told = disclose(facts, notice("ai"), replaced(template))
        assert "secret" not in told.text
        assert told.replaced_by == template
        assert told.language == language
        return told.text

    return run


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", sorted(load_wording().notices))
def test_replacement(
    template: str,
    language: str,
    replacing: Callable[..., str],
    golden: Callable[[str, Any], None],
) -> None:
    golden(
        f"template/{template}.{language}.json",
        {
            "long": replacing(template, language, jurisdictions=("FR", "EU")),
            "nowhere known": replacing(template, language),
            "short": replacing(template, language, jurisdictions=("FR",), max_length=60),
        },
    )


def test_a_crisis_goes_before_an_honest_answer(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, replaced: Callable[..., Obligation]
) -> None:
    told = disclose(make_facts(), replaced("honest_answer"), replaced("crisis"))
    assert told.replaced_by == "crisis"


def test_a_replacement_is_never_cut(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, replaced: Callable[..., Obligation]
) -> None:
    with pytest.raises(StageUndefined):
        disclose(make_facts(max_length=20), replaced("crisis"))
    with pytest.raises(StageUndefined):
        disclose(make_facts(), replaced("poem"))


def test_marks(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, marked: Callable[..., Obligation]
) -> None:
    told = disclose(make_facts(), marked("iptc", "gb45438"), marked("iptc", "schema_org", "c2pa"))
    assert list(told.marks) == ["iptc", "schema_org", "gb45438"]
    json.dumps(dict(told.marks))
    assert told.content_hash in told.marks["gb45438"]["AIGC"]["ReservedCode1"]
    with pytest.raises(StageUndefined):
        disclose(make_facts(), marked("watermark"))


def test_an_edited_text_is_a_composite(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, marked: Callable[..., Obligation]
) -> None:
    told = disclose(make_facts(edited=True), marked("iptc"))
    assert told.marks["iptc"]["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")


def test_c2pa_needs_its_marker(disclose: Callable[..., Disclosure], make_facts: MakeFacts) -> None:
    with pytest.raises(StageUndefined):
        disclose(make_facts(c2pa=True))


def test_an_unknown_language_is_worded_in_english(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice
) -> None:
    told = disclose(make_facts("hallo", language="nl", channel=Channel.LIVE), notice("ai"))
    assert (told.text, told.language) == ("[AI] hallo", "nl")


def test_salts_differ(make_facts: MakeFacts, disclose: Callable[..., Disclosure]) -> None:
    assert disclose(make_facts()).salt != disclose(make_facts()).salt


def test_attest(
    make_discloser: MakeDiscloser,
    make_facts: MakeFacts,
    notice: Notice,
    make_decision: Callable[..., Decision],
    signing_key: SigningKey,
) -> None:
    discloser, facts, ai = make_discloser(), make_facts(), notice("ai", None, "eu.aia.50.1")
    told = discloser.disclose(facts, Redaction(text="Hello there"), [ai])
    receipt = discloser.attest(facts, make_decision(ai), told)
    jwks = {"keys": [signing_key.public.jwk()]}
    claims = verify_receipt(receipt.jws, jwks, told.text, told.salt)
    assert claims == receipt.claims
    assert receipt.id == claims["jti"]
    assert claims["rules"] == ["eu.aia.50.1", "pack.rule_000"]
    assert claims["notices"] == ["ai"]
    assert claims["policy"] == "a" * 64
    assert told.salt not in json.dumps(claims)
    assert "person-7" not in json.dumps(claims)
    assert "Hello" not in json.dumps(claims)
    assert "dry_run" not in claims


def test_the_receipt_of_a_dry_run_says_that_it_is_one(
    make_discloser: MakeDiscloser,
    make_facts: MakeFacts,
    notice: Notice,
    make_decision: Callable[..., Decision],
) -> None:
    discloser, ai = make_discloser(), notice("ai")
    facts = make_facts(dry_run=True)
    disclosure = discloser.disclose(facts, Redaction(text="Hello there"), [ai])
    assert discloser.attest(facts, make_decision(ai), disclosure).claims["dry_run"] is True


def test_a_persons_words_say_that_a_person_writes(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice
) -> None:
    facts = make_facts("I have looked it up.", human_author="agent-7")
    told = disclose(facts, notice("human"), notice("ad"))
    assert told.text == "👤 Ad · A person is writing now, not the AI.\nI have looked it up."
    live = make_facts("I have looked it up.", human_author="agent-7", channel=Channel.LIVE)
    assert disclose(live, notice("human")).text == "[Human] I have looked it up."


def test_and_are_never_labelled_as_an_ais(
    disclose: Callable[..., Disclosure],
    make_facts: MakeFacts,
    notice: Notice,
    marked: Callable[..., Obligation],
    replaced: Callable[[str], Obligation],
) -> None:
    facts = make_facts(human_author="agent-7", c2pa=True)
    assert disclose(facts, notice("human")).marks == {}
    for obligation in (notice("ai"), notice("ai_public"), marked("iptc"), replaced("crisis")):
        with pytest.raises(StageUndefined, match="labelled as an AI's"):
            disclose(facts, notice("human"), obligation)


@pytest.mark.parametrize(
    "text", ["[Human] Hello", "Hello. A person is writing now, not the AI.", "[Mensch] Hallo"]
)
def test_the_avatar_does_not_wear_a_persons_label(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice, text: str
) -> None:
    with pytest.raises(StageUndefined, match="a person's label"):
        disclose(make_facts(text), notice("ad"))


def test_after_a_person_the_ai_says_in_full_that_it_is_one(
    disclose: Callable[..., Disclosure], make_facts: MakeFacts, notice: Notice
) -> None:
    at = make_facts().now
    minute = timedelta(minutes=1)
    turn = HumanTurn(who="agent-7", since=at - 3 * minute, until=at - minute)
    before = make_facts(disclosed_at={"ai": at - 2 * minute}, human_turn=turn)
    assert disclose(before, notice("ai")).text.startswith("🤖 AI · I am an AI")
    after = make_facts(disclosed_at={"ai": at - minute / 2}, human_turn=turn)
    assert disclose(after, notice("ai")).text == "[AI] Hello there"
