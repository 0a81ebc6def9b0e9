"""Every setting, in one frozen value. Only the assembly and the command line read it.

Sources, strongest first: command-line flags, environment (`AVATAR_GATEWAY_…`), the TOML file
(`--config`, `AVATAR_GATEWAY_CONFIG`, or ./avatar-gateway.toml), the defaults below.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.errors import ConfigurationError
from gateway.model.erasure import RETENTION_FLOOR, RetentionRule
from gateway.model.record import EntryKind
from gateway.model.submission import Channel

ENV_PREFIX = "AVATAR_GATEWAY_"
CONFIG_VARIABLE = f"{ENV_PREFIX}CONFIG"
DEFAULT_FILE = Path("avatar-gateway.toml")
_MAX_DEADLINE_MS = 600_000  # ten minutes
_YEAR_S = 366 * 24 * 3600  # seconds of a leap year
_URL = r"^https?://[^\s@#]+$"  # without credentials
_RETENTION_WORDS: tuple[tuple[str, ...], ...] = (
    (),  # any word, since tenants are not known here
    tuple(channel.value for channel in Channel),
    (EntryKind.DECISION.value, EntryKind.DRY_RUN.value, EntryKind.REVIEW.value),
)
"""The words that the parts of a retention rule may be: tenant, channel, kind of entry."""


class Settings(BaseSettings):
    """All settings. Names that end in `_ms` are times in milliseconds, in `_s` in seconds; sizes
    are bytes or code points."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    data_dir: Path = Field(Path("var"), description="Where the database, keys and log live.")
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL: sqlite:///… or postgresql+psycopg://…. "
        "Default: gateway.db in data_dir.",
    )
    subject_keys_url: str | None = Field(
        None,
        description="SQLAlchemy URL of a PostgreSQL database for the keys that texts are sealed "
        "with: apart from database_url, outside its backups. Needed for replicas on several hosts. "
        "Default: the file subject-keys.db in data_dir.",
    )
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port that `serve` listens on.")
    public_url: str = Field(
        "http://127.0.0.1:8080",
        pattern=_URL,
        description="How others reach this gateway (http or https); the receipts' issuer.",
    )
    log_origin: str = Field(
        "avatar-gateway.invalid/log",
        description="Name of the audit log in its checkpoints: a domain you own and a path.",
        pattern=r"^[^\s+]+$",
    )
    checkpoint_interval_s: float = Field(
        2.0, ge=0.1, le=60, description="How often a signed checkpoint is made."
    )
    checkpoint_post_quantum: bool = Field(
        False, description="Sign checkpoints with ML-DSA-44 as well as with Ed25519."
    )
    log_public: bool = Field(
        False,
        description="Serve checkpoint, keys and tiles of the log (/v1/log) to everyone; otherwise "
        "only to auditors. Entries are never served to everyone.",
    )
    witnesses: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        max_length=16,
        description="Witnesses that are asked to cosign checkpoints, each as `<url> <key>`, the "
        "key as the witness prints it; in the environment with commas between.",
    )
    witness_quorum: int = Field(
        1,
        ge=1,
        le=16,
        description="How many witnesses must cosign a checkpoint, for it to count as witnessed.",
    )
    witness_interval_s: float = Field(
        10.0, ge=0.1, le=86_400, description="How often each witness is asked."
    )
    timestamp_url: str | None = Field(
        None,
        pattern=_URL,
        description="RFC 3161 authority that stamps checkpoints; needs the extra `timestamp`.",
    )
    timestamp_certificates: Path | None = Field(
        None, description="The authority's root certificates (PEM); goes with timestamp_url."
    )
    timestamp_interval_s: float = Field(
        3_600.0, ge=1, le=30 * 86_400, description="How often a checkpoint is stamped."
    )

    policies_dir: Path | None = Field(
        None, description="Folder with the policy packs. Default: the packs that are shipped."
    )
    policies_reload_s: float = Field(
        1.0,
        ge=0,
        le=3_600,
        description="How often `serve` looks for changed policies, in seconds; 0: never.",
    )
    policies_shadow_dir: Path | None = Field(
        None,
        description="Folder with policies, or packs laid over those in use, that judge beside "
        "them: what they would have decided otherwise is recorded, never applied.",
    )
    policies_bundle: Path | None = Field(
        None,
        description="A signed bundle that is used instead of policies_dir once it is there; "
        "PUT /v1/policies/bundle writes it. Default: policies.tar.gz in data_dir.",
    )
    policies_bundle_key: Path | None = Field(
        None, description="Public key (PEM) that verifies bundles; without it none are taken."
    )
    policies_signing_key: Path | None = Field(
        None,
        description="Private key (PEM) that signs the policies in use for OPA servers that fetch "
        "them: GET /v1/policies/bundle. Without it they are not served.",
    )
    policy_engine: Literal["embedded", "opa"] = Field(
        "embedded", description="embedded: in this process. opa: an OPA server at opa_url."
    )
    opa_url: str = Field("http://127.0.0.1:8181", description="The OPA server.")
    opa_token: SecretStr | None = Field(None, description="Bearer token for the OPA server.")
    opa_deadline_ms: float = Field(
        100,
        gt=0,
        le=_MAX_DEADLINE_MS,
        description="Deadline for one call of the OPA server; below deadline_policy_ms.",
    )
    opa_upload: bool = Field(
        True, description="Upload the packs to OPA at start; off when OPA loads them by itself."
    )

    toxicity_backend: Literal["embedded", "detoxify", "remote"] = Field(
        "embedded",
        description="embedded: shipped weights. detoxify: needs the extra of that name. "
        "remote: a server at toxicity_remote_url.",
    )
    toxicity_remote_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s@]+/v2/models/[^\s/?#]+(/versions/[^\s/?#]+)?$",
        description="A model behind the Open Inference Protocol, such as "
        "http://tox:8080/v2/models/screen; the texts are sent there.",
    )
    toxicity_cache_s: float = Field(
        600,
        ge=0,
        le=86_400,
        description="Seconds for which the scores of a text are used again when the same creator "
        "sends the same text; 0 asks the model every time. No text is kept for it.",
    )
    detoxify_checkpoint: Path | None = Field(
        None, description="Folder made by `avatar-gateway models convert`."
    )
    pii_ner: Annotated[tuple[Literal["en", "fr"], ...], NoDecode] = Field(
        (),
        description="Languages with advisory name recognition, such as en,fr (needs the spaCy "
        "models).",
    )

    deadline_detect_ms: float = Field(
        2_000,
        gt=0,
        le=_MAX_DEADLINE_MS,
        description="Deadline for each detector (PII, toxicity, signals), 10 minutes at most.",
    )
    deadline_policy_ms: float = Field(
        500, gt=0, le=_MAX_DEADLINE_MS, description="Deadline for the policy decision."
    )
    deadline_record_ms: float = Field(
        5_000,
        gt=0,
        le=_MAX_DEADLINE_MS,
        description="Deadline for the durable audit entry; past it: 503, nothing sent.",
    )
    deliver_wait_ms: float = Field(
        2_000,
        ge=0,
        le=_MAX_DEADLINE_MS,
        description="How long POST /v1/messages waits for the platform before it answers 202.",
    )
    review_ttl_s: float = Field(
        24 * 3600,
        gt=0,
        le=_YEAR_S,
        description="A held message expires after this (a year at most); it is never published.",
    )

    retention: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="After how many days texts are erased, such as acme/dm/*=400,*/*/dry_run=184: "
        "tenant, channel and kind of entry (decision, dry_run, review), * for any. The first that "
        "fits counts; none: kept. At least 184 days (six months); entries always stay.",
    )

    sandbox_url: str = Field(
        "http://127.0.0.1:8090/messages",
        pattern=_URL,
        description="Where the route `sandbox` leads (http or https, no credentials).",
    )
    routes_dir: Path | None = Field(None, description="Folder with further route files (YAML).")
    upstream_url: str | None = Field(
        None,
        pattern=_URL,
        description="OpenAI-compatible generator behind /v1/chat/completions and "
        "/v1/responses, such as https://api.example/v1; without it they answer 404.",
    )
    upstream_key: SecretStr | None = Field(None, description="Bearer token for upstream_url.")
    upstream_timeout_s: float = Field(
        60.0, gt=0, le=600, description="How long the generator may be silent."
    )
    webhook_secret: SecretStr | None = Field(
        None, description="Secret that signs webhook requests. Default: one from the key folder."
    )
    c2pa_key: Path | None = Field(
        None,
        description="Ed25519 key (PEM) that signs C2PA manifests, for routes with `c2pa: true`. "
        "Default: the receipts' key, with a certificate it signs itself.",
    )
    c2pa_certificates: Path | None = Field(
        None, description="The certificate chain (PEM) of c2pa_key, leaf first."
    )
    delivery_max_attempts: int = Field(
        8, ge=1, le=100, description="Attempts after which a delivery is given up."
    )

    max_text_length: int = Field(
        20_000, ge=1, le=1_000_000, description="Longest text accepted, in code points."
    )
    max_body_bytes: int = Field(
        262_144, ge=1_024, le=16_777_216, description="Largest request body accepted."
    )
    dsa_profile: Path | None = Field(
        None,
        description="TOML file with what statements of reasons say of the platform: "
        "docs/reference/statements-of-reasons.md.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level that is logged."
    )
    log_format: Literal["json", "console"] = Field("console", description="Format of the logs.")
    otlp_endpoint: str | None = Field(
        None,
        pattern=_URL,
        description="OpenTelemetry collector, as http://host:4318; needs the extra `otel`.",
    )

    @field_validator("pii_ner", "witnesses", "retention", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(item.strip(' "') for item in value.strip("[]").split(",") if item.strip())
        return value

    @field_validator("retention")
    @classmethod
    def _known_periods(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for rule in value:
            _retention_rule(rule)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("subject_keys_url")
    @classmethod
    def _known_key_engine(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("postgresql+psycopg://"):
            raise ValueError("must start with postgresql+psycopg://")
        return value

    @model_validator(mode="after")
    def _backend_is_complete(self) -> Settings:
        if self.toxicity_backend == "detoxify" and self.detoxify_checkpoint is None:
            raise ValueError(
                "toxicity_backend = detoxify needs detoxify_checkpoint; "
                "make one with `avatar-gateway models convert`"
            )
        if self.toxicity_backend == "remote" and self.toxicity_remote_url is None:
            raise ValueError("toxicity_backend = remote needs toxicity_remote_url")
        if (self.c2pa_key is None) != (self.c2pa_certificates is None):
            raise ValueError("c2pa_key and c2pa_certificates go together; set both or neither")
        if (self.timestamp_url is None) != (self.timestamp_certificates is None):
            raise ValueError("timestamp_url and timestamp_certificates go together")
        if self.witnesses and self.witness_quorum > len(self.witnesses):
            raise ValueError("witness_quorum is above the number of witnesses")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The sources, strongest first: flags (the constructor's argument `flags`), environment,
        file (its argument `file`)."""
        given = init_settings() if callable(init_settings) else {}
        flags = InitSettingsSource(settings_cls, dict(given.get("flags", {})))
        file = InitSettingsSource(settings_cls, dict(given.get("file", {})))
        return flags, env_settings, file

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'gateway.db').absolute()}"

    @property
    def bundle_path(self) -> Path:
        return self.policies_bundle or self.data_dir / "policies.tar.gz"

    @property
    def retention_rules(self) -> tuple[RetentionRule, ...]:
        return tuple(_retention_rule(rule) for rule in self.retention)

    @property
    def keys_dir(self) -> Path:
        return self.data_dir / "keys"

    @property
    def subject_keys_path(self) -> Path:
        return self.data_dir / "subject-keys.db"


def _retention_rule(text: str) -> RetentionRule:
    """Parse `tenant/channel/kind=days`, where * stands for any. Raises ValueError."""
    where, _, days = text.rpartition("=")
    parts = where.strip().rsplit("/", 2)
    period = days.strip().removesuffix("d")
    if len(parts) != len(_RETENTION_WORDS) or not period.isascii() or not period.isdecimal():
        raise ValueError(f"{text!r} is not of the form tenant/channel/kind=days")
    for part, known in zip(parts, _RETENTION_WORDS, strict=True):
        if known and part != "*" and part not in known:
            raise ValueError(f"{part!r} in {text!r} is none of {', '.join(known)}")
    after = timedelta(days=min(int(period[:9]), 36_500))
    if after < RETENTION_FLOOR:
        raise ValueError(
            f"{text!r} is below the floor: texts are kept for {RETENTION_FLOOR.days} days at "
            "least; erase single persons or messages with `avatar-gateway audit erase`"
        )
    tenant, channel, kind = (None if part == "*" else part for part in parts)
    return RetentionRule(after=after, tenant=tenant, channel=channel, kind=kind)


def read_settings(config: Path | None, flags: Mapping[str, Any]) -> Settings:
    """Read and check all settings.

    Raises ConfigurationError that names the setting, where it was set, and the mend.
    """
    path = config or (Path(named) if (named := os.environ.get(CONFIG_VARIABLE)) else None)
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    file = _read_file(path) if path else {}
    _refuse_unknown(os.environ, file, path)
    try:
        return Settings(flags=dict(flags), file=file)  # type: ignore[call-arg] # for its sources
    except ValidationError as error:
        raise _configuration_error(error, flags, file, path) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read ({error.strerror})", "Name a readable file with --config."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), f"is not valid TOML: {error}", "Mend it.") from None


def _refuse_unknown(
    environment: Mapping[str, str], file: Mapping[str, Any], path: Path | None
) -> None:
    known = list(Settings.model_fields)
    in_environment = {
        name: name[len(ENV_PREFIX) :].lower()
        for name in environment
        if name.startswith(ENV_PREFIX) and name != CONFIG_VARIABLE
    }
    in_file = {f"{key} in {path}": key for key in file}
    for shown, name in {**in_environment, **in_file}.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            mend = f"Did you mean {near[0]}?" if near else "See docs/reference/settings.md."
            raise ConfigurationError(shown, "is no setting", mend)


def _configuration_error(
    error: ValidationError, flags: Mapping[str, Any], file: Mapping[str, Any], path: Path | None
) -> ConfigurationError:
    """The first error of a validation, naming where the setting was set."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    problem = first["msg"].removeprefix("Value error, ")
    if not name:
        return ConfigurationError("settings", problem, "See docs/reference/settings.md.")
    if name in flags:
        where = f"--{name.replace('_', '-')}"
    elif f"{ENV_PREFIX}{name.upper()}" in os.environ:
        where = f"{ENV_PREFIX}{name.upper()}"
    else:
        where = f"{name} in {path}" if name in file else name
    mend = Settings.model_fields[name].description or ""
    return ConfigurationError(where, problem, mend)
