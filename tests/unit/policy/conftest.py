"""Small policy trees, and facts to judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.model.creator import Creator
from gateway.model.decision import Contact, Facts
from gateway.model.finding import Detection, Unavailable
from gateway.model.route import Route, RouteKind
from gateway.model.submission import Channel, Submission
from gateway.policy.packs.source import Snapshot, load_snapshot
from gateway.text.reader import TextReader
from tests.paths import ROOT

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MAIN = """\
# METADATA
# title: Decision
# description: Collects what the packs say.
package gateway

decision := {"verdict": verdict, "reasons": reasons, "obligations": obligations}

results contains result if some result in data.packs[_][_].results

default verdict := "publish"

verdict := "block" if {
	some result in results
	result.verdict == "block"
} else := "hold" if {
	some result in results
	result.verdict == "hold"
}

reasons := sort([reason |
	some one in results
	reason := {"rule": one.rule, "text": one.text, "verdict": one.verdict}
])

obligations := [{"kind": given.kind, "params": given.params, "rules": [one.rule]} |
	some one in results
	some given in one.obligations
]
"""
RULE = """\
# METADATA
# title: Forbidden word
# description: Blocks a word.
# custom:
#   id: shop.word
#   verdicts: [block]
package packs.shop.word

results contains {
	"rule": "shop.word",
	"text": "Say it otherwise.",
	"verdict": "block",
	"obligations": [],
} if {
	contains(input.text.folded, data.shop.word.forbidden)
}
"""
RULE_TEST = """\
package packs.shop.word_test

import data.packs.shop.word

test_blocks if count(word.results) == 1 with input as {"text": {"folded": "what a secret"}}

test_passes if count(word.results) == 0 with input as {"text": {"folded": "what a day"}}
"""
SHOP: Mapping[str, str] = {
    "main.rego": MAIN,
    "main_test.rego": 'package gateway_test\n\ntest_true if data.gateway.verdict == "publish"\n',
    "shop/data.yaml": "pack: {title: Shop, version: 1.2.0}\n",
    "shop/word/data.yaml": "forbidden: secret\n",
    "shop/word/word.rego": RULE,
    "shop/word/word_test.rego": RULE_TEST,
    "schemas/creator.schema.json": '{"type": "object", "additionalProperties": false}',
    "schemas/input.schema.json": '{"type": "object"}',
}

Write = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files below a folder and returns it."""

    def writing(files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / "policies"
        for name, content in files.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode("utf-8") if isinstance(content, str) else content
            target.write_bytes(data)
        return root

    return writing


@pytest.fixture
def shop() -> dict[str, str]:
    """A whole small policy tree that `policy check` finds nothing wrong with."""
    return dict(SHOP)


@pytest.fixture
def snapshot_of(write: Write) -> Callable[[Mapping[str, str | bytes]], Snapshot]:
    return lambda files: load_snapshot(write(files))


@pytest.fixture
def shop_snapshot(write: Write) -> Snapshot:
    return load_snapshot(write(SHOP))


@pytest.fixture(scope="session")
def shipped() -> Path:
    """The packs that are shipped."""
    return ROOT / "policies"


@pytest.fixture(scope="session")
def reader() -> TextReader:
    return TextReader()


@pytest.fixture
def make_facts(reader: TextReader) -> Callable[..., Facts]:
    """Facts about one message; keyword arguments go into the submission, but for those named."""

    def making(
        text: str = "See you at the stream.",
        *,
        now: datetime = NOW,
        settings: Mapping[str, Any] | None = None,
        detections: tuple[Detection, ...] = (),
        unavailable: tuple[Unavailable, ...] = (),
        contact: Contact | None = None,
        **submitted: Any,
    ) -> Facts:
        fields: dict[str, Any] = {
            "message_id": "m-1",
            "tenant": "studio",
            "channel": "dm",
            "creator": "lea",
            "avatar": "lea-ai",
            "conversation": "c-1",
            "received_at": now,
        } | submitted
        fields["channel"] = Channel(fields["channel"])
        return Facts(
            now=now,
            submission=Submission(text=text, **fields),
            read=reader(text, None),
            detections=detections,
            unavailable=unavailable,
            creator=Creator(
                tenant="studio", id="lea", version=1, updated_at=now, settings=settings or {}
            ),
            contact=contact or Contact(),
            route=Route(name="sandbox", kind=RouteKind.SANDBOX),
        )

    return making
