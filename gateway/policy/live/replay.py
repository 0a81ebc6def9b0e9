"""Policies in a process of their own: decisions that nobody waits for cost the gateway's own
process, whose interpreter runs one thread at a time, next to nothing.

The parent writes frames to the child's standard input and reads frames from its output. A frame
is one line of JSON, the lengths of its parts in bytes, and then the parts. The first frame holds
the policies, each later one input documents; the answer holds a decision for each, empty where
the policies gave none.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import orjson

from gateway.errors import PolicyInvalid, StageFailure
from gateway.model.finding import Finding
from gateway.model.text import Mapped
from gateway.policy.engine.embedded import DECISION_PATH
from gateway.policy.engine.evaluator import Evaluator
from gateway.policy.engine.result import parse_json
from gateway.policy.engine.signals import MAX_SOURCE, PhraseMatcher
from gateway.policy.packs.phrases import read_patterns
from gateway.policy.packs.source import Snapshot, make_snapshot
from gateway.policy.packs.subset import compile_snapshot

Files = Sequence[tuple[str, bytes]]

_ROOT = Path(__file__).parents[3]


class Replayer:
    """A child process that decides by `files`, as `read_folder` gives them. `phrases`: look for
    its own phrases in documents that hold words, instead of keeping what was found before.
    Blocking: for threads."""

    def __init__(self, files: Files, *, phrases: bool = False) -> None:
        """Raises PolicyInvalid for policies that cannot be used."""
        compile_snapshot(make_snapshot(files, name="policies"))
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway.policy.live.replay"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        parts = [b"phrases" if phrases else b""]
        for name, content in files:
            parts += [name.encode(), content]
        self._exchange(parts)

    def decide(self, documents: Sequence[bytes]) -> list[bytes]:
        """The decision (JSON) for each input document (JSON), empty where there is none. Raises
        StageFailure when the process is gone."""
        answers = self._exchange(documents)
        if len(answers) != len(documents):
            raise StageFailure("policy", "the process beside gave no answer")
        return answers

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _exchange(self, parts: Sequence[bytes]) -> list[bytes]:
        into, out = self._process.stdin, self._process.stdout
        assert into is not None  # noqa: S101 - both are pipes
        assert out is not None  # noqa: S101
        try:
            write_frame(into, parts)
            answer = read_frame(out)
        except (OSError, ValueError) as error:
            raise StageFailure(
                "policy", f"the process beside is gone ({type(error).__name__})"
            ) from None
        if answer is None:
            raise StageFailure("policy", "the process beside ended")
        return answer


def write_frame(stream: IO[bytes], parts: Sequence[bytes]) -> None:
    stream.write(json.dumps([len(part) for part in parts]).encode() + b"\n")
    stream.writelines(parts)
    stream.flush()


def read_frame(stream: IO[bytes]) -> list[bytes] | None:
    """None at the end."""
    head = stream.readline()
    if not head:
        return None
    return [_read_exactly(stream, length) for length in json.loads(head)]


def _read_exactly(stream: IO[bytes], length: int) -> bytes:
    part = stream.read(length)
    if len(part) != length:
        raise ValueError("the stream ended within a frame")
    return part


class ReplayWorker:
    """What the child does."""

    def __init__(self, snapshot: Snapshot, *, phrases: bool) -> None:
        self._evaluator = Evaluator(snapshot)
        patterns = read_patterns(snapshot.phrases) if phrases else ()
        self._matcher = (
            PhraseMatcher([one for one in patterns if one.in_text], in_human_text=False)
            if phrases
            else None
        )

    def decide(self, document: bytes) -> bytes:
        try:
            given = document if self._matcher is None else self._sought(document, self._matcher)
            answer = self._evaluator.evaluate(given.decode(), DECISION_PATH)
            parse_json(answer)
        except (StageFailure, PolicyInvalid, ValueError):
            return b""
        return answer.encode()

    def _sought(self, document: bytes, matcher: PhraseMatcher) -> bytes:
        """The document with the signals of these phrases in the avatar's text. Those in the
        human's message stay: its folded form is not in the document."""
        whole = orjson.loads(document)
        folded = whole["text"]["folded"]
        if folded is None:
            return document
        found = matcher.findings(Mapped(folded, tuple(range(len(folded) + 1))))
        kept = [one for one in whole["findings"]["signals"] if one["in"] != "text"]
        whole["findings"]["signals"] = [*map(_signal_json, found), *kept]
        return orjson.dumps(whole)


def _signal_json(finding: Finding) -> dict[str, object]:
    return {
        "list": finding.kind,
        "source": finding.source[:MAX_SOURCE],
        "start": finding.start,
        "end": finding.end,
        "in": "text",
    }


def serve(into: IO[bytes], out: IO[bytes]) -> None:
    """Answers frames until the input ends."""
    first = read_frame(into)
    if not first:
        return
    names, contents = first[1::2], first[2::2]
    files = [(name.decode(), content) for name, content in zip(names, contents, strict=True)]
    judge = ReplayWorker(make_snapshot(files, name="policies"), phrases=first[0] == b"phrases")
    write_frame(out, [])
    while (documents := read_frame(into)) is not None:
        write_frame(out, [judge.decide(document) for document in documents])


def main() -> None:
    """Nothing else may write to the standard output."""
    out = io.BufferedWriter(io.FileIO(os.dup(1), "w"))
    os.dup2(2, 1)
    serve(sys.stdin.buffer, out)


if __name__ == "__main__":
    main()
