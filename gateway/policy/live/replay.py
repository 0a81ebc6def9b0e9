"""Evaluates policies in a process of its own, for decisions that no message waits for. The
gateway's own process, whose interpreter runs one thread at a time, is hardly slowed by them.

The parent writes frames to the child's standard input and reads frames from its output. A frame is
one line of JSON, the lengths of its parts in bytes, and then the parts. The first frame holds the
policies, each later one input documents; the answer holds a decision for each, empty where the
policies gave none.
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
        self._exchange_frames(parts)

    def decide(self, documents: Sequence[bytes]) -> list[bytes]:
        """The decision (JSON) for each input document (JSON), empty where there is none. Raises
        StageFailure when the process is gone."""
        answers = self._exchange_frames(documents)
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

    def _exchange_frames(self, parts: Sequence[bytes]) -> list[bytes]:
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
    """The parts of the next frame; None at the end of the stream."""
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
    """Decides in the child process."""

    def __init__(self, snapshot: Snapshot, *, phrases: bool) -> None:
        self._evaluator = Evaluator(snapshot)
        patterns = read_patterns(snapshot.phrases) if phrases else ()
        self._matcher = (
            PhraseMatcher([pattern for pattern in patterns if pattern.in_text], in_human_text=False)
            if phrases
            else None
        )

    def decide(self, document: bytes) -> bytes:
        try:
            given = (
                document
                if self._matcher is None
                else self._with_own_signals(document, self._matcher)
            )
            answer = self._evaluator.evaluate(given.decode(), DECISION_PATH)
            parse_json(answer)
        except (StageFailure, PolicyInvalid, ValueError):
            return b""
        return answer.encode()

    def _with_own_signals(self, document: bytes, matcher: PhraseMatcher) -> bytes:
        """The document with the signals of these phrases in the avatar's text. Those in the
        human's message stay: its folded form is not in the document."""
        whole = orjson.loads(document)
        folded = whole["text"]["folded"]
        if folded is None:
            return document
        own_findings = matcher.findings(Mapped(folded, tuple(range(len(folded) + 1))))
        kept = [signal for signal in whole["findings"]["signals"] if signal["in"] != "text"]
        whole["findings"]["signals"] = [*map(_signal_json, own_findings), *kept]
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
    """Answer frames until the input ends."""
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
    """Serve on the standard streams. Other writes to the standard output go to stderr."""
    out = io.BufferedWriter(io.FileIO(os.dup(1), "w"))
    os.dup2(2, 1)
    serve(sys.stdin.buffer, out)


if __name__ == "__main__":
    main()
