"""Who is measured, what they claim, how they were set; and who is not, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """`environment` is the name of its requirements file in requirements/peers, None for ours.
    `finds`: the labelled kinds that it is asked for, or "toxicity"."""

    name: str
    title: str
    package: str
    environment: str | None
    finds: tuple[str, ...]
    settings: str

    @property
    def task(self) -> str:
        return "toxicity" if self.finds == TOXICITY else "pii"


TOXICITY = ("toxicity",)
ALL = (
    *("EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "US_SSN", "CREDIT_CARD", "PHONE_NUMBER", "URL"),
)

PEERS = (
    Peer(
        name="our_pii",
        title="avatar-gateway, personal data",
        package="avatar-gateway",
        environment=None,
        finds=ALL,
        settings="as served: reading, all blocking patterns; language declared",
    ),
    Peer(
        name="presidio",
        title="Presidio",
        package="presidio-analyzer",
        environment="presidio",
        finds=ALL,
        settings="AnalyzerEngine, spaCy en_core_web_sm, the seven structured entities, its own "
        "thresholds",
    ),
    Peer(
        name="gorget",
        title="Gorget (LLM Guard) Anonymize",
        package="gorget",
        environment="gorget",
        finds=tuple(kind for kind in ALL if kind != "URL"),
        settings="recognizer_conf=[] (no model from a hub), the structured entities and its own "
        "patterns, threshold .5",
    ),
    Peer(
        name="openai_guardrails",
        title="OpenAI Guardrails, Contains PII",
        package="openai-guardrails",
        environment="openai_guardrails",
        finds=ALL,
        settings="block, the seven structured entities, detect_encoded_pii, spaCy en_core_web_sm",
    ),
    Peer(
        name="litellm_pii",
        title="LiteLLM content filter, patterns",
        package="litellm",
        environment="litellm",
        finds=ALL,
        settings="prebuilt patterns email, iban, ipv4, ipv6, us_ssn, us_phone, cards, url; BLOCK",
    ),
    Peer(
        name="nemoguardrails",
        title="NeMo Guardrails, regex rail",
        package="nemoguardrails",
        environment="nemoguardrails",
        finds=("EMAIL_ADDRESS", "US_SSN", "CREDIT_CARD"),
        settings="input rail, no model, patterns for e-mail, SSN and cards in the manner of its "
        "documentation",
    ),
    Peer(
        name="our_toxicity",
        title="avatar-gateway, embedded toxicity",
        package="avatar-gateway",
        environment=None,
        finds=TOXICITY,
        settings="as served: reading, every form, hold from .5",
    ),
    Peer(
        name="better_profanity",
        title="better-profanity",
        package="better-profanity",
        environment="better_profanity",
        finds=TOXICITY,
        settings="its own word list",
    ),
    Peer(
        name="alt_profanity_check",
        title="alt-profanity-check",
        package="alt-profanity-check",
        environment="alt_profanity_check",
        finds=TOXICITY,
        settings="predict()",
    ),
    Peer(
        name="litellm_toxicity",
        title="LiteLLM content filter, categories",
        package="litellm",
        environment="litellm",
        finds=TOXICITY,
        settings="harm_toxic_abuse, denied_insults, harmful_violence, four bias categories, "
        "severity low; BLOCK",
    ),
)

NOT_RUN = {
    "NeMo Guardrails, sensitive data detection": "asks for en_core_web_lg by name, which is not on "
    "PyPI",
    "NeMo Guardrails, self check and content safety rails": "ask a language model over the network",
    "Gorget, Toxicity and NER in Anonymize": "weights come from a model hub",
    "OpenAI Guardrails, moderation and jailbreak": "ask a model over the network",
    "Guardrails AI": "its validators come from its own hub",
    "Presidio, LiteLLM's Presidio guardrail": "the same engine as the row of Presidio, over HTTP",
}
