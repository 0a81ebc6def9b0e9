"""The comparison with others: what can be tested without their environments."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.peers.adapters import ADAPTERS
from bench.peers.listed import NOT_RUN, PEERS
from bench.peers.page import page
from bench.peers.plot import plot
from tests.paths import ROOT


def report() -> dict[str, Any]:
    peers = {}
    for number, peer in enumerate(PEERS):
        parts = [*peer.finds, "clean"] if peer.task == "pii" else ["toxic", "leet", "clean"]
        peers[peer.name] = {
            "title": peer.title,
            "version": "1.2.3",
            "task": peer.task,
            "settings": peer.settings,
            "cpu_ms": 0.1 * (number + 1),
            "cpu_ms_spread": [0.05, 2.0],
            "rss_mb": 100.0,
            "start_s": 1.0,
            "flagged": {part: {"share": 0.5, "n": 10} for part in parts},
            **{f"p{rank}_ms_at_{at_once}": 1.0 for rank in (50, 99) for at_once in (1, 8)},
        }
    return {
        "peers": peers, "measured": "2026-01-01", "machine": "m", "load": 1.0, "rounds": 7,
    }  # fmt: skip


def test_the_page_names_every_peer_its_version_and_settings_and_who_was_not_run() -> None:
    text = page(report())
    for peer in PEERS:
        assert f"- {peer.title} 1.2.3: {peer.settings}." in text
    for name, why in NOT_RUN.items():
        assert f"- {name}: {why}." in text
    regex_rail = next(line for line in text.splitlines() if "regex rail | 0.5" in line)
    assert regex_rail.count("–") == 4, "a kind that a peer does not claim is no miss"
    assert "| 1 × |" in text


def test_the_plot_has_a_bar_for_each_peer_the_cheapest_first() -> None:
    tree = ElementTree.fromstring(plot(report()))  # noqa: S314 - our own
    bars = [
        float(one.attrib["width"])
        for one in tree.iter("{http://www.w3.org/2000/svg}rect")
        if one.attrib.get("height") == "16"
    ]
    assert len(bars) == len(PEERS)
    assert bars == sorted(bars)


def test_each_peer_has_an_adapter_and_pinned_requirements() -> None:
    assert {peer.name for peer in PEERS} == set(ADAPTERS)
    for peer in PEERS:
        if peer.environment is None:
            continue
        pinned = (ROOT / "requirements" / "peers" / f"{peer.environment}.txt").read_text("utf-8")
        assert f"{peer.package}==" in pinned
        assert "--hash=sha256:" in pinned


@pytest.mark.programs
def test_a_worker_answers_for_what_it_was_asked(tmp_path: Path) -> None:
    requests = [
        {"do": "flag", "texts": ["write to jane.doe@gmail.com", "thanks for watching"]},
        {"do": "time", "texts": ["hello there", "good night", "see you"], "at_once": 2},
        {"do": "memory"},
    ]
    answer = subprocess.run(
        [sys.executable, "-m", "bench.peers.worker", "our_pii"],
        input="".join(json.dumps(one) + "\n" for one in requests),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    ready, flagged, timed, memory = map(json.loads, answer.stdout.splitlines())
    assert ready == {"ready": True}
    assert flagged == {"flags": [True, False]}
    assert len(timed["taken"]) == 3
    assert timed["cpu"] > 0
    assert memory["rss_mb"] > 10
