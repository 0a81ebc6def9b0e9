"""The auditor's questions at a million entries: filters, exports, reasons, the report.

The log is written into the tables in bulk: records of the bench through the real encoder, with the
rows that the ledger would write for each entry, but without payloads. The code of a server then
counts them for the report. This takes some minutes and about 4 GB in the temporary folder, and is
not part of the figures unless they say so.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from bench.figure import Figure
from bench.records import Records, delivery_of
from gateway.model.decision import Reason
from gateway.model.disclosure import Disclosure
from gateway.model.record import (
    Dispatch,
    DispatchResult,
    EntryKind,
    Record,
    Review,
    ReviewAction,
    Settlement,
    leaf_hash,
    stamp,
)
from gateway.model.submission import Channel
from gateway.model.verdict import State, Verdict
from gateway.ports import LogEvent
from gateway.reporting import html as page
from gateway.reporting import report
from gateway.reporting.export import Export, ExportHeader
from gateway.reporting.formats import ExportFormat
from gateway.reporting.profile import Profile
from gateway.reporting.reasons import RESTRICTED, statement
from gateway.reporting.tally_updates import TallyUpdater
from gateway.storage.engine.times import micros
from gateway.storage.store import EntryQuery, Store, open_store
from gateway.trail.leaf import encode

_ENTRIES = 1_000_000
_DAYS = 90  # days that the entries spread over
_START = datetime(2026, 8, 1, tzinfo=UTC)
_STEP = timedelta(days=_DAYS) / _ENTRIES
_IN_ONE_WRITE = 2_000  # messages in one transaction
_ROUNDS = 5  # repetitions of each question
_PAGE = 500  # entries of a page
_ORIGIN = "bench.example/log"
_CREATORS = 40
_LANGUAGES = ("en", "fr", "de", "es", "pt", "it", "ja")
_ROUTES = ("sandbox", "mastodon", "discord", "youtube")
_STATES = {Verdict.PUBLISH: State.QUEUED, Verdict.HOLD: State.HELD, Verdict.BLOCK: State.BLOCKED}
_COMMON, _RARE = "eu.aia.50.1", "creator.topics"


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        yield from runner.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Figure]:
    path = folder / "gateway.db"
    store = await _open(path)
    await store.close()
    wrote_s = _timed(lambda: _fill(path))
    store = await _open(path)
    try:
        updater = TallyUpdater(entries=store.log, tallies=store.tallies)
        began = time.process_time()
        await updater.follow()
        counted_s = time.process_time() - began
        taken = {name: await _milliseconds(ask) for name, ask in _questions(store).items()}
    finally:
        await store.close()
    note = f"log written in {wrote_s:.0f} s, counted in {counted_s:.0f} s of CPU"
    return [*_figures(taken, note), _recount_figure(counted_s)]


def _questions(store: Store) -> dict[str, Callable[[], Awaitable[object]]]:
    asks: dict[str, Callable[[], Awaitable[object]]] = {
        name: partial(store.search.newest, query, limit=100) for name, query in _filters().items()
    }
    for shape in ExportFormat:
        asks[f"export.{shape.value}"] = partial(_export, store, shape, EntryQuery())
    asks["export.filtered"] = lambda: _export(
        store, ExportFormat.CSV, EntryQuery(tenant="bench", channel="live")
    )
    asks["reasons"] = lambda: _reasons(store)
    asks["report.json"] = lambda: _report(store, report.as_json)
    asks["report.csv"] = lambda: _report(store, report.as_csv)
    asks["report.html"] = lambda: _report(store, page.as_html)
    return asks


def _filters() -> dict[str, EntryQuery]:
    """Filters with many matches, few and none, alone and together."""
    late = _START + timedelta(days=_DAYS - 1)
    return {
        "filter.none": EntryQuery(),
        "filter.tenant": EntryQuery(tenant="bench"),
        "filter.nobody": EntryQuery(tenant="nobody"),
        "filter.creator": EntryQuery(tenant="bench", creator="creator-7"),
        "filter.creator_everywhere": EntryQuery(creator="creator-7"),
        "filter.channel": EntryQuery(tenant="bench", channel="live"),
        "filter.channel_and_verdict": EntryQuery(tenant="other", channel="live", decision="block"),
        "filter.verdict": EntryQuery(tenant="bench", decision="block"),
        "filter.conversation": EntryQuery(tenant="bench", conversation="conversation-77"),
        "filter.no_conversation": EntryQuery(tenant="bench", conversation="none such"),
        "filter.kind": EntryQuery(tenant="bench", kind=EntryKind.REVIEW),
        "filter.no_kind": EntryQuery(tenant="bench", kind=EntryKind.CHANGE),
        "filter.common_rule": EntryQuery(tenant="bench", rule=_COMMON),
        "filter.common_rule_nothing_else": EntryQuery(
            tenant="bench", rule=_COMMON, conversation="none such"
        ),
        "filter.common_rule_elsewhere": EntryQuery(
            tenant="bench", rule=_COMMON, kind=EntryKind.DELIVERY
        ),
        "filter.rare_rule": EntryQuery(tenant="bench", rule=_RARE),
        "filter.rare_rule_elsewhere": EntryQuery(tenant="nobody", rule=_RARE, channel="live"),
        "filter.no_rule": EntryQuery(tenant="bench", rule="none.such"),
        "filter.last_day": EntryQuery(tenant="bench", since=late, channel="dm"),
        "filter.everything": EntryQuery(
            tenant="bench",
            creator="creator-7",
            channel="dm",
            decision="hold",
            kind=EntryKind.DECISION,
            rule=_COMMON,
            since=_START,
            until=late,
        ),
    }


async def _export(store: Store, format: ExportFormat, query: EntryQuery) -> int:  # noqa: A002
    """Export the first page, for which an auditor waits; return its size in bytes."""
    about = ExportHeader(
        format=format,
        origin=_ORIGIN,
        size=_ENTRIES,
        checkpoint="",
        query=query.given,
        made_at=_START,
    )
    size = 0
    pages = store.search.pages(query, stop=_ENTRIES, limit=_PAGE)
    async with aclosing(Export(about=about).pieces(pages)) as pieces:
        async for piece in pieces:
            size += len(piece)
    return size


async def _reasons(store: Store) -> int:
    profile = Profile(platform="p", territorial_scope=("FR",), contract_ground="terms")
    entries = await store.search.page(EntryQuery(tenant="bench", decisions=RESTRICTED), limit=_PAGE)
    statements = [statement(entry, profile, titles={}, origin=_ORIGIN) for entry in entries]
    return sum(made_statement is not None for made_statement in statements)


async def _report(store: Store, render: Callable[[report.Report], bytes]) -> bytes:
    counted = await store.tallies.read(tenant="bench")
    made = report.build(
        counted, tenant="bench", origin=_ORIGIN, entries=_ENTRIES, made_at=datetime.now(UTC)
    )
    return render(made)


async def _milliseconds(ask: Callable[[], Awaitable[object]]) -> list[float]:
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - began) * 1_000)
    return taken


def _figures(taken: dict[str, list[float]], note: str) -> Iterator[Figure]:
    groups = {
        "filter": "the newest 100 entries, slowest of the filters",
        "export": f"the first {_PAGE} entries, slowest of the formats",
        "reasons": f"statements for the first {_PAGE} blocks and holds",
        "report": "the whole report, slowest of the formats",
    }
    worst = max(taken, key=lambda name: median(taken[name]))
    for group, what in groups.items():
        members = [name for name in taken if name.partition(".")[0] == group]
        name = max(members, key=lambda one: median(taken[one]))
        yield _figure(group, taken[name], f"{what}: {name}; {note}")
    yield _figure("worst", taken[worst], f"the slowest of all {len(taken)} questions: {worst}")


def _figure(name: str, taken: Sequence[float], note: str) -> Figure:
    return Figure(
        key=f"audit.question_ms.{name}",
        value=median(taken),
        unit="ms",
        bar=1_000,
        aim=250,
        n=_ENTRIES,
        spread=(min(taken), max(taken)),
        note=note,
    )


def _recount_figure(seconds: float) -> Figure:
    return Figure(
        key="audit.count_us",
        value=seconds / _ENTRIES * 1e6,
        unit="CPU µs for each entry",
        bar=100,
        aim=30,
        n=_ENTRIES,
        note="counting for the report, beside the path of a message",
    )


async def _open(path: Path) -> Store:
    return await open_store(
        url=f"sqlite:///{path}",
        keys_path=path.with_name("subject-keys.db"),
        encode=encode,
        now=lambda: _START,
        master_key=b"m" * 32,
        fingerprint_key=b"f" * 32,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The columns by which an entry is found, as the ledger writes them."""

    decision: str
    rules: tuple[str, ...] = ()


