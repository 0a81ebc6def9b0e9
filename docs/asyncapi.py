"""The AsyncAPI document of live streams, made from their wire schemas."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import BaseModel

from gateway.api.stream import wire

_IN = (wire.OpenIn, wire.ResumeIn, wire.AppendIn, wire.EndIn, wire.InterruptIn)
_OUT = (
    wire.OpenedOut,
    wire.HeldBackOut,
    wire.ReleaseOut,
    wire.RetractOut,
    wire.EndOut,
    wire.ErrorOut,
)
_EVENTS = (wire.ReleaseOut, wire.RetractOut, wire.EndOut)


def page() -> str:
    messages = {one.__name__: _message(one) for one in (*_IN, *_OUT)}
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Live streams of avatar-gateway",
            "version": "1",
            "description": "JSON frames over a WebSocket; docs/guides/avatar-services.md explains "
            "them. Both need the header `Authorization: Bearer agk_…` with the role service.",
        },
        "channels": {
            "writer": _channel("/v1/stream", (*_IN, *_OUT)),
            "readers": _channel("/v1/streams/{stream}/events", _EVENTS)
            | {"parameters": {"stream": {"description": "As the frame `opened` names it."}}},
        },
        "operations": {
            "write": _operation("receive", "writer", _IN),
            "answer": _operation("send", "writer", _OUT),
            "tell": _operation("send", "readers", _EVENTS),
        },
        "components": {"messages": messages},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _message(one: type[BaseModel]) -> dict[str, Any]:
    schema = one.model_json_schema(ref_template="#/$defs/{model}")
    if one in _OUT:
        schema["required"] = sorted({*schema.get("required", ()), "type"})
    name = schema["properties"]["type"]["const"]
    return {"name": name, "contentType": "application/json", "payload": schema}


def _channel(address: str, messages: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    refs = {one.__name__: {"$ref": f"#/components/messages/{one.__name__}"} for one in messages}
    return {"address": address, "messages": refs}


def _operation(action: str, channel: str, messages: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    """`action` is what the gateway does."""
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{one.__name__}"} for one in messages],
    }
