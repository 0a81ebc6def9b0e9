"""The demo: post the sample conversations over real HTTP, then verify the log and a receipt."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from gateway.demo.channels import EntryPointResult, table, through_entry_points
from gateway.demo.check import faults, tally
from gateway.demo.processes import SANDBOX_LOG, RunningDemo, command, environment, running
from gateway.demo.script import Script, ScriptLine, read_script
from gateway.disclosure.receipt import verify_receipt
from gateway.errors import ConfigurationError

_LONGEST_CELL = 70  # characters of a text in the table
_COLOURS = {"publish": "green", "hold": "yellow", "block": "red"}
_PATIENCE_S = 600.0
"""How long the demo waits for a process or an answer, in seconds: minutes on a busy machine."""
_UNHURRIED = {
    "deadline_detect_ms": "60000",
    "deadline_policy_ms": "60000",
    "deadline_record_ms": "60000",
    "deliver_wait_ms": "60000",
}
"""Settings of the demo's gateway: a slow machine must not turn its verdicts into holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptResult:
    """One line of the script, as it came out. `outcome` is the gateway's answer, `received` what
    the platform got, `ms` the wall time of the request."""

    line: ScriptLine
    outcome: Mapping[str, Any]
    received: Mapping[str, Any] | None
    ms: float

    @property
    def faults(self) -> list[str]:
        return faults(self.line, self.outcome, self.received)


def run_demo(data_dir: Path, console: Console, *, report: Path | None = None) -> bool:
    """Run the whole demo in a fresh `data_dir`; True when all came out as expected.

    Raises NotStarted when a process does not come up, ConfigurationError when `data_dir` holds
    something else than an earlier demo. `report` gets everything as JSON.
    """
    script = read_script()
    _make_fresh(data_dir)
    with running(data_dir, services=True, patience_s=_PATIENCE_S, **_UNHURRIED) as demo:
        console.print(
            f"Gateway on {demo.gateway}, sandbox platform on {demo.sandbox}, "
            f"ready after {demo.ready_s:.1f} s."
        )
        results = _play_script(script, demo, console)
        entry_point_results = _through_entry_points(demo)
        receipt_ok, receipt_words = _verify_one_receipt(demo, results)
        checkpoint = _fetch(f"{demo.gateway}/v1/audit/checkpoint", _auth_header(demo))
        (data_dir / "checkpoint.txt").write_bytes(checkpoint.content)
    log_ok, log_words = _verify_log(data_dir)
    console.print(_results_table(results))
    console.print(table(entry_point_results))
    failed = [result for result in results if result.faults]
    for result in failed:
        console.print(f"[red]{result.line.id}[/]: {'; '.join(result.faults)}", soft_wrap=True)
    for entry_point_result in entry_point_results:
        for fault in entry_point_result.faults:
            console.print(f"[red]{entry_point_result.entry_point}[/]: {fault}", soft_wrap=True)
    _print_summary(console, results, demo, [log_words, receipt_words])
    if report is not None:
        report.write_text(_results_json(results), encoding="utf-8")
    entry_points_ok = not any(result.faults for result in entry_point_results)
    return not failed and entry_points_ok and log_ok and receipt_ok


def _make_fresh(data_dir: Path) -> None:
    """Make `data_dir` an empty folder. Raises ConfigurationError when it holds anything but an
    earlier demo, which is removed."""
    try:
        if data_dir.exists() and any(data_dir.iterdir()):
            if not (data_dir / SANDBOX_LOG).is_file():
                raise ConfigurationError(
                    "--into", f"{data_dir} holds no earlier demo", "Name a new or an empty folder."
                )
            shutil.rmtree(data_dir)
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            "--into", f"{data_dir} cannot be used ({error.strerror})", "Name another folder."
        ) from None


def _auth_header(demo: RunningDemo) -> dict[str, str]:
    token = (demo.data_dir / "first-api-key").read_text(encoding="utf-8").strip()
    return {"Authorization": f"Bearer {token}"}