def _fill(path: Path) -> None:
    """Write the log in bulk and sync it at the end: how fast a log is written is measured
    elsewhere."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-262144")
        events = enumerate(itertools.islice(_events(), _ENTRIES))
        while some := list(itertools.islice(events, _IN_ONE_WRITE)):
            rows, rules = [], []
            for seq, (event, found) in some:
                row, at = _row(seq, event, found)
                rows.append(row)
                rules += [(rule, at, seq) for rule in found.rules]
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO audit_entry (seq, ts, kind, tenant, msg_id, creator, channel, "
                "conversation, decision, policy_digest, leaf, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            connection.executemany(
                "INSERT INTO audit_rule (rule_id, ts, seq) VALUES (?, ?, ?)", rules
            )
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _row(seq: int, event: LogEvent, found: _Found) -> tuple[tuple[Any, ...], int]:
    marked, body = stamp(event), encode(event, seq)
    of = event.submission if isinstance(event, Record) else getattr(event, "delivery", None)
    assert of is not None
    ts = micros(marked.at)
    return (
        seq,
        ts,
        marked.kind.value,
        marked.tenant,
        marked.message_id,
        of.creator,
        of.channel.value,
        of.conversation,
        found.decision,
        "ab" * 32,
        leaf_hash(body),
        body,
    ), ts


def _events() -> Iterable[tuple[LogEvent, _Found]]:
    """Messages of two tenants: most are published and delivered, some held and then reviewed, some
    blocked. Of many creators, channels, languages and routes, one of each is rare."""
    records = Records()
    samples = [records.make() for _ in range(400)]
    clock = itertools.count()
    for number in itertools.count(1):
        record = _record(samples[number % len(samples)], number, _at(clock))
        yield record, _found(record)
        if record.judgement.verdict is Verdict.PUBLISH:
            settled = _settlement(record, number, _at(clock))
            yield settled, _Found(decision=settled.state.value)
        elif record.judgement.verdict is Verdict.HOLD and number % 3:
            waited = timedelta(seconds=number * 7_919 % 40_000)
            reviewed = _review(record, record.decided_at + waited)
            yield reviewed, _found(reviewed)


def _at(clock: Iterator[int]) -> datetime:
    return _START + next(clock) * _STEP


def _record(made: Record, number: int, at: datetime) -> Record:
    verdict = Verdict.HOLD if number % 20 == 7 else Verdict.BLOCK
    verdict = verdict if number % 20 in {7, 13} else Verdict.PUBLISH
    channel = tuple(Channel)[number % 4] if number % 5_000 != 3 else Channel.LIVE
    submission = replace(
        made.submission,
        message_id=f"msg_{number:032x}",
        tenant="bench" if number % 50 else "other",
        creator=f"creator-{number * number % _CREATORS}",
        conversation=f"conversation-{number * 7_919 % 50_000}",
        channel=channel,
        route=_ROUTES[number % 4],
        received_at=at,
    )
    extra: tuple[str, ...] = (_RARE,) if number % 10_000 == 1 else ()
    stopped = ("baseline.pii",) if verdict is Verdict.HOLD else ("baseline.toxicity",)
    extra += stopped if verdict is not Verdict.PUBLISH else ()
    reasons = (Reason(rule=rule, text="Why.", verdict=verdict) for rule in extra)
    published = verdict is Verdict.PUBLISH
    judgement = replace(
        made.judgement,
        decision_id=f"dec_{number:032x}",
        verdict=verdict,
        language=_LANGUAGES[number * 31 % 7],
        reasons=(*made.judgement.reasons, *reasons),
        disclosure=_disclosure(made, number) if published else None,
        receipt=made.judgement.receipt if published else None,
    )
    return replace(
        made,
        submission=submission,
        judgement=judgement,
        state=_STATES[verdict],
        decided_at=at,
        expires_at=at + timedelta(days=1) if verdict is Verdict.HOLD else None,
    )


def _disclosure(made: Record, number: int) -> Disclosure:
    disclosure = made.judgement.disclosure
    assert disclosure is not None
    return replace(disclosure, replaced_by="crisis" if number % 2_000 == 3 else None)


def _review(record: Record, at: datetime) -> Record:
    review = Review(action=ReviewAction.REJECT, reviewer="ann", reason="not this", at=at)
    return replace(
        record,
        judgement=replace(record.judgement, verdict=Verdict.BLOCK),
        decided_at=at,
        state=State.REJECTED_BY_REVIEW,
        review=review,
        expires_at=None,
    )


def _settlement(record: Record, number: int, at: datetime) -> Settlement:
    state = State.DELIVERED if number % 100 else State.REFUSED
    result = DispatchResult.DELIVERED if number % 100 else DispatchResult.REFUSED
    delivery = replace(delivery_of(record, 0), queued_at=at)
    dispatch = Dispatch(result=result, detail="201", platform_id=f"p{number}")
    return Settlement(delivery=delivery, dispatch=dispatch, state=state, at=at)


def _found(record: Record) -> _Found:
    return _Found(
        decision=record.judgement.verdict.value,
        rules=tuple(dict.fromkeys(reason.rule for reason in record.judgement.reasons)),
    )


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
