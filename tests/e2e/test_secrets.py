"""After a day's work nothing private lies where it should not: neither texts nor personal data
nor tokens nor keys are in the logs, the metrics, the errors, the database or beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.keyring import Keyring
from tests.house import SECRET
from tests.patience import PATIENCE_S
from tests.processes import Serving, run, sandbox_process, serving

EMAIL = "lea.perso@example.org"
PHONE = "06 39 98 12 34"
IBAN = "FR7630006000011234567890189"
CARD = "4111 1111 1111 1111"
API_KEY = "sk-proj-Zx9Qw8Er7Ty6Ui5Op4As3Df2Gh1Jk0LmN"
MARK = "quetzalcoatl"
"""A word that only the texts hold."""

TEXTS = (
    f"Écris-moi à {EMAIL}, {MARK} !",
    f"Mon numéro : {PHONE}, et le {MARK} avec.",
    f"Send it to {IBAN} or to {CARD}, {MARK}.",
    f"The key is {API_KEY}, do not tell the {MARK}.",
    f"Promis, je t'appelle ce soir, {MARK} !",
    f"I will find you and kill you, you worthless {MARK}",
    f"q\u200bu\u200betzal, {MARK}, l e a . p e r s o (at) example (dot) org",
    f"{MARK} " * 60,
)
HUMAN = f"Tu es un robot ? Mon mail : fan.secret@example.net, {MARK}."
PRIVATE = (MARK, EMAIL, PHONE, PHONE.replace(" ", ""), IBAN, CARD, API_KEY, "fan.secret", SECRET)


def message(number: int, text: str) -> dict[str, Any]:
    return {
        "channel": "dm",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": f"c-{number}",
        "audience": {"id": f"person-{number}", "minor": "no", "jurisdictions": ["FR"]},
        "text": text,
        "human_text": HUMAN,
    }


def wrong_requests(client: httpx.Client) -> Iterator[httpx.Response]:
    """Each holds what is private somewhere."""
    good, text = message(0, TEXTS[0]), TEXTS[0]
    for change in (
        {"channel": text},
        {"creator": text},
        {"creator": "nobody"},
        {"route": text},
        {"route": "nowhere"},
        {"language": text},
        {"audience": text},
        {"audience": {"id": EMAIL.replace("@", " "), "minor": MARK}},
        {"media": [{"sha256": text, "content_type": text}]},
        {"text": [text]},
        {"text": {MARK: text}},
        {"text": text * 2_000},
        {"text": f"{text}\ud800"},
        {"human_text": f"{text}\udfff"},
        {"extra": text},
    ):
        body = json.dumps({**good, **change})
        yield client.post("/v1/messages", content=body, headers=JSON)
    for raw in (
        f'{{"text": "{MARK}", "text": "{EMAIL}"}}',
        f'{{"text": "{MARK}',
        f'"{MARK} {EMAIL}"',
        f'{{"text": NaN, "human_text": "{MARK}"}}',
        f'{{"text": "{MARK}"}}' * 20_000,
    ):
        yield client.post("/v1/messages", content=raw.encode(), headers=JSON)
    yield client.post("/v1/messages", content=text.encode("latin-1", "replace"), headers=JSON)
    yield client.post("/v1/messages", content=text.encode(), headers={"Content-Type": "text/plain"})
    yield client.post("/v1/messages", json=good, headers={"Authorization": f"Bearer {API_KEY}"})
    token = f"agk_{'0' * 12}_{MARK}{'0' * 52}"
    yield client.post("/v1/messages", json=good, headers={"Authorization": f"Bearer {token}"})
    yield client.post("/v1/messages", json=good, headers={"Idempotency-Key": f"{MARK} {EMAIL}"})
    yield client.put("/v1/creators/lea", json={"kill_switch": text, "brands": {"deny": text}})
    yield client.put("/v1/creators/lea", json={"quiet_hours": [{"timezone": text}]})
    yield client.post("/v1/reviews/msg_0", json={"action": MARK, "reason": text, "text": text})
    yield client.post("/v1/reviews/msg_0", json={"action": "release", "reason": text, "text": text})
    yield client.get("/v1/reviews", params={"limit": text})
    yield client.get("/v1/audit/entries", params={"since": text, "kind": MARK})
    yield client.request("TRACE", "/v1/messages")


JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What there is to see after a day's work. `open_to_all` are answers that anyone may get,
    `errors` what wrong requests got."""

    there: Serving
    errors: list[str]
    open_to_all: list[str]
    token: str


