"""Builds the anchors of the log, according to the settings: witnesses and time stamps."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from cryptography.x509 import load_pem_x509_certificates

from gateway.errors import ConfigurationError, LogInvalid
from gateway.opened import Opened
from gateway.ports import Now
from gateway.settings import Settings
from gateway.trail.anchors import Quorum
from gateway.trail.witnessing import WitnessAt, Witnessing

if TYPE_CHECKING:
    from gateway.trail.stamping import StampChecker, Stamping


def witnesses_of(settings: Settings) -> list[WitnessAt]:
    """The witnesses that the settings name. Raises ConfigurationError."""
    try:
        witnesses = [WitnessAt.parse(text) for text in settings.witnesses]
    except LogInvalid as error:
        raise ConfigurationError(
            "witnesses", error.problem, "Write `<url> <key>`, the key as the witness prints it."
        ) from None
    if len({witness.key.name for witness in witnesses}) < len(witnesses):
        raise ConfigurationError("witnesses", "two have one name", "A witness counts once.")
    return witnesses


def quorum_of(settings: Settings) -> Quorum:
    """The witnesses whose cosignatures make a checkpoint a witnessed one, and how many of them.
    Raises ConfigurationError."""
    keys = tuple(witness.key for witness in witnesses_of(settings))
    return Quorum(keys, settings.witness_quorum if keys else 0)


def stamp_checker(settings: Settings) -> StampChecker | None:
    """The checker of time stamps; None without certificates in the settings, or without the extra
    `timestamp`: stamps then count as unchecked. Raises ConfigurationError."""
    path = settings.timestamp_certificates
    if path is None or find_spec("rfc3161_client") is None:
        return None
    from gateway.trail.stamping import StampChecker  # noqa: PLC0415 - an extra

    try:
        return StampChecker(load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "timestamp_certificates",
            f"{path} cannot be read ({type(error).__name__})",
            "Name a file with the authority's root certificates, in PEM.",
        ) from None


def witnessing(settings: Settings, opened: Opened, *, now: Now) -> Witnessing | None:
    """The job that asks the witnesses for cosignatures; None when the settings name none."""
    witnesses = witnesses_of(settings)
    if not witnesses:
        return None
    return Witnessing(
        log=opened.log,
        store=opened.store.log,
        witnesses=witnesses,
        quorum=settings.witness_quorum,
        now=now,
        interval_s=settings.witness_interval_s,
    )


def stamping(settings: Settings, opened: Opened, *, now: Now) -> Stamping | None:
    """The job that has checkpoints time-stamped; None when the settings name no authority. Raises
    ConfigurationError without the extra `timestamp`."""
    if settings.timestamp_url is None:
        return None
    checker = stamp_checker(settings)
    if checker is None:
        raise ConfigurationError(
            "timestamp_url",
            "needs what is not installed",
            "Install the extra: pip install 'avatar-gateway[timestamp]'.",
        )
    from gateway.trail.stamping import Stamping  # noqa: PLC0415 - an extra

    return Stamping(
        log=opened.log,
        store=opened.store.log,
        url=settings.timestamp_url,
        checker=checker,
        now=now,
        interval_s=settings.timestamp_interval_s,
    )
