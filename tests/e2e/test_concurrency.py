"""Many at once, and a process that is killed among them."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from gateway.api.app import build_app
from gateway.assembly.serving import api_services
from gateway.demo.sandbox import SandboxPlatform
from gateway.model.access import Role
from gateway.model.record import EntryKind
from gateway.settings import read_settings
from tests.house import SECRET, House
from tests.patience import PATIENCE_S, PATIENT
from tests.processes import free_port, run, sandbox_process, serving
from tests.unhurried import assemble_unhurried

in_one_loop = pytest.mark.asyncio(loop_scope="module")

TEXTS = (
    "Le nouveau clip sort vendredi, j'ai hâte !",
    "Écris-moi à lea.perso@example.org, je réponds toujours !",
    "See you all on Sunday's stream!",
    "Promis, je t'appelle ce soir à 20 h !",
    "I will find you and kill you, you worthless idiot",
    "Ruf mich an: +49 30 901820, ich freue mich!",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """As patient as a machine under load needs it."""
    async with SandboxPlatform(secret=SECRET.encode()).running() as platform:
        settings = read_settings(
            None,
            {
                "data_dir": tmp_path_factory.mktemp("many"),
                "sandbox_url": f"{platform}/messages",
                "webhook_secret": SECRET,
                **PATIENT,
            },
        )
        async with assemble_unhurried(settings) as parts:
            app = build_app(
                api_services(parts), version="test", max_body_bytes=settings.max_body_bytes
            )
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://gateway", timeout=120
            ) as client:
                made = House(parts=parts, client=client, platform=f"{platform}/messages")
                client.headers.update(await made.key(Role.ADMIN, requests_per_s=1_000_000))
                await client.put("/v1/creators/lea", json={})
                yield made


@in_one_loop
async def test_sixty_four_at_once_lose_nothing(house: House) -> None:
    waiting = iter([house.message(f"{TEXTS[n % len(TEXTS)]} ({n})") for n in range(600)])
    answers: list[httpx.Response] = []

    async def caller() -> None:
        answers.extend([await house.post(message) for message in waiting])

    await asyncio.gather(*(caller() for _ in range(64)))
    assert len(answers) == 600
    assert {answer.status_code for answer in answers} <= {200, 202, 403}
    outcomes = {outcome["message_id"]: outcome for outcome in map(httpx.Response.json, answers)}
    assert len(outcomes) == 600
    assert not [one["unavailable"] for one in outcomes.values() if one["unavailable"]]
    assert {one["state"] for one in outcomes.values()} <= {"delivered", "held", "blocked"}
    log = house.parts.opened.store.log
    entries = await log.entries(0, await log.size())
    kinds = Counter(entry.kind for entry in entries if entry.message_id in outcomes)
    delivered = {name for name, one in outcomes.items() if one["state"] == "delivered"}
    assert kinds == {EntryKind.DECISION: 600, EntryKind.DELIVERY: len(delivered)}
    assert set(await house.received()) == delivered
    assert (await house.parts.opened.log.verify()).size == len(entries)


@in_one_loop
async def test_many_reviews_at_once_publish_once(house: House) -> None:
    held = (await house.post(house.message(TEXTS[3], language="fr"))).json()
    assert held["state"] == "held"
    body = {"action": "release", "reason": "Agreed with the creator."}
    answers = await asyncio.gather(
        *(house.client.post(f"/v1/reviews/{held['message_id']}", json=body) for _ in range(12))
    )
    assert Counter(answer.status_code for answer in answers)[200] == 1
    assert {answer.status_code for answer in answers} <= {200, 404, 409}
    async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
        arrived = [one["message_id"] for one in (await http.get(house.platform)).json()]
    assert arrived.count(held["message_id"]) == 1


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """30 callers post, the process is killed, a new one takes over the same data, and the callers
    ask again, with the same keys, for what was not answered."""
    data, port = tmp_path / "data", free_port()
    answers: dict[int, httpx.Response] = {}
    lost: list[int] = []
    numbers = iter(range(10_000))
    with sandbox_process(tmp_path) as platform:
        settings = {"sandbox_url": platform, "port": port, "checkpoint_interval_s": 0.2}
        with serving(data, **settings) as there, there.client() as client:
            client.put("/v1/creators/lea", json={}).raise_for_status()

            def caller() -> None:
                with there.client() as mine:
                    for number in numbers:
                        try:
                            answers[number] = ask(mine, number)
                        except httpx.TransportError:
                            lost.append(number)
                            return

            with ThreadPoolExecutor(30) as callers:
                moderator = [callers.submit(caller) for _ in range(30)]
                while len(answers) < 90:
                    time.sleep(0.01)
                (tmp_path / "checkpoint").write_text(client.get("/v1/audit/checkpoint").text)
                there.process.kill()
                for one in moderator:
                    one.result()
            assert len(lost) == 30
        with serving(data, **settings) as there, there.client() as client:
            for number in lost:
                answers[number] = ask(client, number)
            states = {number: answer.json()["state"] for number, answer in answers.items()}
            assert set(states.values()) <= {"delivered", "queued"}
            for answer in answers.values():
                path = f"/v1/messages/{answer.json()['message_id']}"
                until(partial(is_delivered, client, path))
        arrived = httpx.get(platform, timeout=PATIENCE_S).json()
    said = Counter(int(one["text"].split("numéro ")[1].split()[0]) for one in arrived)
    assert said == dict.fromkeys(answers, 1)
    told = {answer.json()["message_id"] for answer in answers.values()}
    assert Counter(one["message_id"] for one in arrived) == dict.fromkeys(told, 1)
    verified = run(data, "audit", "verify", "--checkpoint", str(tmp_path / "checkpoint"))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with closing(sqlite3.connect(data / "gateway.db")) as database:
        found = database.execute(
            "SELECT msg_id, kind, count(*) FROM audit_entry WHERE msg_id NOTNULL GROUP BY 1, 2"
        ).fetchall()
    decided = {message_id: count for message_id, kind, count in found if kind == "decision"}
    assert decided == dict.fromkeys(told, 1)
    settled = {message_id: count for message_id, kind, count in found if kind == "delivery"}
    assert settled == dict.fromkeys(told, 1)


def ask(client: httpx.Client, number: int) -> httpx.Response:
    body = {
        "channel": "dm",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": f"c-{number}",
        "text": f"Le clip numéro {number} est là !",
    }
    answer = client.post("/v1/messages", json=body, headers={"Idempotency-Key": f"clip-{number}"})
    assert answer.status_code in {200, 202}, answer.text
    return answer


def is_delivered(client: httpx.Client, path: str) -> bool:
    return bool(client.get(path).json()["state"] == "delivered")


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
