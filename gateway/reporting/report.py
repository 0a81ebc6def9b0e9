"""The transparency report: what went through, what was stopped and why, in numbers alone."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any, Final

import orjson

from gateway.model.record import ReviewAction
from gateway.model.tally import Measure, TalliedDays, Tally, TallyKey
from gateway.model.verdict import State, Verdict

SMALL: Final = 5
"""Counts of crisis referrals from 1 to 4 are shown as "<5": few enough to be about somebody."""

FEW: Final = f"<{SMALL}"
HIDDEN: Final = "hidden"
"""Shown for a count of 5 or more where it would give a smaller one away, by subtraction."""

_EPOCH = date(1970, 1, 1)
_VERDICTS = tuple(verdict.value for verdict in Verdict)
_OUTCOMES = tuple(
    state.value for state in (State.DELIVERED, State.REFUSED, State.UNKNOWN, State.DEAD)
)
_CLOSED = (*(action.value for action in ReviewAction), State.EXPIRED.value)

Report = dict[str, Any]
_Measured = Mapping[str, Sequence[tuple[TallyKey, int]]]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def build(
    counted: TalliedDays, *, tenant: str | None, origin: str, entries: int, made_at: datetime
) -> Report:
    """The report over `counted`. `origin` is the name of the log, `entries` how many it has:
    those that are not counted yet are missing, and `complete` says so."""
    tally = _by_measure(counted.tally)
    return {
        "v": 1,
        "made_at": made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "log": {
            "origin": origin,
            "entries": entries,
            "counted": counted.size,
            "complete": counted.size >= entries,
        },
        "tenant": tenant,
        "first_day": (_EPOCH + timedelta(days=counted.first)).isoformat(),
        "last_day": (_EPOCH + timedelta(days=counted.last)).isoformat(),
        "judged": _judged(tally),
        "rules": _rules(tally),
        "deliveries": _deliveries(tally),
        "ai_authored": _ai_authored(tally),
        "holds": _holds(tally),
        "crisis_referrals": _crisis(tally),
        "by_day": _by_day(tally, counted.first, counted.last),
        "dry_runs": _sum(tally, Measure.DRY_RUN),
        "entries_by_kind": dict(sorted(_by(tally, Measure.ENTRIES, "outcome").items())),
    }


def as_json(report: Report) -> bytes:
    return orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def as_csv(report: Report) -> bytes:
    """Three columns: where in the report (a path with dots), of what, how many."""
    text = io.StringIO()
    write = csv.writer(text, quoting=csv.QUOTE_ALL)
    write.writerow(["table", "of", "value"])
    for name, row, value in _flat(report):
        write.writerow([name, _harmless(row), value])
    return text.getvalue().encode()


def _harmless(text: str) -> str:
    """Rule ids are the operator's; still, none is a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def _flat(report: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, str, object]]:
    for name, value in report.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}.{name}" if path else name)
        elif isinstance(value, list):
            for row in value:
                label = str(row.get("rule") or row.get("day"))
                for field, number in row.items():
                    if field not in {"rule", "day"}:
                        yield f"{name}.{field}", label, number
        else:
            yield path or "report", name, "" if value is None else value


def _judged(tally: _Measured) -> Report:
    return {
        "messages": _sum(tally, Measure.JUDGED),
        "by_verdict": _full(_by(tally, Measure.JUDGED, "outcome"), _VERDICTS),
        **{
            f"by_{name}": {
                value: _full(counts, _VERDICTS)
                for value, counts in _table(tally, Measure.JUDGED, name).items()
            }
            for name in ("channel", "language", "route")
        },
    }


def _rules(tally: _Measured) -> list[Report]:
    """The busiest first."""
    table = _table(tally, Measure.RULE, "rule")
    rows = [
        {"rule": rule, "messages": sum(counts.values()), **_full(counts, _VERDICTS)}
        for rule, counts in table.items()
    ]
    return sorted(rows, key=lambda row: (-int(row["messages"]), str(row["rule"])))


def _deliveries(tally: _Measured) -> Report:
    return {
        "by_outcome": _full(_by(tally, Measure.DELIVERY, "outcome"), _OUTCOMES),
        "by_channel": {
            channel: _full(counts, _OUTCOMES)
            for channel, counts in _table(tally, Measure.DELIVERY, "channel").items()
        },
    }


