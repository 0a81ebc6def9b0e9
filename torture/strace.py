"""Runs strace (https://strace.io), which traces system calls and makes one of them kill or fail."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"(\d+) +(\w+)\((.*)$", re.DOTALL)
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_TARGET = re.compile(r"(\d+)<((?:<->|->|[^<>])*)>")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RESULT = re.compile(r"\) += (-?\d+|\?)")


def why_unusable() -> str:
    """Why processes cannot be traced here; "" when they can."""
    if shutil.which("strace") is None:
        return "strace is not on the PATH: apt-get install strace"
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            with attached([child.pid], [], Path(os.devnull)):
                return ""
        except RuntimeError as error:
            return f"{error} (containers need --cap-add=SYS_PTRACE)"
        finally:
            child.kill()


@dataclass(slots=True)
class TracedCall:
    """A system call in the trace. `target` is what its first descriptor refers to: a path, or
    `TCP:[from->to]`. `began` and `ended` are line numbers of the trace; `ended` is None when the
    process died during the call."""

    thread: int
    name: str
    target: str
    arguments: str
    began: int
    ended: int | None = None
    result: int | None = None

    @property
    def data(self) -> bytes:
        """The bytes that were written or read."""
        return b"".join(codecs.escape_decode(text)[0] for text in _TEXT.findall(self.arguments))

    @property
    def offset(self) -> int:
        """The offset of a pwrite64 or ftruncate: its last argument."""
        return int(self.arguments.rstrip(" )").rsplit(",", 1)[1].split(")")[0])


@contextmanager
def attached(
    pids: Sequence[int], options: Sequence[str], log: Path, *, follow: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """Trace processes until they end or the block does; with `follow`, all their threads and
    children too. Raises RuntimeError when strace cannot attach."""
    command = ["strace", *(["-f"] if follow else []), "-yy", "-o", str(log), *options]
    for pid in pids:
        command += ["-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, process_group=0) as strace:
        assert strace.stderr is not None
        for _ in pids:
            line = strace.stderr.readline()
            if "attached" not in line:
                strace.kill()
                raise RuntimeError(f"strace: {line.strip()}")
        try:
            yield strace
        finally:
            with suppress(ProcessLookupError):
                strace.send_signal(signal.SIGINT)
            strace.stderr.read()


def read_calls(log: Path) -> list[TracedCall]:
    """Parse a trace: the calls in the order in which they began."""
    calls: list[TracedCall] = []
    begun: dict[int, TracedCall] = {}
    for number, line in enumerate(log.read_text(errors="replace").splitlines()):
        if match := _RESUMED.match(line):
            call = begun.pop(int(match[1]), None)
            if call is not None:
                call.arguments += match[3]
                _end(call, number)
        elif match := _LINE.match(line):
            target = _TARGET.match(match[3])
            call = TracedCall(
                thread=int(match[1]),
                name=match[2],
                target=target[2] if target else "",
                arguments=match[3].removesuffix("<unfinished ...>"),
                began=number,
            )
            calls.append(call)
            if line.endswith("<unfinished ...>"):
                begun[call.thread] = call
            else:
                _end(call, number)
    return calls


def _end(call: TracedCall, number: int) -> None:
    found = _RESULT.search(call.arguments.rpartition('"')[2] or call.arguments)
    if found is not None and found[1] != "?":
        call.ended = number
        call.result = int(found[1])
