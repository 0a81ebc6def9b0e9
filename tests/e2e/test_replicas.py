"""Three gateways on one PostgreSQL behind a load balancer, and everything killed in turn."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.cluster import Cluster, balancer
from tests.patience import PATIENCE_S
from tests.processes import free_port, run, sandbox_process
from tests.stores import new_database, own_postgres

CLIENTS = 64
LEAST = int(os.environ.get("REPLICA_MESSAGES", "400"))
ANSWERED = {200, 202}
AGAIN = {409, 429, 502, 503, 504}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_process(tmp_path_factory.mktemp("platform")) as url:
        yield url


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, platform: str) -> Iterator[Cluster]:
    """Keys in a database of their own, as on several hosts."""
    with own_postgres() as server, ExitStack() as stack:
        url = new_database(server, "gateway", "template1")
        settings: dict[str, object] = {
            "database_url": url,
            "subject_keys_url": new_database(server, "keys", "template1"),
            "sandbox_url": platform,
            "checkpoint_interval_s": 0.5,
            "deadline_record_ms": 30_000,
        }
        made = Cluster(
            server=server,
            url=url,
            settings=settings,
            folder=tmp_path_factory.mktemp("replicas"),
            ports=[free_port() for _ in range(3)],
            stack=stack,
        )
        for number in range(3):
            made.start(number)
        with made.replicas[0].client() as client:
            client.put("/v1/creators/lea", json={}).raise_for_status()
        yield made


@pytest.fixture(scope="module")
def front(cluster: Cluster) -> Iterator[str]:
    with balancer(cluster.folder, cluster.ports) as url:
        yield url


def test_a_kill_switch_counts_on_every_replica_at_once(cluster: Cluster) -> None:
    headers = cluster.replicas[0].headers
    clients = [
        httpx.Client(base_url=one.url, headers=headers, timeout=60) for one in cluster.replicas
    ]
    message = {
        "channel": "dm",
        "creator": "max",
        "avatar": "max-twin",
        "text": "See you on Sunday!",
    }
    clients[0].put("/v1/creators/max", json={}).raise_for_status()
    for number, thrower in enumerate(clients):
        for on in (True, False):
            thrower.put("/v1/creators/max", json={"kill_switch": on}).raise_for_status()
            for at, client in enumerate(clients):
                body = message | {"conversation": f"c-{number}-{at}-{on}"}
                verdict = client.post("/v1/messages", json=body).json()["verdict"]
                assert (verdict == "publish") is not on
    for client in clients:
        client.close()


def test_a_replica_with_other_keys_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    refused = run(tmp_path / "stranger", "serve", port=free_port(), **cluster.settings)
    assert refused.returncode != 0
    assert "keyring" in refused.stdout + refused.stderr
    settings = cluster.settings | {"subject_keys_url": ""}
    (tmp_path / "file").mkdir()
    first = cluster.folder / "replica-0" / "keys" / "keyring.json"
    keys = tmp_path / "file" / "keys"
    keys.mkdir(mode=0o700)
    (keys / "keyring.json").write_bytes(first.read_bytes())
    (keys / "keyring.json").chmod(0o600)
    refused = run(tmp_path / "file", "serve", port=free_port(), **settings)
    assert refused.returncode != 0
    assert "subject keys" in refused.stdout + refused.stderr


class Load:
    """64 clients with a key for each message, who repeat what was not answered, until `enough`."""

    def __init__(self, front: str, headers: dict[str, str]) -> None:
        self._front = front
        self._headers = headers
        self._numbers = itertools.count()
        self.enough = threading.Event()
        self.answers: dict[int, str] = {}
        self.failures: Counter[str] = Counter()

    def caller(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=1)
        with httpx.Client(
            base_url=self._front, headers=self._headers, timeout=PATIENCE_S, limits=limits
        ) as client:
            while not self.enough.is_set():
                number = next(self._numbers)
                self.answers[number] = self._ask(client, number)
                time.sleep(0.25)  # what is started again needs some of the machine too

    def _ask(self, client: httpx.Client, number: int) -> str:
        body = {
            "channel": "dm",
            "creator": "lea",
            "avatar": "lea-twin",
            "conversation": f"c-{number}",
            "text": f"Le clip numéro {number} est là !",
        }
        headers = {"Idempotency-Key": f"clip-{number}"}
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                answer = client.post("/v1/messages", json=body, headers=headers)
            except httpx.TransportError as error:
                self.failures[type(error).__name__] += 1
            else:
                if answer.status_code in ANSWERED:
                    return str(answer.json()["message_id"])
                assert answer.status_code in AGAIN, answer.text
                self.failures[str(answer.status_code)] += 1
            time.sleep(1)  # as Retry-After asks
        raise AssertionError(f"message {number} was never answered: {self.failures}")


def test_whatever_is_killed_nothing_is_lost(
    cluster: Cluster, front: str, platform: str, tmp_path: Path
) -> None:
    load = Load(front, cluster.replicas[0].headers)
    kept: list[Path] = []

    def more() -> None:
        """Until every client was answered, on average."""
        before = len(load.answers)
        until(lambda: len(load.answers) > before + CLIENTS or any(one.done() for one in moderator))
        kept.append(keep_checkpoint(cluster, tmp_path / f"checkpoint-{len(kept)}"))

    with ThreadPoolExecutor(CLIENTS) as callers:
        moderator = [callers.submit(load.caller) for _ in range(CLIENTS)]
        try:
            more()  # 1. a gateway dies
            cluster.kill(1)
            cluster.start(1)
            more()  # 2. whoever writes the log dies in the middle of it
            stopped = cluster.catch_in_its_turn()
            cluster.kill(stopped)
            cluster.start(stopped)
            more()  # 3. whoever writes the log stalls, loses its turn, and wakes again
            stopped = cluster.catch_in_its_turn()
            until(lambda: cluster.holder() != cluster.replicas[stopped].process.pid)
            more()
            cluster.resume(stopped)
            more()  # 4. the database dies
            cluster.crash_database()
            cluster.start_database()
            more()
            until(lambda: len(load.answers) >= LEAST)
        finally:
            load.enough.set()
            cluster.resume_all()
            for one in moderator:
                one.result()
    assert sorted(load.answers) == list(range(len(load.answers)))
    until(lambda: not cluster.ask("SELECT 1 FROM outbox"))
    nothing_was_lost(cluster, load, platform)
    one_log_without_a_fork(cluster, kept)


def nothing_was_lost(cluster: Cluster, load: Load, platform: str) -> None:
    """Each message was published once, under one id, with a record and an end."""
    with httpx.Client(timeout=PATIENCE_S) as client:
        arrived = [one for one in client.get(platform).json() if "numéro" in one["text"]]
    said = Counter(int(one["text"].split("numéro ")[1].split()[0]) for one in arrived)
    assert said == dict.fromkeys(load.answers, 1)
    told = set(load.answers.values())
    assert {one["message_id"] for one in arrived} == told
    entries = cluster.ask(
        "SELECT msg_id, kind, count(*) FROM audit_entry WHERE creator = 'lea'"
        " AND msg_id IS NOT NULL GROUP BY 1, 2"
    )
    for kind in ("decision", "delivery"):
        found = {message: count for message, what, count in entries if what == kind}
        assert found == dict.fromkeys(told, 1), kind
    states = cluster.ask("SELECT DISTINCT state FROM message WHERE creator = 'lea'")
    assert states == [("delivered",)]


def one_log_without_a_fork(cluster: Cluster, kept: list[Path]) -> None:
    ((count, last),) = cluster.ask("SELECT count(*), max(seq) FROM audit_entry")
    assert count == last + 1
    arguments = [one for path in kept for one in ("--checkpoint", str(path))]
    for replica in cluster.replicas:
        verified = run(replica.data_dir, "audit", "verify", *arguments, **cluster.settings)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert f"agrees with: {len(kept)}" in verified.stdout


def keep_checkpoint(cluster: Cluster, path: Path) -> Path:
    """As an auditor would, from a replica that answers."""
    headers = cluster.replicas[0].headers

    def kept() -> bool:
        for replica in cluster.replicas:
            try:
                answer = httpx.get(
                    f"{replica.url}/v1/audit/checkpoint", headers=headers, timeout=60
                )
            except httpx.TransportError:
                continue
            if answer.status_code == httpx.codes.OK:
                path.write_text(answer.text, encoding="utf-8")
                return True
        return False

    until(kept)
    return path


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
