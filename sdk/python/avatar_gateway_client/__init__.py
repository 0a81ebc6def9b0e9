"""Typed client of avatar-gateway: `Client`, `AsyncClient`, and their arguments and results."""

from avatar_gateway_client.aio import AsyncClient
from avatar_gateway_client.client import Client
from avatar_gateway_client.errors import (
    Conflict,
    Erased,
    FieldError,
    Forbidden,
    GatewayError,
    Invalid,
    NotFound,
    Problem,
    ProofInvalid,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)
from avatar_gateway_client.exchange import Retries
from avatar_gateway_client.models import (
    Audience,
    Creator,
    Held,
    Message,
    Moderation,
    Outcome,
    Reason,
    Receipt,
    Speaker,
)

__all__ = [
    "AsyncClient",
    "Audience",
    "Client",
    "Conflict",
    "Creator",
    "Erased",
    "FieldError",
    "Forbidden",
    "GatewayError",
    "Held",
    "Invalid",
    "Message",
    "Moderation",
    "NotFound",
    "Outcome",
    "Problem",
    "ProofInvalid",
    "RateLimited",
    "Reason",
    "Receipt",
    "Retries",
    "Speaker",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
]
