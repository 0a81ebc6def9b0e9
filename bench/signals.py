"""Phrase lists on texts that they were not written for: what they find and what they miss."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial

from bench.figure import Figure, labelled_data
from gateway.assembly.opening import policies_dir
from gateway.model.text import Mapped
from gateway.policy.engine.signals import PhraseMatcher
from gateway.policy.packs.phrases import read_patterns
from gateway.policy.packs.source import load_snapshot
from gateway.settings import read_settings
from gateway.text.reader import TextReader

_CRISIS = "creator.self_harm"
_PROFANITY = "creator.profanity"  # social messages are full of it: a hit there is no mistake
_SOCIAL = ("reddit", "twitter", "youtube")


def measure() -> Iterator[Figure]:
    snapshot = load_snapshot(policies_dir(read_settings(None, {})))
    patterns = read_patterns(snapshot.phrases)
    lists = sorted({pattern.list for pattern in patterns})
    matcher = PhraseMatcher(
        [pattern for pattern in patterns if pattern.in_text], in_human_text=False
    )
    hits = partial(_lists_in, TextReader(), matcher)
    yield from _crisis(hits)
    yield from _social(hits, lists)


def _lists_in(reader: TextReader, matcher: PhraseMatcher, text: str) -> set[str]:
    folded: Mapped = reader(text, None).folded
    return {finding.kind for finding in matcher.findings(folded)}


def _crisis(hits: partial[set[str]]) -> Iterator[Figure]:
    """Prompts that are labelled self-harm. Some are essays about it, or ask for methods in other
    words."""
    path = labelled_data("toxicity/dev.openai-moderation.jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    labelled = [(row["prompt"], row.get("SH", 0)) for row in rows]
    yes = [_CRISIS in hits(text) for text, is_crisis in labelled if is_crisis]
    no = [_CRISIS in hits(text) for text, is_crisis in labelled if not is_crisis]
    yield Figure(
        key="signals.crisis_recall",
        value=sum(yes) / len(yes),
        unit="share",
        bar=0.5,
        aim=0.9,
        n=len(yes),
        lower_is_better=False,
        note="English prompts labelled self-harm (dev.openai-moderation)",
    )
    yield Figure(
        key="signals.crisis_false",
        value=sum(no) / len(no),
        unit="share",
        bar=0.02,
        aim=0.005,
        n=len(no),
        note="the other prompts of the same set, most of them violent, sexual or hateful",
    )


def _social(hits: partial[set[str]], lists: Sequence[str]) -> Iterator[Figure]:
    texts = [
        line
        for name in _SOCIAL
        for line in labelled_data(f"pii/social.{name}.txt").read_text("utf-8").splitlines()
        if line.strip()
    ]
    found = [hits(text) for text in texts]
    counts = {
        name: sum(name in lists_found for lists_found in found)
        for name in lists
        if name != _PROFANITY
    }
    most = sorted(counts, key=lambda name: -counts[name])[:4]
    yield Figure(
        key="signals.social_per_1000",
        value=1_000 * max(counts.values()) / len(texts),
        unit="per 1,000",
        bar=20,
        aim=5,
        n=len(texts),
        note="social messages in which the busiest list but profanity hits, right or wrong: "
        + ", ".join(f"{name} {1_000 * counts[name] / len(texts):.1f}" for name in most),
    )
