from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.errors import InvalidField
from gateway.model.route import Route, RouteKind
from gateway.model.submission import Channel, StreamPart, Submission
from gateway.model.verdict import Verdict
from gateway.pipeline.admission import admit

ROUTES = {"web": Route(name="web", kind=RouteKind.WEBHOOK, channels=(Channel.DM, Channel.COMMENT))}
GOOD = Submission(
    message_id="msg_1",
    tenant="t",
    channel=Channel.DM,
    creator="lea",
    avatar="twin",
    conversation="c",
    text="Bonjour",
    received_at=datetime(2026, 11, 22, tzinfo=UTC),
    route="web",
)


def test_a_good_one_gets_its_route() -> None:
    assert admit(GOOD, ROUTES, 100) is ROUTES["web"]


def test_the_check_of_a_whole_stream_blocks_nothing_by_itself() -> None:
    routes = {"s": Route(name="s", kind=RouteKind.STREAM, on_hold=Verdict.BLOCK)}
    part = replace(GOOD, route="s", stream=StreamPart(id="st", number=1))
    assert admit(part, routes, 100) is routes["s"]
    whole = replace(part, stream=StreamPart(id="st", number=2, whole=True))
    assert admit(whole, routes, 100) == replace(routes["s"], on_hold=Verdict.HOLD)


@pytest.mark.parametrize(
    ("change", "field", "mend"),
    [
        ({"text": ""}, "text", "at least one visible character"),
        ({"text": " \n\t "}, "text", "at least one visible character"),
        ({"text": "x" * 101}, "text", "max_text_length"),
        ({"text": "a\ud800b"}, "text", "well-formed Unicode"),
        ({"human_text": "\udfff"}, "human_text", "well-formed Unicode"),
        ({"human_text": "x" * 101}, "human_text", "max_text_length"),
        ({"route": "nowhere"}, "route", "Use one of: web"),
        ({"channel": Channel.LIVE}, "channel", "That route takes: dm, comment"),
    ],
)
def test_a_bad_one_is_refused_with_field_and_mend(
    change: dict[str, object], field: str, mend: str
) -> None:
    with pytest.raises(InvalidField) as caught:
        admit(replace(GOOD, **change), ROUTES, 100)  # type: ignore[arg-type] # of its field's type
    assert caught.value.field == field
    assert mend in caught.value.mend
