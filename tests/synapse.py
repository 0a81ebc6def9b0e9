"""A Synapse of its own, in a process and an environment of its own (it is under the AGPL: `make
test` installs it for the tests, and nothing of ours depends on it)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.missing import missing
from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.processes import free_port

PYTHON = Path(os.environ.get("SYNAPSE_PYTHON", ROOT / ".venv-synapse" / "bin" / "python"))

_CONFIG = """
server_name: localhost
pid_file: {folder}/homeserver.pid
listeners:
  - port: {port}
    bind_addresses: [127.0.0.1]
    type: http
    tls: false
    resources: [{{names: [client]}}]
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
signing_key_path: {folder}/localhost.signing.key
macaroon_secret_key: for-tests-alone
form_secret: for-tests-alone
registration_shared_secret: for-tests-alone
enable_registration: true
enable_registration_without_verification: true
public_baseurl: http://127.0.0.1:{port}/
report_stats: false
trusted_key_servers: []
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_registration: {{per_second: 1000, burst_count: 1000}}
rc_login:
  address: {{per_second: 1000, burst_count: 1000}}
  account: {{per_second: 1000, burst_count: 1000}}
"""
_LOGS = """
version: 1
formatters: {{plain: {{format: "%(levelname)s %(name)s %(message)s"}}}}
handlers: {{file: {{class: logging.FileHandler, filename: {folder}/synapse.log, formatter: plain}}}}
root: {{level: WARNING, handlers: [file]}}
disable_existing_loggers: false
"""


@contextmanager
def synapse(folder: Path) -> Iterator[str]:
    """The URL of a homeserver named localhost that anybody may register on."""
    if not PYTHON.exists():
        missing("Synapse", get="make .venv-synapse/ready")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "homeserver.yaml"
    config.write_text(_CONFIG.format(folder=folder, port=port), encoding="utf-8")
    (folder / "log.yaml").write_text(_LOGS.format(folder=folder), encoding="utf-8")
    command = [str(PYTHON), "-m", "synapse.app.homeserver", "--config-path", str(config)]
    with (folder / "out.log").open("wb") as out:
        made = subprocess.run(
            [*command, "--generate-keys"], cwd=folder, stdout=out, stderr=out, check=False
        )
        assert made.returncode == 0, (folder / "out.log").read_text()
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE_S
        while True:
            assert process.poll() is None, (folder / "out.log").read_text()
            try:
                if httpx.get(f"{url}/health", timeout=60).status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                assert time.monotonic() < until, (folder / "out.log").read_text()
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
