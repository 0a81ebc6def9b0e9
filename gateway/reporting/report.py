"""The transparency report: which messages were published or stopped, and why, in counts alone."""

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
"""Counts of crisis referrals from 1 to 4 are shown as "<5": they could identify people."""

FEW: Final = f"<{SMALL}"
HIDDEN: Final = "hidden"
"""Shown for a count of 5 or more from which a smaller one could be computed by subtraction."""

_EPOCH = date(1970, 1, 1)
_VERDICTS = tuple(verdict.value for verdict in Verdict)
_OUTCOMES = tuple(
    state.value for state in (State.DELIVERED, State.REFUSED, State.UNKNOWN, State.DEAD)
)
_CLOSING_OUTCOMES = (*(action.value for action in ReviewAction), State.EXPIRED.value)

Report = dict[str, Any]
_Measured = Mapping[str, Sequence[tuple[TallyKey, int]]]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def build(
    counted: TalliedDays, *, tenant: str | None, origin: str, entries: int, made_at: datetime
) -> Report:
    """Build the report from the counts in `counted`.

    `origin` is the name of the log, `entries` its number of entries. While some of them are not
    counted yet, `complete` in the report is False.
    """
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
        "crisis_referrals": _crisis_referrals(tally),
        "by_day": _by_day(tally, counted.first, counted.last),
        "dry_runs": _total(tally, Measure.DRY_RUN),
        "entries_by_kind": dict(sorted(_counts_by(tally, Measure.ENTRIES, "outcome").items())),
    }


def as_json(report: Report) -> bytes:
    """The report as indented JSON."""
    return orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def as_csv(report: Report) -> bytes:
    """The report as CSV with three columns: table (a path with dots), row of the table, value."""
    text = io.StringIO()
    write = csv.writer(text, quoting=csv.QUOTE_ALL)
    write.writerow(["table", "of", "value"])
    for name, row, value in _flattened(report):
        write.writerow([name, _without_formula(row), value])
    return text.getvalue().encode()


def _without_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula, as the id of an
    operator's rule might be."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def _flattened(report: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, str, object]]:
    for name, value in report.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{path}.{name}" if path else name)
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
        "messages": _total(tally, Measure.JUDGED),
        "by_verdict": _with_zeros(_counts_by(tally, Measure.JUDGED, "outcome"), _VERDICTS),
        **{
            f"by_{name}": {
                value: _with_zeros(counts, _VERDICTS)
                for value, counts in _outcomes_by(tally, Measure.JUDGED, name).items()
            }
            for name in ("channel", "language", "route")
        },
    }


def _rules(tally: _Measured) -> list[Report]:
    """The rules with their verdicts, the busiest first."""
    by_rule = _outcomes_by(tally, Measure.RULE, "rule")
    rows = [
        {"rule": rule, "messages": sum(counts.values()), **_with_zeros(counts, _VERDICTS)}
        for rule, counts in by_rule.items()
    ]
    return sorted(rows, key=lambda row: (-int(row["messages"]), str(row["rule"])))


def _deliveries(tally: _Measured) -> Report:
    return {
        "by_outcome": _with_zeros(_counts_by(tally, Measure.DELIVERY, "outcome"), _OUTCOMES),
        "by_channel": {
            channel: _with_zeros(counts, _OUTCOMES)
            for channel, counts in _outcomes_by(tally, Measure.DELIVERY, "channel").items()
        },
    }


def _ai_authored(tally: _Measured) -> Report:
    """AI-authored messages by route: recorded to be sent, edited by a person, and delivered. A
    platform can subtract them from its own figures."""
    sent = _outcomes_by(tally, Measure.SENT, "route")
    delivered = _outcomes_by(tally, Measure.DELIVERY, "route")
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
    """Holds that ended, with median waits in seconds. Holds that still wait are not counted."""
    waits: dict[str, Counter[int]] = {how: Counter() for how in _CLOSING_OUTCOMES}
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


def _crisis_referrals(tally: _Measured) -> Report:
    counts = _counts_by(tally, Measure.CRISIS, "channel")
    return {
        "total": suppressed({"total": sum(counts.values())})["total"],
        "by_channel": suppressed(counts),
        "small": SMALL,
    }


def _by_day(tally: _Measured, first: int, last: int) -> list[Report]:
    """The verdicts of each day that has messages, in order."""
    days = _outcomes_by(tally, Measure.JUDGED, "day")
    return [
        {
            "day": (_EPOCH + timedelta(days=int(day))).isoformat(),
            **_with_zeros(days[day], _VERDICTS),
        }
        for day in sorted(days, key=int)
        if first <= int(day) <= last
    ]


def suppressed(counts: Mapping[str, int]) -> dict[str, int | str]:
    """Replace counts from 1 to 4 by "<5", since they could identify people.

    The total is published elsewhere. When only one count is that small, or the small ones add up to
    less than 5, subtraction would reveal them: then the next larger count is hidden too.
    """
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
    """The median of values, given how often each occurs; None when there are none."""
    total = sum(counts.values())
    if not total:
        return None
    ordered = sorted(counts.items())
    return (_value_at(ordered, (total - 1) // 2) + _value_at(ordered, total // 2)) / 2


def _value_at(ordered: list[tuple[int, int]], place: int) -> int:
    """The value at `place`, from 0, of the sorted values with their counts."""
    for value, n in ordered:
        if place < n:
            return value
        place -= n
    raise IndexError(place)


def _by_measure(tally: Tally) -> _Measured:
    grouped: dict[str, list[tuple[TallyKey, int]]] = {}
    for key, n in tally.items():
        grouped.setdefault(key.measure, []).append((key, n))
    return grouped


def _total(tally: _Measured, measure: Measure) -> int:
    return sum(n for _, n in tally.get(measure, ()))


def _counts_by(tally: _Measured, measure: Measure, name: str) -> Counter[str]:
    """The counts of `measure`, summed by the field `name`."""
    counts: Counter[str] = Counter()
    field_of = attrgetter(name)
    for key, n in tally.get(measure, ()):
        counts[str(field_of(key))] += n
    return counts


def _outcomes_by(tally: _Measured, measure: Measure, name: str) -> dict[str, Counter[str]]:
    """The counts of `measure`, summed by the field `name`, then by outcome."""
    outcomes: dict[str, Counter[str]] = {}
    field_of = attrgetter(name)
    for key, n in tally.get(measure, ()):
        outcomes.setdefault(str(field_of(key)), Counter())[key.outcome] += n
    return dict(sorted(outcomes.items()))


def _with_zeros(counts: Counter[str], names: Iterable[str]) -> dict[str, int]:
    """The counts, with 0 for each of `names` that has none."""
    return {**dict.fromkeys(names, 0), **dict(sorted(counts.items()))}
