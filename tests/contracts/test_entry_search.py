"""Filters, pages and counts, on both engines, against plain loops over the entries."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.model.decision import Reason
from gateway.model.record import Entry, EntryKind, Review, ReviewAction
from gateway.model.submission import Channel
from gateway.model.tally import Measure
from gateway.model.verdict import State, Verdict
from gateway.reporting.tally_updates import TallyUpdater
from gateway.storage.log import entry_search
from gateway.storage.store import EntryQuery, Store
from tests.stores import START, Place, Samples

RULES = ("rule.common", "rule.rare", "rule.third")


@pytest.fixture
async def entries(store: Store, samples: Samples) -> list[Entry]:
    """Four dozen messages of two tenants, by chance but always the same; some held and reviewed,
    some delivered."""
    dice = random.Random(7)  # noqa: S311 - no secret
    for number in range(48):
        verdict = dice.choice(list(Verdict))
        submission = samples.submission(
            tenant=dice.choice(("acme", "other")),
            creator=dice.choice(("zoe", "max")),
            channel=dice.choice((Channel.DM, Channel.LIVE)),
            conversation=f"c{dice.randrange(5)}",
        )
        named = [RULES[0], *([RULES[1]] if number % 16 == 3 else [])]
        reasons = tuple(Reason(rule=rule, text="Why.", verdict=verdict) for rule in named)
        language = dice.choice(("en", "fr"))
        record = samples.record(verdict, submission, reasons=reasons, language=language)
        await store.ledger.record(record)
        samples.clock.move(seconds=dice.choice((0, 0, 1, 4_000)))
        if verdict is Verdict.HOLD and dice.random() < 0.6:
            review = Review(
                action=ReviewAction.REJECT, reviewer="ann", reason="No.", at=samples.clock.at
            )
            rejected = samples.record(
                Verdict.BLOCK,
                submission,
                state=State.REJECTED_BY_REVIEW,
                review=review,
                language=language,
            )
            await store.ledger.record(rejected)
    until = samples.clock.move(hours=1)
    for delivery in await store.outbox.lease(limit=9, until=until):
        state = dice.choice((State.DELIVERED, State.REFUSED))
        await store.outbox.settle(samples.settlement(delivery, state))
    return await store.log.entries(0, 1_000)


def matches(entry: Entry, query: EntryQuery) -> bool:
    document = orjson.loads(entry.body)
    labels = document.get("labels", {})
    judged = entry.kind in {EntryKind.DECISION, EntryKind.REVIEW}
    decision = document.get("verdict") if judged else document.get("state")
    rules = {one["rule"] for one in document.get("reasons", ())}
    rules |= {rule for one in document.get("obligations", ()) for rule in one["rules"]}
    facts = {
        "tenant": entry.tenant,
        "creator": labels.get("creator"),
        "channel": labels.get("channel"),
        "conversation": labels.get("conversation"),
        "kind": entry.kind,
        "decision": decision,
    }
    return (
        all(facts[name] == value for name, value in query.given.items() if name in facts)
        and (query.rule is None or query.rule in rules)
        and (query.decisions is None or decision in query.decisions)
        and (query.since is None or entry.at >= query.since)
        and (query.until is None or entry.at < query.until)
    )


def _some_queries() -> list[EntryQuery]:
    dice = random.Random(11)  # noqa: S311 - no secret
    choices: Mapping[str, tuple[Any, ...]] = {
        "tenant": ("acme", "other", "nobody"),
        "creator": ("zoe", "max"),
        "channel": ("dm", "live", "group"),
        "conversation": ("c0", "c4", "none"),
        "kind": (EntryKind.DECISION, EntryKind.DELIVERY, EntryKind.REVIEW),
        "decision": ("publish", "hold", "block", "delivered"),
        "decisions": (("hold", "block"), ("delivered",)),
        "rule": (*RULES, "eu.aia.50.1"),
        "since": (START, START + timedelta(hours=9)),
        "until": (START + timedelta(hours=3), START + timedelta(days=9)),
    }
    alone = [EntryQuery(**{name: value}) for name in choices for value in choices[name]]
    mixed = [
        EntryQuery(
            **{name: dice.choice(choices[name]) for name in dice.sample(list(choices), count)}
        )
        for count in (2, 2, 2, 3, 3, 4) * 8
    ]
    return [EntryQuery(), *alone, *mixed]


@pytest.mark.parametrize("rare", [0, 20_000], ids=["by filters", "by rule"])
async def test_every_filter_finds_what_a_loop_finds(
    store: Store, entries: list[Entry], rare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`rare` makes every rule a common or a rare one: the two ways must agree."""
    monkeypatch.setattr(entry_search, "_RARE_RULE_ENTRIES", rare)
    by_time = sorted(entries, key=lambda entry: (entry.at, entry.seq))
    for query in _some_queries():
        expected = [entry for entry in by_time if matches(entry, query)]
        assert await store.search.newest(query, limit=999) == expected[::-1], query
        order = expected if query.given else entries
        found = [one async for page in store.search.pages(query, stop=999) for one in page]
        assert found == order, query


