from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.model.decision import Contact, Facts
from gateway.model.human_turn import HumanTurn
from gateway.model.submission import (
    Audience,
    Commercial,
    Editorial,
    Generator,
    Minor,
    UpstreamMarking,
)
from gateway.policy.packs.circumstances import (
    LONG_AGO,
    MEASURES,
    MEMBERS,
    NEVER,
    elapsed,
    human_turn,
    minor,
    occasions,
    places,
    since,
)

Make = Callable[..., Facts]
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MARKED = Generator(upstream_marking=UpstreamMarking(type="c2pa"))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([], ["*"]),
        (["FR"], ["EU", "FR"]),
        (["FR-13"], ["EU", "FR", "FR-13"]),
        (["RE"], ["EU", "FR", "RE"]),
        (["PR"], ["PR", "US", "US-PR"]),
        (["GU", "US"], ["GU", "US", "US-*", "US-GU"]),
        (["ZZ"], ["*", "ZZ"]),
        (["EL"], ["*", "EL"]),
        (["FR", "US-XX"], ["*", "EU", "FR", "US", "US-XX"]),
        (["CH"], ["CH"]),
        (["EU"], ["EU", "EU-*"]),
        (["EU", "DE"], ["DE", "EU"]),
        (["EU", "US"], ["EU", "EU-*", "US", "US-*"]),
        (["US"], ["US", "US-*"]),
        (["US", "US-CA"], ["US", "US-CA"]),
        (["US-TX"], ["US", "US-TX"]),
        (["CA", "CA"], ["CA"]),
    ],
)
def test_places(given: list[str], found: list[str]) -> None:
    assert places(given) == found


def test_the_union_has_27_members() -> None:
    assert len(MEMBERS) == 27


@pytest.mark.parametrize(
    ("told", "age_from", "found"),
    [
        (Minor.UNKNOWN, None, Minor.UNKNOWN),
        (Minor.UNKNOWN, 17, Minor.UNKNOWN),
        (Minor.UNKNOWN, 18, Minor.NO),
        (Minor.YES, 18, Minor.YES),
        (Minor.NO, None, Minor.NO),
        (Minor.NO, 13, Minor.NO),
    ],
)
def test_minor(told: Minor, age_from: int | None, found: Minor) -> None:
    assert minor(Audience(minor=told, age_from=age_from)) is found


def _occasions(make_facts: Make, *signals: tuple[str, str], **submitted: Any) -> set[str]:
    submission = make_facts(**({"generator": MARKED} | submitted)).submission
    found = occasions(submission, [{"in": place, "list": name} for place, name in signals])
    assert found == sorted(found)
    assert "always" in found
    return set(found) - {"always"}


def test_an_ordinary_moment(make_facts: Make) -> None:
    assert _occasions(make_facts) == set()
    assert _occasions(make_facts, generator=Generator(model="m")) == {"unmarked"}


@pytest.mark.parametrize(
    ("commercial", "there"),
    [
        (Commercial(paid_partnership=True), True),
        (Commercial(brand="Acme"), True),
        (Commercial(brand="  "), False),
        (Commercial(), False),
    ],
)
def test_promotions(make_facts: Make, commercial: Commercial, there: bool) -> None:
    ad = ("text", "fr.influ")
    assert ("promotion" in _occasions(make_facts, commercial=commercial)) is there
    assert ("hidden_promotion" in _occasions(make_facts, ad, commercial=commercial)) is not there


def test_only_the_avatars_text_hides_a_promotion(make_facts: Make) -> None:
    assert _occasions(make_facts, ("human", "fr.influ")) == {"human:fr.influ"}


@pytest.mark.parametrize(
    ("reviewed_by", "editor", "lifted"),
    [("r", "e", True), ("r", None, False), (None, "e", False), (" ", "e", False), ("r", "", False)],
)
def test_public_interest(
    make_facts: Make, reviewed_by: str | None, editor: str | None, lifted: bool
) -> None:
    editorial = Editorial(public_interest=True, reviewed_by=reviewed_by, editor=editor)
    assert ("public_interest" in _occasions(make_facts, editorial=editorial)) is not lifted
    private = Editorial(reviewed_by=reviewed_by, editor=editor)
    assert _occasions(make_facts, editorial=private) == set()


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, {"under_13", "under_14"}),
        ({"age_from": 12}, {"under_13", "under_14"}),
        ({"age_from": 13}, {"under_14"}),
        ({"age_from": 14}, set()),
        ({"guardian_consent": True}, set()),
        ({"minor": Minor.UNKNOWN}, set()),
        ({"minor": Minor.NO}, set()),
    ],
)
def test_children(make_facts: Make, fields: dict[str, Any], found: set[str]) -> None:
    audience = Audience(**({"minor": Minor.YES} | fields))
    assert _occasions(make_facts, audience=audience) == found


