"""The guide for auditors, as written: a real gateway's log, exported, and verified by the zipapp
with nothing but Python and cryptography."""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from gateway.api.app import build_app
from gateway.assembly.serving import api_services
from gateway.demo.sandbox import SandboxPlatform
from gateway.model.access import Role
from gateway.settings import read_settings
from gateway.verifier.build_zipapp import build_zipapp
from tests.house import SECRET, House
from tests.paths import ROOT
from tests.patience import PATIENCE_S, PATIENT
from tests.processes import environment, run
from tests.unhurried import assemble_unhurried

GUIDE = (ROOT / "docs/guides/auditors.md").read_text(encoding="utf-8")
VERIFYING = GUIDE[GUIDE.index("## Keep two things") : GUIDE.index("## What each finding means")]
BLOCKS = [
    block.replace("\n   ", "\n").strip()
    for block in re.findall(r"```sh\n(.*?)```", VERIFYING, re.DOTALL)
]
CHECKPOINT, EVIDENCE, MAKE, VERIFY = BLOCKS
TEXTS = (
    "Le nouveau clip sort vendredi, j'ai hâte !",
    "Écris-moi à lea.perso@example.org, je réponds toujours !",
    "I will find you and kill you, you worthless idiot",
)
NEEDED = ("cryptography", "cffi", "_cffi_backend", "pycparser")


