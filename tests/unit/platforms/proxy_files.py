"""Platform files for tests."""

from __future__ import annotations

from gateway.platforms.declaration import Declaration, Operation
from gateway.platforms.loading import load_declarations, parse_declaration

HEAD = """
platform: x
title: X
sources: [tests]
credential: {header: Authorization, prefix: "Bearer "}
limit: {length: 100, unit: characters}
error: {status: 403, body: {error: "{message}"}}
operations:
"""
SEND = """
  - name: send
    methods: [POST]
    paths: [/send]
    action: judge
    content: [json, form, multipart, query]
    texts: [{at: /text}]
    label: [/text]
    channel: [{is: group}]
"""


def declared(more: str = "", head: str = HEAD) -> Declaration:
    return parse_declaration(head + SEND + more, "x.yaml")


def operation(more: str = "") -> Operation:
    """`send` with further keys, indented by four."""
    return declared(more).operations[0]


def shipped(platform: str, name: str) -> Operation:
    declaration = load_declarations()[platform]
    return next(one for one in declaration.operations if one.name == name)
