from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.errors import PolicyInvalid, StageFailure
from gateway.model.decision import Facts
from gateway.policy.engine.input import InputBuilder, mask
from gateway.policy.live.replay import Replayer, ReplayWorker, read_frame, serve, write_frame
from gateway.policy.packs.source import load_snapshot, read_folder

Write = Callable[[Mapping[str, str]], Path]
PHRASES = "list: shop.word\nin: [text]\nlanguages: {en: [hello]}\n"


def test_frames_are_read_as_written() -> None:
    stream = io.BytesIO()
    write_frame(stream, [b"", b"a\nb", b"\x00" * 10])
    write_frame(stream, [])
    stream.seek(0)
    assert read_frame(stream) == [b"", b"a\nb", b"\x00" * 10]
    assert read_frame(stream) == []
    assert read_frame(stream) is None
    with pytest.raises(ValueError, match="ended"):
        read_frame(io.BytesIO(b"[5]\nab"))


def test_a_process_beside_decides(write: Write, shop: dict[str, str]) -> None:
    replayer = Replayer(read_folder(write(shop)))
    bad = json.dumps({"text": {"folded": "a secret"}}).encode()
    good = json.dumps({"text": {"folded": "a day"}}).encode()
    blocked, published, none = replayer.decide([bad, good, b"rubbish"])
    assert json.loads(blocked)["verdict"] == "block"
    assert json.loads(published)["verdict"] == "publish"
    assert none == b""
    assert replayer.decide([]) == []
    replayer._process.kill()
    replayer._process.wait()
    with pytest.raises(StageFailure, match="process beside"):
        replayer.decide([good])
    replayer.close()


def test_policies_that_cannot_be_used_start_nothing(write: Write, shop: dict[str, str]) -> None:
    with pytest.raises(PolicyInvalid):
        Replayer(read_folder(write(shop | {"main.rego": "package gateway\n\nx {"})))


def test_what_the_child_does(write: Write, shop: dict[str, str]) -> None:
    files = read_folder(write(shop))
    into, out = io.BytesIO(), io.BytesIO()
    parts = [b"", *(part for name, content in files for part in (name.encode(), content))]
    write_frame(into, parts)
    write_frame(into, [b'{"text": {"folded": "a secret"}}'])
    into.seek(0)
    serve(into, out)
    out.seek(0)
    assert read_frame(out) == []
    answers = read_frame(out)
    assert answers is not None
    assert json.loads(answers[0])["verdict"] == "block"
    serve(io.BytesIO(), out)


def test_its_own_phrases_are_looked_for_where_there_are_words(
    write: Write, shop: dict[str, str], make_facts: Callable[..., Facts]
) -> None:
    shop["shop/word/word.phrases.yaml"] = PHRASES
    judge = ReplayWorker(load_snapshot(write(shop)), phrases=True)
    document = InputBuilder().build(make_facts("Hello you"))
    document["findings"]["signals"] = [
        {"list": "old", "source": "x", "start": 0, "end": 1, "in": where}
        for where in ("text", "human")
    ]
    given = json.dumps(document).encode()
    assert judge._matcher is not None
    signals = json.loads(judge._with_own_signals(given, judge._matcher))["findings"]["signals"]
    assert [(one["list"], one["in"], one["start"]) for one in signals] == [
        ("shop.word", "text", 0),
        ("old", "human", 0),
    ]
    masked = json.dumps(mask(document)).encode()
    assert judge._with_own_signals(masked, judge._matcher) == masked