def _fetch(url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """GET from loopback, without the proxy that the environment may set."""
    return httpx.get(url, headers=headers, trust_env=False).raise_for_status()


def _play_script(script: Script, demo: RunningDemo, console: Console) -> list[ScriptResult]:
    results = []
    with httpx.Client(
        base_url=demo.gateway, headers=_auth_header(demo), timeout=_PATIENCE_S, trust_env=False
    ) as client:
        for creator, settings in script.creators.items():
            client.put(f"/v1/creators/{creator}", json=dict(settings)).raise_for_status()
        for line in track(
            script.lines, description="Conversations", console=console, transient=True
        ):
            began = time.perf_counter()
            answer = client.post(
                "/v1/messages", json=dict(line.submission), headers={"Idempotency-Key": line.id}
            )
            ms = (time.perf_counter() - began) * 1_000
            outcome = answer.json()
            if "verdict" not in outcome:
                raise RuntimeError(f"{line.id}: {answer.status_code} {outcome.get('detail')}")
            results.append((line, outcome, ms))
    received = {
        message["message_id"]: message for message in _fetch(f"{demo.sandbox}/messages").json()
    }
    return [
        ScriptResult(
            line=line, outcome=outcome, received=received.get(outcome["message_id"]), ms=ms
        )
        for line, outcome, ms in results
    ]


def _through_entry_points(demo: RunningDemo) -> list[EntryPointResult]:
    headers = _auth_header(demo)
    key = headers["Authorization"].removeprefix("Bearer ")
    with httpx.Client(
        base_url=demo.gateway, headers=headers, timeout=_PATIENCE_S, trust_env=False
    ) as client:
        return through_entry_points(client, demo.sandbox, key)


def _verify_one_receipt(demo: RunningDemo, results: list[ScriptResult]) -> tuple[bool, str]:
    """Verify the receipt of the first published message with nothing but the public keys, the text
    as received and its salt."""
    published = [result.received for result in results if result.received is not None]
    if not published:
        return False, "Receipt: nothing was published"
    message = published[0]
    jwks = _fetch(f"{demo.gateway}/.well-known/jwks.json").json()
    (demo.data_dir / "jwks.json").write_text(json.dumps(jwks), encoding="utf-8")
    claims = verify_receipt(
        message["receipt"], jwks, text=message["text"], salt=message["disclosure"]["salt"]
    )
    return True, f"Receipt {claims['jti']} verified with the public key alone"


def _verify_log(data_dir: Path) -> tuple[bool, str]:
    """Verify the log by the command line, with the server stopped, against the checkpoint that was
    fetched from it before."""
    completed = subprocess.run(  # noqa: S603 - our own program
        command(
            "--data-dir",
            str(data_dir),
            "audit",
            "verify",
            "--checkpoint",
            str(data_dir / "checkpoint.txt"),
        ),
        cwd=data_dir,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    words = completed.stdout.strip() or completed.stderr.strip()
    return completed.returncode == 0, f"Audit log: {words}"


def _results_table(results: list[ScriptResult]) -> Table:
    table = Table(title="What the avatars said, and what came of it", show_lines=False)
    for name in ("", "channel", "lang", "said", "verdict", "changed", "rules"):
        table.add_column(name, overflow="fold" if name in {"said", "rules"} else "ellipsis")
    table.add_column("ms", justify="right")
    for result in results:
        outcome = result.outcome
        mark = Text("✗", "red") if result.faults else Text("✓", "green")
        said = result.line.submission["text"]
        deciding = [
            reason["rule"] for reason in outcome["reasons"] if reason["verdict"] != "publish"
        ]
        obliging = [
            reason["rule"] for reason in outcome["reasons"] if reason["verdict"] == "publish"
        ]
        table.add_row(
            mark,
            result.line.submission["channel"],
            outcome["language"],
            Text(said if len(said) <= _LONGEST_CELL else f"{said[: _LONGEST_CELL - 3]}…"),
            Text(outcome["verdict"], _COLOURS[outcome["verdict"]]),
            Text(_describe_changes(outcome)),
            Text(", ".join(deciding or obliging)),
            f"{result.ms:.0f}",
        )
    return table


def _describe_changes(outcome: Mapping[str, Any]) -> str:
    if outcome["text"] is None:
        return ""
    disclosure = outcome["disclosure"]
    changed = [f"−{kind}" for kind in outcome["redacted"]]
    if disclosure["replaced_by"]:
        changed.append(f"replaced: {disclosure['replaced_by']}")
    changed += [f"+{notice['notice']}" for notice in disclosure["notices"]]
    if disclosure["shortened"]:
        changed.append("shortened")
    return ", ".join(changed)


def _print_summary(
    console: Console, results: list[ScriptResult], demo: RunningDemo, words: list[str]
) -> None:
    verdicts = tally([result.outcome for result in results])
    counted = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    right = sum(not result.faults for result in results)
    console.print(f"{right} of {len(results)} as expected: {counted}.")
    for line in words:
        console.print(line, soft_wrap=True, markup=False)
    console.print(f"Database   {demo.data_dir / 'gateway.db'}", soft_wrap=True)
    console.print(
        f"Log        avatar-gateway --data-dir {demo.data_dir} audit show", soft_wrap=True
    )
    console.print(f"Processes' logs  {demo.data_dir}/gateway.log, sandbox.log", soft_wrap=True)
    console.print("Docs       docs/life-of-a-message.md", soft_wrap=True)


def _results_json(results: list[ScriptResult]) -> str:
    return json.dumps(
        [
            {
                "id": result.line.id,
                "ms": round(result.ms, 1),
                "faults": result.faults,
                "outcome": result.outcome,
                "received": result.received,
            }
            for result in results
        ],
        indent=2,
        ensure_ascii=False,
    )