@pytest.fixture(scope="module", params=["json", "console"])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp(f"day-{request.param}")
    settings = {"log_format": request.param, "log_level": "debug", "checkpoint_interval_s": 0.2}
    with (
        sandbox_process(folder) as platform,
        serving(folder / "data", sandbox_url=platform, **settings) as there,
        there.client() as client,
    ):
        client.put("/v1/creators/lea", json={}).raise_for_status()
        for number in range(220):  # their entries fill a block of the log
            text = TEXTS[number % len(TEXTS)]
            key = {"Idempotency-Key": f"{MARK}-{number}"}
            answer = client.post("/v1/messages", json=message(number, text), headers=key)
            assert answer.status_code in {200, 202, 403}, answer.text
        waiting = client.get("/v1/reviews?limit=500").json()
        assert MARK in str(waiting)
        for number, held in enumerate(waiting[:9]):
            review = {"action": ("reject", "release")[number % 2], "reason": "It was agreed."}
            client.post(f"/v1/reviews/{held['outcome']['message_id']}", json=review)
        errors = [answer.text for answer in wrong_requests(client)]
        client.get("/v1/audit/checkpoint").raise_for_status()
        paths = ("/metrics", "/openapi.json", "/readyz", "/healthz", "/.well-known/jwks.json")
        shown = [client.get(path, headers={"Authorization": ""}).text for path in paths]
        entries = client.get("/v1/audit/entries?limit=1000").text
        httpx.put(
            platform.replace("/messages", "/failure"),
            json={"status": 503, "times": 5},
            timeout=PATIENCE_S,
        )
        client.post("/v1/messages", json=message(1_000, TEXTS[0]))
        token = there.headers["Authorization"].removeprefix("Bearer ")
        yield Day(there=there, errors=errors, open_to_all=[*shown, entries], token=token)


def secrets_of(day: Day) -> dict[str, bytes]:
    """Everything that must not be found, in each way it might be written."""
    keyring = Keyring.open(day.there.data_dir / "keys")
    found = {one: one.encode() for one in PRIVATE}
    found["the token's secret"] = day.token.rpartition("_")[2].encode()
    raw = {
        "root": keyring.root,
        "pseudonym": keyring.pseudonym_secret,
        "fingerprint": keyring.fingerprint_key,
        "master": keyring.master_key,
        "webhook": keyring.webhook_secret,
        "receipt": keyring.receipt.private.private_bytes_raw(),
        "checkpoint": keyring.checkpoint.private.private_bytes_raw(),
    }
    for name, value in raw.items():
        found |= {
            f"{name}, raw": value,
            f"{name}, hex": value.hex().encode(),
            f"{name}, base64": base64.b64encode(value).rstrip(b"="),
            f"{name}, base64url": base64.urlsafe_b64encode(value).rstrip(b"="),
        }
    return found


def seen(secrets: dict[str, bytes], place: bytes) -> list[str]:
    return [name for name, value in secrets.items() if value in place]


def test_the_needles_are_sharp(day: Day) -> None:
    """The same search finds them where they belong."""
    keys = (day.there.data_dir / "keys" / "keyring.json").read_bytes()
    assert "root, base64url" in seen(secrets_of(day), keys)
    token = (day.there.data_dir / "first-api-key").read_bytes()
    assert seen(secrets_of(day), token) == ["the token's secret"]


def test_errors_quote_nothing(day: Day) -> None:
    assert len(day.errors) > 30
    for body in day.errors:
        assert seen(secrets_of(day), body.encode()) == [], body


def test_what_all_may_see_and_the_entries_hold_nothing(day: Day) -> None:
    for body in day.open_to_all:
        assert seen(secrets_of(day), body.encode()) == []


def test_the_logs_hold_nothing(day: Day) -> None:
    log = day.there.log.read_bytes()
    assert b"delivery ended" in log
    assert b"Traceback" not in log
    assert seen(secrets_of(day), log) == []
    if b'{"' in log:
        events = [json.loads(line) for line in log.splitlines()]
        assert all({"event", "level", "timestamp"} <= event.keys() for event in events)


def test_the_database_and_what_lies_beside_it_hold_nothing(day: Day) -> None:
    secrets = secrets_of(day)
    apart = {"keys/keyring.json", "first-api-key"}
    files = [path for path in day.there.data_dir.rglob("*") if path.is_file()]
    names = {str(path.relative_to(day.there.data_dir)) for path in files}
    assert {"gateway.db", "gateway.db-wal", "log-blocks", "subject-keys.db"} <= names
    for path in files:
        if str(path.relative_to(day.there.data_dir)) not in apart:
            assert seen(secrets, path.read_bytes()) == [], path


def test_only_the_owner_may_read_them(day: Day) -> None:
    for path in [day.there.data_dir, *day.there.data_dir.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_auditors_get_holds_nothing(day: Day, tmp_path: Path) -> None:
    shown = run(day.there.data_dir, "audit", "show", "--json", "--limit", "1000")
    assert shown.returncode == 0, shown.stderr
    assert seen(secrets_of(day), (shown.stdout + shown.stderr).encode()) == []
    assert "delivery" in shown.stdout