@pytest.mark.parametrize("at_once", [1, 3, 50])
async def test_pages_join_up(store: Store, entries: list[Entry], at_once: int) -> None:
    for query in (EntryQuery(), EntryQuery(tenant="acme"), EntryQuery(rule=RULES[0])):
        whole = [one async for page in store.search.pages(query, stop=999) for one in page]
        cut = store.search.pages(query, stop=999, at_once=at_once, limit=20)
        found = [one async for page in cut for one in page]
        assert found == whole[:20]
        rest = store.search.pages(query, stop=999, after=found[-1].seq)
        assert [one async for page in rest for one in page] == whole[20:]


async def test_nothing_behind_the_checkpoint_is_exported(
    store: Store, entries: list[Entry]
) -> None:
    for query in (EntryQuery(), EntryQuery(tenant="acme")):
        found = [one async for page in store.search.pages(query, stop=17) for one in page]
        assert {one.seq for one in found} <= set(range(17))
        assert found


async def test_behind_an_entry_that_is_not_there_is_nothing(
    store: Store, entries: list[Entry]
) -> None:
    assert await store.search.page(EntryQuery(tenant="acme"), limit=9, after=9_999) == []


async def test_the_counts_are_those_of_a_loop(store: Store, entries: list[Entry]) -> None:
    updater = TallyUpdater(entries=store.log, tallies=store.tallies)
    assert await updater.follow() == len(entries)
    counted = await store.tallies.read(tenant="acme")
    mine = [(one, orjson.loads(one.body)) for one in entries if one.tenant == "acme"]
    for verdict in Verdict:
        for channel in ("dm", "live"):
            expected = sum(
                one.kind is EntryKind.DECISION
                and body["verdict"] == verdict
                and body["labels"]["channel"] == channel
                for one, body in mine
            )
            found = sum(
                n
                for key, n in counted.tally.items()
                if key.measure == Measure.JUDGED
                and (key.outcome, key.channel) == (verdict.value, channel)
            )
            assert found == expected
    held = {body["message_id"]: one.at for one, body in mine if body.get("state") == "held"}
    waits = sorted(
        _rounded(int((one.at - held[one.message_id]).total_seconds()))
        for one, _ in mine
        if one.kind is EntryKind.REVIEW and one.message_id is not None
    )
    assert waits
    assert waits == sorted(
        key.seconds
        for key, n in counted.tally.items()
        if key.measure == Measure.CLOSED
        for _ in range(n)
    )
    assert (await updater.recount()).differing == 0


async def test_two_processes_count_once(place: Place, store: Store, entries: list[Entry]) -> None:
    other = await place.open()
    for one in (store, other):
        updater = TallyUpdater(entries=one.log, tallies=one.tallies)
        assert await updater.follow() == len(entries)
    counted = await other.tallies.read()
    kinds = sum(n for key, n in counted.tally.items() if key.measure == Measure.ENTRIES)
    assert kinds == len(entries)


def _rounded(seconds: int) -> int:
    return seconds if seconds < 3_600 else seconds // 60 * 60
