"""docs/peers.md, from the report alone: nothing in it is typed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.peers.listed import ALL, NOT_RUN

_HEAD = """# Beside others

Written by `make bench-peers`, which installs each peer in an environment of its own (versions with
hashes in requirements/peers/), asks all of them the same, and writes this page and
[the plot](peers.svg). Not a word of it is typed by hand: change bench/peers/ instead.

![CPU for each message](peers.svg)

Measured {measured} on {machine}, load average {load:.1f} beside it.
CPU is that of the process for one 20-word message with nothing to find in it, alone: the median
of {rounds} rounds taken in turn, with their spread. Latency is wall time, of one message at a time
and of each of 8 that are asked together in one process (tasks where the peer is asynchronous,
threads where it is not). Memory and start are of a process with this peer alone; start is up to the
first answer. Ratios hold across machines better than times.
"""
_FAIR = """
What to keep in mind: these are filters inside one process, not services; ours is measured so too,
without policies, labels and the audit, which `make bench` measures. Presidio and OpenAI Guardrails
run spaCy for every message even when only patterns are asked for; that is how they are documented.
ParaDetox's labels are of rude wording, which flatters word lists; the pairs here were held out of
our training, but other pairs of the set were in it, which flatters us. The generated personal data
and the social messages were there while our patterns were written: that flatters us, too.
"""


def page(report: dict[str, Any]) -> str:
    """Markdown."""
    lines = [_HEAD.format_map(report)]
    for task, title in (("pii", "Personal data"), ("toxicity", "Toxicity and profanity")):
        chosen = [one for one in report["peers"].values() if one["task"] == task]
        lines += [f"## {title}", "", *_costs(chosen), "", *_found(chosen, task), ""]
    lines += ["## Not run", "", *(f"- {name}: {why}." for name, why in NOT_RUN.items())]
    lines += ["", "## How each was set", ""]
    lines += [
        f"- {one['title']} {one['version']}: {one['settings']}." for one in report["peers"].values()
    ]
    return "\n".join(lines) + "\n" + _FAIR


def _costs(peers: list[dict[str, Any]]) -> Iterator[str]:
    yield (
        "| filter | version | CPU ms | against ours | 1 at once, p50 / p99 ms "
        "| 8 at once, p50 / p99 ms | MB | start s |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    ours = peers[0]["cpu_ms"]
    for one in peers:
        low, high = one["cpu_ms_spread"]
        yield (
            f"| {one['title']} | {one['version']} | {one['cpu_ms']:.3g} ({low:.3g} – {high:.3g}) "
            f"| {one['cpu_ms'] / ours:.3g} × | {one['p50_ms_at_1']:.3g} / {one['p99_ms_at_1']:.3g} "
            f"| {one['p50_ms_at_8']:.3g} / {one['p99_ms_at_8']:.3g} | {one['rss_mb']:.0f} "
            f"| {one['start_s']:.1f} |"
        )


def _found(peers: list[dict[str, Any]], task: str) -> Iterator[str]:
    parts = list(ALL) if task == "pii" else ["toxic", "leet"]
    counts = {part: value["n"] for one in peers for part, value in one["flagged"].items()}
    heads = [f"{part} ({counts.get(part, 0)})" for part in parts]
    if task == "pii":
        yield "Share of the texts with one structured value, of this kind, that are flagged; in "
        yield "the last column, of social messages without digit, @, link or domain. A dash: not "
        yield "asked for."
    else:
        yield "Share of rude sentences flagged, of the same with one letter of each word in leet, "
        yield "and of their neutral paraphrases."
    yield ""
    yield f"| filter | {' | '.join(heads)} | flagged in error ({counts['clean']}) |"
    yield "|---" * (len(parts) + 2) + "|"
    for one in peers:
        cells = [
            f"{one['flagged'][part]['share']:.3f}" if part in one["flagged"] else "–"
            for part in parts
        ]
        yield f"| {one['title']} | {' | '.join(cells)} | {one['flagged']['clean']['share']:.4f} |"
