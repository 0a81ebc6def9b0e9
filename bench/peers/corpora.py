"""The labelled texts that peers are asked about: parts by name, all English."""

from __future__ import annotations

import csv
import json
import random
import re

from bench.figure import labelled_data
from bench.peers.listed import ALL
from bench.rewritings import leet

_KINDS = {kind: kind for kind in ALL if kind != "URL"} | {"DOMAIN_NAME": "URL"}
_CLEAN = 1_500
_HINT = re.compile(r"@|://|\w\.\w")


def personal() -> dict[str, list[str]]:
    """By kind: texts of synth_dataset_v2 whose one structured value is of that kind. "clean":
    social messages without a digit, an @, a link or a domain, in which nothing structured is."""
    documents = json.loads(labelled_data("pii/synth_dataset_v2.json").read_text("utf-8"))
    found: dict[str, list[str]] = {}
    for document in documents:
        kinds = {
            _KINDS[span["entity_type"]]
            for span in document["spans"]
            if span["entity_type"] in _KINDS
        }
        if len(kinds) == 1:
            found.setdefault(kinds.pop(), []).append(document["full_text"])
    lines = [
        line
        for name in ("reddit", "twitter", "youtube")
        for line in labelled_data(f"pii/social.{name}.txt").read_text("utf-8").splitlines()
        if line.strip() and not any(char.isdigit() for char in line)
    ]
    calm = [line for line in lines if not _HINT.search(line)]
    return {**dict(sorted(found.items())), "clean": calm[:: max(1, len(calm) // _CLEAN)][:_CLEAN]}


def toxic() -> dict[str, list[str]]:
    """Pairs of ParaDetox that no model here was trained on (training/sources.py): "toxic", the
    same in "leet" (bench/rewritings.py), and the neutral paraphrases as "clean"."""
    path = labelled_data("toxicity/train.paradetox.tsv")
    with path.open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[3::24]
    marked = [pair["toxic"] for pair in pairs]
    random_ = random.Random("peers")  # noqa: S311
    return {
        "toxic": marked,
        "leet": [leet(text, random_) for text in marked],
        "clean": [pair["neutral1"] for pair in pairs if pair["neutral1"]],
    }
