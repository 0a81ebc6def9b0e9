from __future__ import annotations

import json

from gateway.policy.authoring.reference import render
from tests.paths import ROOT


def test_the_page_is_current() -> None:
    schema = json.loads((ROOT / "policies/schemas/input.schema.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs/reference/policy-input.md").read_text(encoding="utf-8")
    assert page.endswith(render(schema)), "run `make docs`"


def test_rows() -> None:
    schema = {
        "description": "All.",
        "required": ["text"],
        "properties": {
            "text": {
                "description": "Words | more.",
                "properties": {"lower": {"description": "Low.", "type": ["string", "null"]}},
                "required": ["lower"],
                "type": "object",
            },
            "list": {
                "description": "Some.",
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["n"],
                    "properties": {"n": {"type": "number", "minimum": 0, "maximum": 1}},
                },
            },
            "table": {"type": "object", "additionalProperties": {"type": "integer"}},
            "kind": {"enum": ["a", "b"]},
        },
    }
    rows = render(schema).splitlines()[-7:]
    assert rows == [
        "| `text` | object | Words \\| more. |",
        "| `text.lower` | string or null | *masked.* Low. |",
        "| `list` | list of object | *optional.* Some. |",
        "| `list[].n` | number, 0 to 1 |  |",
        "| `table` | object | *optional.*  |",
        "| `table.*` | integer |  |",
        "| `kind` | `a` \\| `b` | *optional.*  |",
    ]
