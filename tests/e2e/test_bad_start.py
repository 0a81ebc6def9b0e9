"""What is wrong at the start is told in one line, with what and the mend; nothing is lost."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import structlog

from gateway.assembly.build import assemble
from gateway.assembly.commands import command_services
from gateway.cli.app import main
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State
from gateway.settings import read_settings
from tests.paths import ROOT
from tests.processes import environment, run, run_in, serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`break_it` gets a used data directory and a scratch folder, and answers with settings.
    `what` and `mend` must stand in the error."""

    name: str
    break_it: Callable[[Path, Path], Mapping[str, object]]
    what: str
    mend: str


def policies(scratch: Path) -> Path:
    return Path(shutil.copytree(ROOT / "policies", scratch / "policies"))


def broken_policy(_: Path, scratch: Path) -> Mapping[str, object]:
    folder = policies(scratch)
    file = folder / "baseline" / "length" / "length.rego"
    file.write_text(file.read_text(encoding="utf-8") + "\nresults contains {\n", encoding="utf-8")
    return {"policies_dir": folder}


def ambitious_policy(_: Path, scratch: Path) -> Mapping[str, object]:
    folder = policies(scratch)
    file = folder / "baseline" / "length" / "length.rego"
    text = file.read_text(encoding="utf-8")
    file.write_text(f'{text}\nleak := http.send({{"url": "http://x", "method": "get"}})\n')
    return {"policies_dir": folder}


def no_policies(_: Path, scratch: Path) -> Mapping[str, object]:
    return {"policies_dir": scratch}


def broken_data(_: Path, scratch: Path) -> Mapping[str, object]:
    folder = policies(scratch)
    (folder / "baseline" / "data.yaml").write_text("a: [1\n", encoding="utf-8")
    return {"policies_dir": folder}