def _since(human: float | None = None, gap: float | None = 60, **shown: float) -> dict[str, int]:
    """`shown`: seconds ago, by notice, to someone first met an hour ago."""
    contact = Contact(
        first_at=NOW - timedelta(hours=1),
        last_message_at=None if gap is None else NOW - timedelta(seconds=gap),
        disclosed_at={notice: NOW - timedelta(seconds=age) for notice, age in shown.items()},
    )
    spoke = None if human is None else NOW - timedelta(seconds=human)
    found = since(contact, NOW, spoke)
    assert tuple(found) == MEASURES
    return found


def test_at_a_first_contact_everything_starts() -> None:
    found = since(Contact(disclosed_at={"ai": NOW}), NOW, None)
    assert found["start"] == found["each"] == 0
    assert found["ai_public"] == LONG_AGO
    assert {found[name] for name in ("told", "ai", "take_a_break", "gap")} == {NEVER}


def test_who_was_told_is_not_told_at_once_again() -> None:
    found = _since(ai=50.9)
    assert (found["start"], found["told"], found["ai"]) == (NEVER, 50, 50)
    assert (found["gap"], found["take_a_break"], found["ai_public"]) == (60, 3600, LONG_AGO)


def test_the_last_notice_of_any_kind_counts() -> None:
    assert _since(ai=900, ai_reminder=60)["told"] == 60
    assert _since(ai=900, ai_answer=30, ai_reminder=60)["told"] == 30
    assert _since(ai=900, ai_public=10)["told"] == 900
    assert _since(ai=900, ai_reminder=60)["ai"] == 900


def test_a_reminder_alone_is_no_start() -> None:
    found = _since(ai_reminder=60)
    assert (found["start"], found["told"], found["ai"]) == (0, NEVER, NEVER)


def test_a_human_in_between_starts_anew() -> None:
    assert _since(ai=60, human=59.9)["start"] == 0
    assert _since(ai=60, human=60)["start"] == NEVER
    assert _since(ai=60, human=61)["start"] == NEVER
    assert _since(ai=900, ai_reminder=60, human=90)["start"] == NEVER


def test_breaks_and_public_labels_have_clocks_of_their_own() -> None:
    found = _since(ai=60, take_a_break=30, ai_public=10)
    assert (found["take_a_break"], found["ai_public"]) == (30, 10)


def test_no_message_no_gap() -> None:
    assert _since(gap=None, ai=60)["gap"] == NEVER


def test_elapsed_is_whole_and_never_negative() -> None:
    assert elapsed(NOW - timedelta(seconds=1.9), NOW) == 1
    assert elapsed(NOW + timedelta(seconds=5), NOW) == 0


def test_a_persons_words_have_the_occasions_that_count_whoever_speaks(make_facts: Make) -> None:
    given = make_facts(
        audience=Audience(minor=Minor.YES),
        editorial=Editorial(public_interest=True),
        commercial=Commercial(brand="Acme"),
        human_author="agent-7",
    ).submission
    signals = [
        {"in": "text", "list": "creator.romance"},
        {"in": "text", "list": "fr.influ"},
        {"in": "human", "list": "us.tida"},
    ]
    assert occasions(given, signals) == ["by_human", "human:us.tida", "promotion"]
    hidden = replace(given, commercial=Commercial())
    assert "hidden_promotion" in occasions(hidden, signals)


@pytest.mark.parametrize(
    ("turn", "author", "told", "found"),
    [
        (None, None, None, (False, False, False)),
        (None, "agent-7", NOW, (False, False, False)),
        (HumanTurn(who="agent-7", since=NOW), None, None, (True, False, False)),
        (HumanTurn(who="agent-7", since=NOW), "agent-7", None, (True, True, False)),
        (HumanTurn(who="agent-7", since=NOW), "agent-8", NOW, (True, False, True)),
        (HumanTurn(who="agent-7", since=NOW), "agent-7", NOW, (True, True, True)),
        (
            HumanTurn(who="agent-7", since=NOW),
            "agent-7",
            NOW - timedelta(microseconds=1),
            (True, True, False),
        ),
        (HumanTurn(who="agent-7", since=NOW, until=NOW), "agent-7", NOW, (False, True, True)),
    ],
)
def test_who_speaks(
    make_facts: Make,
    turn: HumanTurn | None,
    author: str | None,
    told: datetime | None,
    found: tuple[bool, bool, bool],
) -> None:
    contact = Contact(human_turn=turn, disclosed_at={"human": told} if told else {})
    given = make_facts(human_author=author).submission
    assert human_turn(given, contact) == dict(
        zip(("active", "by_author", "told"), found, strict=True)
    )


def test_a_human_spoke_last_as_told_or_until_the_conversation_was_given_back() -> None:
    hour = timedelta(hours=1)
    earlier = NOW - hour
    assert Contact().human_spoke_at(NOW, None) is None
    assert Contact().human_spoke_at(NOW, earlier) == earlier
    speaking = Contact(human_turn=HumanTurn(who="agent-7", since=earlier))
    assert speaking.human_spoke_at(NOW, None) == NOW
    over = Contact(human_turn=HumanTurn(who="agent-7", since=NOW - 3 * hour, until=earlier))
    assert over.human_spoke_at(NOW, None) == earlier
    assert over.human_spoke_at(NOW, NOW - 2 * hour) == earlier
    assert over.human_spoke_at(NOW, NOW) == NOW
