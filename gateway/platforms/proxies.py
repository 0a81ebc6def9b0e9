"""Route files of the kind "proxy": a platform of a declaration, opened for one avatar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import ConfigurationError
from gateway.model.route import Route
from gateway.model.submission import Audience, Channel, Minor
from gateway.platforms.declaration import Action, Declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRoute:
    """One route through the proxy, as its route file says.

    `credential` is injected in place of whatever the client sends; None: the client's own passes.
    `channel` and `channels` (by conversation) override the platform's own rules.
    """

    route: Route
    declaration: Declaration
    creator: str
    avatar: str
    credential: str | None = field(default=None, repr=False)
    channel: Channel | None = None
    channels: Mapping[str, Channel] = field(default_factory=dict)
    audience: Audience = field(default_factory=Audience)
    language: str | None = None

    @property
    def name(self) -> str:
        return self.route.name

    @property
    def base(self) -> str:
        """The platform's URL without a slash at the end."""
        return str(self.route.url).rstrip("/")


def proxy_of(
    document: Mapping[str, Any],
    route: Route,
    credential: str | None,
    declaration: Declaration,
    jurisdictions: tuple[str, ...],
) -> ProxyRoute:
    """The proxy route of a route file (`document`, valid against route.schema.json)."""
    audience = document.get("audience", {})
    return ProxyRoute(
        route=route,
        declaration=declaration,
        creator=document["creator"],
        avatar=document["avatar"],
        credential=credential,
        channel=Channel(document["channel"]) if "channel" in document else None,
        channels={
            name: Channel(channel)
            for name, channel in document.get("channel_by_conversation", {}).items()
        },
        audience=Audience(
            minor=Minor(audience.get("minor", "unknown")),
            jurisdictions=jurisdictions,
        ),
        language=document.get("language"),
    )


def declaration_for(name: str, known: Mapping[str, Declaration], where: str) -> Declaration:
    if name not in known:
        raise ConfigurationError(
            where, f"no platform {name!r} is known", f"Name one of: {', '.join(sorted(known))}."
        )
    declaration = known[name]
    judged_reads = any(
        operation.action is Action.JUDGE and operation.methods & {"GET", "HEAD"}
        for operation in declaration.operations
    )
    if judged_reads and declaration.reads is Action.PASS:
        raise ConfigurationError(
            where, f"{name} posts by reading, and lets reads pass", "Say `reads: deny` there."
        )
    return declaration