def newer_database(data: Path, _: Path) -> Mapping[str, object]:
    with closing(sqlite3.connect(data / "gateway.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    return {}


def database_under_a_file(_: Path, scratch: Path) -> Mapping[str, object]:
    (scratch / "file").touch()
    return {"database_url": f"sqlite:///{scratch}/file/gateway.db"}


def database_is_a_folder(_: Path, scratch: Path) -> Mapping[str, object]:
    return {"database_url": f"sqlite:///{scratch}"}


def database_is_something_else(data: Path, _: Path) -> Mapping[str, object]:
    (data / "gateway.db").write_bytes(b"this is no database, it is a letter. " * 200)
    (data / "gateway.db-wal").unlink(missing_ok=True)
    return {}


def another_engine(_: Path, scratch: Path) -> Mapping[str, object]:
    return {"database_url": f"mysql://{scratch}"}


def no_server(*_: Path) -> Mapping[str, object]:
    return {"database_url": "postgresql+psycopg://gw:pass-word-1@127.0.0.1:1/gateway"}


def tampered_log(data: Path, _: Path) -> Mapping[str, object]:
    with closing(sqlite3.connect(data / "gateway.db", isolation_level=None)) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit_entry SET leaf = zeroblob(32) WHERE seq = 0")
    return {}


def open_keys(data: Path, _: Path) -> Mapping[str, object]:
    (data / "keys" / "keyring.json").chmod(0o644)
    return {}


def corrupt_keys(data: Path, _: Path) -> Mapping[str, object]:
    file = data / "keys" / "keyring.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    document["root"] = document["root"][::-1]
    file.write_text(json.dumps(document), encoding="utf-8")
    return {}


def lost_keys(data: Path, _: Path) -> Mapping[str, object]:
    """A fresh one would not open the texts that were sealed under it."""
    (data / "keys" / "keyring.json").unlink()
    return {}


def corrupt_subject_keys(data: Path, _: Path) -> Mapping[str, object]:
    (data / "subject-keys.db").write_bytes(os.urandom(4_096))
    return {}


def data_dir_is_a_file(_: Path, scratch: Path) -> Mapping[str, object]:
    (scratch / "file").touch()
    return {"data_dir": scratch / "file"}


def no_opa(*_: Path) -> Mapping[str, object]:
    return {"policy_engine": "opa", "opa_url": "http://127.0.0.1:1"}


def no_checkpoint(_: Path, scratch: Path) -> Mapping[str, object]:
    return {"toxicity_backend": "detoxify", "detoxify_checkpoint": scratch}


def bad_route(_: Path, scratch: Path) -> Mapping[str, object]:
    (scratch / "mine.yaml").write_text("name: mine\nkind: carrier pigeon\n", encoding="utf-8")
    return {"routes_dir": scratch}


def broken_toml(_: Path, scratch: Path) -> Mapping[str, object]:
    (scratch / "gateway.toml").write_text("port = \n", encoding="utf-8")
    return {"config": scratch / "gateway.toml"}


def setting(**given: object) -> Callable[[Path, Path], Mapping[str, object]]:
    return lambda _data, _scratch: given


FAULTS = (
    Fault(name="policy", break_it=broken_policy, what="length.rego:", mend="Mend"),
    Fault(name="builtin", break_it=ambitious_policy, what="http.send", mend="input document"),
    Fault(name="no policies", break_it=no_policies, what="main.rego", mend="Name the folder"),
    Fault(name="policy data", break_it=broken_data, what="baseline/data.yaml", mend="Mend"),
    Fault(name="newer", break_it=newer_database, what="newer version", mend="Install that"),
    Fault(name="no place", break_it=database_under_a_file, what="cannot be made", mend="Let"),
    Fault(name="folder", break_it=database_is_a_folder, what="cannot be opened", mend="See that"),
    Fault(name="letter", break_it=database_is_something_else, what="gateway.db", mend="See that"),
    Fault(name="engine", break_it=another_engine, what="DATABASE_URL", mend="sqlite:///"),
    Fault(name="server", break_it=no_server, what="127.0.0.1:1/gateway", mend="See that"),
    Fault(name="tampered", break_it=tampered_log, what="audit log", mend="backup"),
    Fault(name="open keys", break_it=open_keys, what="read by others", mend="chmod 600"),
    Fault(name="corrupt keys", break_it=corrupt_keys, what="keyring.json", mend="backup"),
    Fault(name="lost keys", break_it=lost_keys, what="is missing", mend="Restore"),
    Fault(name="subjects", break_it=corrupt_subject_keys, what="subject-keys.db", mend="Restore"),
    Fault(name="data_dir", break_it=data_dir_is_a_file, what="data_dir", mend="may write"),
    Fault(name="opa", break_it=no_opa, what="OPA server cannot be reached", mend="running"),
    Fault(name="checkpoint", break_it=no_checkpoint, what="", mend="models convert"),
    Fault(name="route", break_it=bad_route, what="mine.yaml:2", mend="webhook.md"),
    Fault(name="toml", break_it=broken_toml, what="gateway.toml", mend="Mend"),
    Fault(name="number", break_it=setting(port="no"), what="AVATAR_GATEWAY_PORT", mend="listens"),
    Fault(name="range", break_it=setting(port="70000"), what="AVATAR_GATEWAY_PORT", mend="listens"),
    Fault(name="word", break_it=setting(log_format="xml"), what="LOG_FORMAT", mend="json"),
    Fault(name="typo", break_it=setting(prot="1"), what="AVATAR_GATEWAY_PROT", mend="port?"),
    Fault(name="secret", break_it=setting(webhook_secret="hunter2"), what="24 bytes", mend="rand"),
    Fault(name="host", break_it=setting(host="nowhere.invalid"), what="host", mend="this machine"),
    Fault(name="origin", break_it=setting(log_origin="a b"), what="LOG_ORIGIN", mend="domain"),
    Fault(
        name="opa url",
        break_it=setting(policy_engine="opa", opa_url="x"),
        what="opa_url",
        mend="http://",
    ),
)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a gateway that held one message, and stopped."""
    data = tmp_path_factory.mktemp("used") / "data"

    async def use() -> None:
        async with assemble(read_settings(None, {"data_dir": data})) as parts:
            await parts.opened.store.registry.put_creator("default", "lea", {}, actor="tests")
            outcome = await parts.gateway.submit(
                Submission(
                    message_id="msg_1",
                    tenant="default",
                    channel=Channel.DM,
                    creator="lea",
                    avatar="lea-twin",
                    conversation="c-1",
                    text="Promis, je t'appelle ce soir à 20 h !",
                    received_at=datetime.now(UTC),
                )
            )
            assert outcome.state is State.HELD
            await parts.opened.log.checkpoint()

    asyncio.run(use())
    return data


@pytest.fixture
def data(used: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(used, tmp_path / "data"))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def quiet() -> Iterator[None]:
    """`serve` configures the logs of the whole process."""
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configuration)


def kept(data: Path) -> dict[str, str]:
    """Every file that holds something, by its digest."""
    return {
        str(path.relative_to(data)): sha256(path.read_bytes()).hexdigest()
        for path in data.rglob("*")
        if path.is_file() and not re.search(r"-(wal|shm|lock|journal|boot-\w+)$", path.name)
    }


def explained(fault: Fault, code: str | int | None, told: str) -> None:
    """One line, what and the mend, no traceback, no password."""
    assert code == 2, told
    lines = told.strip().splitlines()
    assert len(lines) == 1, told
    assert lines[0].startswith("avatar-gateway: ")
    assert fault.what in told
    assert fault.mend in told
    assert "pass-word-1" not in told
    assert "hunter2" not in told


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.usefixtures("quiet")
def test_it_refuses_to_start(
    fault: Fault,
    data: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    settings = fault.break_it(data, scratch)
    before = kept(data)
    for name, value in environment(data, {"port": 0, **settings}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["avatar-gateway", "serve"])
    with pytest.raises(SystemExit) as ended:
        main(command_services())
    explained(fault, ended.value.code, capfd.readouterr().err)
    assert kept(data) == before


@pytest.mark.parametrize("name", ["policy", "corrupt keys", "typo"])
def test_it_refuses_as_a_program(name: str, data: Path, scratch: Path) -> None:
    (fault,) = (one for one in FAULTS if one.name == name)
    settings = fault.break_it(data, scratch)
    before = kept(data)
    ran = run(data, "serve", port=0, **settings)
    explained(fault, ran.returncode, ran.stderr)
    assert ran.stdout == ""
    assert kept(data) == before


@pytest.mark.parametrize("corrupt", [True, False], ids=["corrupt", "missing"])
def test_it_refuses_other_weights(corrupt: bool, data: Path, scratch: Path) -> None:
    """In a copy of the program, whose weights are not those it was shipped with."""
    shutil.copytree(ROOT / "gateway", scratch / "gateway")
    weights = scratch / "gateway" / "toxicity" / "weights" / "embedded.npz"
    found = bytearray(weights.read_bytes())
    weights.unlink()
    if corrupt:
        found[len(found) // 2] ^= 1
        weights.write_bytes(found)
    ran = run_in(scratch, data, "serve", port=0, policies_dir=ROOT / "policies")
    what = "has sha256" if corrupt else "is missing"
    told = Fault(name="weights", break_it=broken_policy, what=what, mend="Reinstall")
    explained(told, ran.returncode, ran.stderr)
    assert str(weights) in ran.stderr


def test_it_refuses_a_port_in_use_and_serves_once_it_is_free(data: Path) -> None:
    before = kept(data)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = run(data, "serve", port=port)
        fault = Fault(name="port", break_it=broken_policy, what=f"{port} is in use", mend="--port")
        explained(fault, ran.returncode, ran.stderr)
    assert kept(data) == before
    with serving(data, port=port) as there, there.client() as client:
        entries = client.get("/v1/audit/entries?message_id=msg_1").json()["entries"]
        assert [one["kind"] for one in entries] == ["decision"]
    # Stopped with SIGTERM: in order, the last checkpoint made.
    assert there.process.returncode == 0
    assert "Traceback" not in there.log.read_text(encoding="utf-8")
    verified = run(data, "audit", "verify")
    assert verified.returncode == 0, verified.stderr