def _ai_authored(tally: _Measured) -> Report:
    """By route, so that a platform can keep them apart in its own figures: what was recorded to
    be sent to it, how much of that a person edited, and how much surely arrived."""
    sent = _table(tally, Measure.SENT, "route")
    delivered = _table(tally, Measure.DELIVERY, "route")
    rows = {}
    for route in sorted(sent.keys() | delivered.keys()):
        counts = sent.get(route, Counter())
        total = sum(counts.values())
        rows[route] = {
            "messages": total,
            "edited_by_a_person": counts["edited"],
            "delivered": delivered.get(route, Counter())[State.DELIVERED.value],
            "share_ai_authored": 1.0 if total else None,
        }
    return {"by_route": rows}


def _holds(tally: _Measured) -> Report:
    """Medians in whole seconds. Closed holds alone: what still waits is not in them."""
    waits: dict[str, Counter[int]] = {how: Counter() for how in _CLOSED}
    for key, n in tally.get(Measure.CLOSED, ()):
        waits.setdefault(key.outcome, Counter())[key.seconds] += n
    reviewed: Counter[int] = Counter()
    for how, counts in waits.items():
        if how != State.EXPIRED:
            reviewed.update(counts)
    return {
        "closed": {how: sum(counts.values()) for how, counts in waits.items()},
        "reviewed": sum(reviewed.values()),
        "median_seconds_to_review": median(reviewed),
        "median_seconds_by_outcome": {how: median(counts) for how, counts in waits.items()},
    }


def _crisis(tally: _Measured) -> Report:
    counts = _by(tally, Measure.CRISIS, "channel")
    return {
        "total": suppressed({"total": sum(counts.values())})["total"],
        "by_channel": suppressed(counts),
        "small": SMALL,
    }


def _by_day(tally: _Measured, first: int, last: int) -> list[Report]:
    """Every day that has something, in order."""
    days = _table(tally, Measure.JUDGED, "day")
    return [
        {
            "day": (_EPOCH + timedelta(days=int(day))).isoformat(),
            **_full(days[day], _VERDICTS),
        }
        for day in sorted(days, key=int)
        if first <= int(day) <= last
    ]


def suppressed(counts: Mapping[str, int]) -> dict[str, int | str]:
    """Counts from 1 to 4 as "<5". Where just one of several is so, or where they are so few that
    their sum would tell, the next larger is hidden too: the total is told elsewhere."""
    shown: dict[str, int | str] = dict(sorted(counts.items()))
    small = [name for name, n in shown.items() if isinstance(n, int) and 0 < n < SMALL]
    for name in small:
        shown[name] = FEW
    secret = sum(counts[name] for name in small)
    larger = sorted((n, name) for name, n in counts.items() if n >= SMALL)
    if small and larger and (len(small) == 1 or secret < SMALL):
        shown[larger[0][1]] = HIDDEN
    return shown


def median(counts: Mapping[int, int]) -> float | None:
    """Of values that occur so often. None: there are none."""
    total = sum(counts.values())
    if not total:
        return None
    ordered = sorted(counts.items())
    return (_at(ordered, (total - 1) // 2) + _at(ordered, total // 2)) / 2


def _at(ordered: list[tuple[int, int]], place: int) -> int:
    for value, n in ordered:
        if place < n:
            return value
        place -= n
    raise IndexError(place)


def _by_measure(tally: Tally) -> _Measured:
    found: dict[str, list[tuple[TallyKey, int]]] = {}
    for key, n in tally.items():
        found.setdefault(key.measure, []).append((key, n))
    return found


def _sum(tally: _Measured, measure: Measure) -> int:
    return sum(n for _, n in tally.get(measure, ()))


def _by(tally: _Measured, measure: Measure, name: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    find = attrgetter(name)
    for key, n in tally.get(measure, ()):
        counts[str(find(key))] += n
    return counts


def _table(tally: _Measured, measure: Measure, name: str) -> dict[str, Counter[str]]:
    """By the field `name`, then by outcome."""
    table: dict[str, Counter[str]] = {}
    find = attrgetter(name)
    for key, n in tally.get(measure, ()):
        table.setdefault(str(find(key)), Counter())[key.outcome] += n
    return dict(sorted(table.items()))


def _full(counts: Counter[str], names: Iterable[str]) -> dict[str, int]:
    """All of `names`, and whatever else there is."""
    return {**dict.fromkeys(names, 0), **dict(sorted(counts.items()))}
