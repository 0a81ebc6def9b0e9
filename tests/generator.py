"""fakellm, a generator that says what it is told, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.processes import await_url, free_port


@contextmanager
def generator(folder: Path, answers: Mapping[str, str]) -> Iterator[str]:
    """Answers a message that holds a key of `answers` with its value; its base URL."""
    rules = [
        {"name": f"rule-{number}", "when": {"messages_contain": key}, "respond": {"content": text}}
        for number, (key, text) in enumerate(answers.items())
    ]
    failing = {
        "name": "failing", "when": {"messages_contain": "fail now"},
        "respond": {"status": 500, "error": "a secret of the generator"},
    }  # fmt: skip
    config = folder / "fakellm.yaml"
    config.write_text(yaml.safe_dump({"rules": [failing, *rules]}, allow_unicode=True), "utf-8")
    port, log = free_port(), folder / "fakellm.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("fakellm"), "serve", "--config", config,
                "--port", str(port),
            ],
            cwd=folder,
            env=os.environ,
            stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        await_url(process, f"{url}/_fakellm", log)
        yield f"{url}/v1"
    finally:
        process.kill()
        process.wait()
