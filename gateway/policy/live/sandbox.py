"""Where creators' own rules run: a process of its own, with little memory and a deadline.

The embedded engine cannot be interrupted, so a module that takes too long is ended with its
process, which is started anew for the next message. Frames are those of replay.
"""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import orjson
import regorus

from gateway.errors import InvalidField, StageFailure
from gateway.model.decision import Decision, Facts
from gateway.policy.engine.evaluator import is_panic
from gateway.policy.live.replay import read_frame, write_frame
from gateway.policy.packs.creator_rules import (
    CreatorRules,
    creator_rules,
    held,
    rules_in,
    tightened,
)

DEADLINE_S = 0.25
"""Seconds for one module on one message. After them its process is ended and the message held."""
REST_S = 30.0
"""Seconds for which a module that took too long is not run again."""
MEMORY_BYTES = 1 << 30
"""Address space of the process (1 GiB), where the system can bound it."""

_ROOT = Path(__file__).parents[3]
_MODULES = 256  # modules kept ready, in either process; at one more the oldest is dropped
_UNDEFINED = '"<undefined>"'


class CreatorRuleSandbox:
    """Tightens decisions by creators' own rules. One process runs all of them. It is started for
    the first message whose creator has rules."""

    def __init__(
        self, *, deadline_s: float = DEADLINE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._deadline_s = deadline_s
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = threading.Lock()
        self._checked: OrderedDict[str, CreatorRules] = OrderedDict()
        self._resting: dict[str, float] = {}

    async def tighten(self, decision: Decision, facts: Facts) -> Decision:
        """`decision`, made stricter by the rules of the message's creator, if there are any. A
        module that fails holds the message; nothing that it does raises."""
        text = rules_in(facts.creator.settings)
        if text is None:
            return decision
        try:
            rules = self._checked_rules(text)
            answer = await asyncio.to_thread(
                self._ask_worker, rules, orjson.dumps(decision.document)
            )
            return tightened(decision, rules, answer, creator=facts.creator.id)
        except StageFailure as failure:
            why = failure.reason
        except (InvalidField, ValueError, KeyError, TypeError):
            why = "they are not valid"
        return held(decision, creator=facts.creator.id, why=why)

    async def close(self) -> None:
        await asyncio.to_thread(self._end_worker)

    def _checked_rules(self, text: str) -> CreatorRules:
        """The module in `text`, checked again: it may have been stored before a check existed."""
        rules = self._checked.get(text)
        if rules is None:
            rules = self._checked[text] = creator_rules(text)
            while len(self._checked) > _MODULES:
                self._checked.popitem(last=False)
        return rules

    def _ask_worker(self, rules: CreatorRules, document: bytes) -> bytes:
        if self._resting.get(rules.text, 0.0) > self._clock():
            raise StageFailure("policy", "they took too long, and rest for a while")
        with self._one_at_a_time:
            process = self._process or self._start_worker()
            late = threading.Event()

            def end() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(self._deadline_s, end)
            timer.start()
            try:
                answer = _exchange_frames(
                    process, [rules.path.encode(), rules.text.encode(), document]
                )
            except StageFailure:
                self._end_worker()
                if late.is_set():
                    self._resting[rules.text] = self._clock() + REST_S
                    raise StageFailure("policy", "they took too long") from None
                raise
            finally:
                timer.cancel()
        if not answer:
            raise StageFailure("policy", "they ended with an error")
        return answer[0]

    def _start_worker(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.policy.live.sandbox"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._process = process
        _exchange_frames(process, [])  # returns once it runs: the deadline leaves starting out
        return process

    def _end_worker(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _exchange_frames(process: subprocess.Popen[bytes], parts: list[bytes]) -> list[bytes]:
    into, out = process.stdin, process.stdout
    assert into is not None  # noqa: S101 - both are pipes
    assert out is not None  # noqa: S101
    try:
        write_frame(into, parts)
        answer = read_frame(out)
    except (OSError, ValueError):
        answer = None
    if answer is None:
        raise StageFailure("policy", "they ended with their process")
    return answer


class SandboxWorker:
    """Runs creators' modules in the process, with an engine for each of the latest."""

    def __init__(self) -> None:
        self._engines: OrderedDict[bytes, regorus.Engine] = OrderedDict()

    def answer(self, path: bytes, text: bytes, document: bytes) -> list[bytes]:
        """The results as JSON, in a list of one; an empty list when the module failed."""
        try:
            engine = self._engines.get(text)
            if engine is None:
                engine = regorus.Engine()
                engine.set_gather_prints(True)
                engine.add_policy("settings.rego", text.decode())
                self._engines[text] = engine
                if len(self._engines) > _MODULES:
                    self._engines.popitem(last=False)
            engine.set_input_json(document.decode())
            answer: str = engine.eval_rule_as_json(path.decode())
        except (RuntimeError, ValueError):
            return []
        except BaseException as error:
            if not is_panic(error):
                raise
            return []
        return [] if answer == _UNDEFINED else [answer.encode()]


def serve(into: IO[bytes], out: IO[bytes]) -> None:
    """Answer frames until the input ends."""
    runner = SandboxWorker()
    while (parts := read_frame(into)) is not None:
        write_frame(out, runner.answer(*parts) if len(parts) == 3 else [])


def main() -> None:
    """Serve on the standard streams, with bounded memory where the system can. Other writes to the
    standard output go to stderr."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every platform

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    out = io.BufferedWriter(io.FileIO(os.dup(1), "w"))
    os.dup2(2, 1)
    serve(sys.stdin.buffer, out)


if __name__ == "__main__":
    main()