@pytest.fixture(scope="module")
def bin_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`avatar-gateway`, and a `python3` that has no other library than cryptography."""
    folder = tmp_path_factory.mktemp("bin")
    libraries = tmp_path_factory.mktemp("libraries")
    for name in NEEDED:
        found = importlib.util.find_spec(name)
        if found and found.origin:
            origin = Path(found.origin)
            origin = origin.parent if origin.name == "__init__.py" else origin
            (libraries / origin.name).symlink_to(origin)
    python = f'exec "{sys.executable}"'
    scripts = {
        "avatar-gateway": f'{python} -m gateway "$@"',
        "python3": f'export PYTHONPATH="{libraries}"; {python} -S "$@"',
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, bin_dir: Path) -> Path:
    """The auditor's folder, beside a gateway that works: `data`, the log's key, the verifier."""
    folder = tmp_path_factory.mktemp("desk")
    asyncio.run(_day(folder, bin_dir))
    keys = json.loads(run(folder / "data", "keys", "show", "--json").stdout)
    (folder / "log-key.txt").write_text(
        next(key["key"] for key in keys if key["signs"] == "checkpoints"), encoding="utf-8"
    )
    return folder


async def _day(reports: Path, bin_dir: Path) -> None:
    """Messages that are published, redacted, and blocked or held; amid them, a checkpoint."""
    async with SandboxPlatform(secret=SECRET.encode()).running() as platform:
        settings = read_settings(
            None,
            {
                "data_dir": reports / "data",
                "sandbox_url": f"{platform}/messages",
                "webhook_secret": SECRET,
                **PATIENT,
            },
        )
        async with assemble_unhurried(settings) as parts:
            app = build_app(
                api_services(parts), version="test", max_body_bytes=settings.max_body_bytes
            )
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://gateway", timeout=PATIENCE_S
            ) as client:
                house = House(parts=parts, client=client, platform=f"{platform}/messages")
                client.headers.update(await house.key(Role.ADMIN, requests_per_s=1_000_000))
                assert (await client.put("/v1/creators/lea", json={})).status_code < 300
                await _messages(house)
                kept = await asyncio.to_thread(_shell, CHECKPOINT, reports, bin_dir)
                assert kept.returncode == 0, kept.stderr
                await _messages(house)


async def _messages(house: House) -> None:
    for text in TEXTS:
        assert (await house.post(house.message(text))).status_code in {200, 202, 403}


def _shell(script: str, folder: Path, bin_dir: Path) -> subprocess.CompletedProcess[str]:
    variables = environment(folder / "data", {})
    variables |= {"PATH": f"{bin_dir}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def evidence(reports: Path, bin_dir: Path) -> bytes:
    build_zipapp(reports / "avatar-gateway-verifier.pyz")
    ran = _shell(EVIDENCE, reports, bin_dir)
    assert ran.returncode == 0, ran.stderr
    return gzip.decompress((reports / "evidence.jsonl.gz").read_bytes())


Verify = Callable[[bytes], subprocess.CompletedProcess[str]]


@pytest.fixture
def verify(reports: Path, bin_dir: Path, evidence: bytes) -> Verify:
    def ran(changed: bytes) -> subprocess.CompletedProcess[str]:
        (reports / "evidence.jsonl.gz").write_bytes(gzip.compress(changed))
        return _shell(VERIFY, reports, bin_dir)

    return ran


def test_the_guide_builds_the_verifier(tmp_path: Path, bin_dir: Path) -> None:
    made = subprocess.run(
        [*MAKE.split(), f"PYTHON={bin_dir / 'python3'}", "-n", "--no-print-directory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    command = made.stdout.strip().replace("build/", f"{tmp_path}/build/")
    subprocess.run(["bash", "-c", command], cwd=ROOT, check=True, timeout=PATIENCE_S)
    assert (tmp_path / "build/avatar-gateway-verifier.pyz").is_file()


def test_the_guide_leads_to_a_verdict(verify: Verify, reports: Path, evidence: bytes) -> None:
    ran = verify(evidence)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("VERIFIED: all ")
    assert "checkpoint-2026-11-22.txt: " in ran.stdout
    assert "is the beginning of this log" in ran.stdout
    assert "<title>VERIFIED" in (reports / "report.html").read_text(encoding="utf-8")
    for text in TEXTS:
        assert text.encode() not in evidence


def test_nothing_else_is_imported(reports: Path, bin_dir: Path, evidence: bytes) -> None:
    """Also with Python's own isolation, and no library but cryptography's own."""
    script = (
        "import sys, runpy; sys.path[:0] = [{here!r}]; sys.argv = ['v', '-h'];"
        "code = None\n"
        "try: runpy.run_path({file!r}, run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "ours = sorted(name for name in sys.modules if name.startswith('gateway'))\n"
        "known = set(sys.stdlib_module_names) | {{'gateway', '__main__', 'cryptography'}}\n"
        "roots = {{name.partition('.')[0] for name in sys.modules}} - known\n"
        "print(code, ours, sorted(roots), file=sys.stderr)"
    )
    libraries = (bin_dir / "python3").read_text(encoding="utf-8").split('"')[1]
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c",
         script.format(here=libraries, file=str(reports / "avatar-gateway-verifier.pyz"))],
        capture_output=True, text=True, check=True, timeout=PATIENCE_S, cwd=reports,
    )  # fmt: skip
    code, _, rest = ran.stderr.partition(" ")
    assert code == "0"
    ours, roots = (re.findall(r"'([^']+)'", one) for one in re.findall(r"\[(.*?)\]", rest))
    assert all(name == "gateway" or name.startswith("gateway.verifier") for name in ours)
    assert set(roots) <= {"_cffi_backend", "_openssl", "_rust", "cffi", "pycparser"}


def test_tampering_with_a_real_log_is_found(verify: Verify, evidence: bytes) -> None:
    lines = evidence.splitlines(keepends=True)
    entries = [n for n, line in enumerate(lines) if line.startswith(b'{"seq":')]
    at = entries[len(entries) // 2]
    seq = json.loads(lines[at])["seq"]
    changes = {
        "entry-changed": [
            *lines[:at],
            lines[at].replace(b'\\"v\\":1', b'\\"v\\":1 '),
            *lines[at + 1 :],
        ],
        "entry-missing": [*lines[:at], *lines[at + 1 :]],
        "entry-repeated": [*lines[:at], lines[at], lines[at], *lines[at + 1 :]],
        "file-cut": lines[:at],
    }
    for code, changed in changes.items():
        ran = verify(b"".join(changed))
        assert ran.returncode == 1, ran.stdout + ran.stderr
        assert ran.stdout.startswith("NOT VERIFIED: ")
        first = ran.stdout.splitlines()[2]
        assert f"[{code}]" in ran.stdout
        if code.startswith("entry-"):
            assert first.startswith(f"First: entry {seq}: ")


def test_rolled_back_and_signed(
    verify: Verify, reports: Path, bin_dir: Path, evidence: bytes
) -> None:
    """A shorter log whose end looks right: only a newer checkpoint, kept, tells."""
    lines = evidence.splitlines(keepends=True)
    notes = [n for n, line in enumerate(lines) if line.startswith(b'{"checkpoint"')]
    size = sum(line.startswith(b'{"seq":') for line in lines[: notes[0]])
    end = json.dumps({"end": {"entries": size, "checkpoints": 1}}).encode() + b"\n"
    assert verify(b"".join([*lines[: notes[0] + 1], end])).returncode == 0
    newest = json.loads(lines[notes[-1]])["checkpoint"]
    (reports / "newest.txt").write_text(newest, encoding="utf-8")
    ran = _shell(f"{VERIFY} --checkpoint newest.txt", reports, bin_dir)
    assert ran.returncode == 1
    assert f"First: entry {size}: is missing: newest.txt, which you kept" in ran.stdout


def test_no_evidence_at_all(verify: Verify) -> None:
    ran = verify(b"PK\x03\x04 something else")
    assert ran.returncode == 2
    assert ran.stderr.startswith("cannot be judged: ")
    assert "Traceback" not in ran.stderr


def test_an_old_key_is_enough_after_rotation(tmp_path: Path, bin_dir: Path) -> None:
    """The new key is announced in the log, under the old one's signature."""
    data = tmp_path / "data"
    run(data, "keys", "create", "--role", "auditor").check_returncode()
    keys = json.loads(run(data, "keys", "show", "--json").stdout)
    old = next(key["key"] for key in keys if key["signs"] == "checkpoints")
    run(data, "keys", "rotate").check_returncode()
    run(data, "keys", "create", "--role", "auditor").check_returncode()
    run(data, "audit", "evidence", str(tmp_path / "evidence.jsonl")).check_returncode()
    build_zipapp(tmp_path / "verifier.pyz")
    ran = _shell(f"python3 verifier.pyz evidence.jsonl --key '{old}'", tmp_path, bin_dir)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "announced in entry 2, signed by an earlier key" in ran.stdout
