"""The whole log over HTTP, as the stand-alone verifier reads it."""

from __future__ import annotations

import pytest

from gateway.model.access import Role
from gateway.verifier.note import TrustedKey
from tests.evidence import examined
from tests.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")
PATH = "/v1/audit/evidence"


async def test_auditors_take_the_whole_log_away(house: House) -> None:
    auditor = await house.key(Role.AUDITOR)
    kept = (await house.client.get("/v1/audit/checkpoint", headers=auditor)).text
    await house.post(house.message("For the record, and for the auditor."))
    answer = await house.client.get(PATH, headers=auditor)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    keys = [TrustedKey.parse(str(key)) for key in house.parts.opened.log.keys]
    report = examined(answer.content, keys=keys, kept=[kept])
    assert report.verified, report.findings
    assert report.tenant == "default"
    assert report.kinds["delivery"] >= 1
    assert b"for the auditor" not in answer.content


async def test_other_tenants_see_hashes_alone(house: House) -> None:
    stranger = await house.key(Role.AUDITOR, tenant="elsewhere")
    await house.post(house.message("Nobody else's business."))
    answer = await house.client.get(PATH, headers=stranger)
    keys = [TrustedKey.parse(str(key)) for key in house.parts.opened.log.keys]
    report = examined(answer.content, keys=keys)
    assert report.verified, report.findings
    assert 1 <= report.readable < report.entries  # the making of their own key, say
    assert b'\\"tenant\\":\\"default\\"' not in answer.content


async def test_it_is_for_auditors(house: House) -> None:
    caller = await house.key(Role.SERVICE)
    assert (await house.client.get(PATH, headers=caller)).status_code == 403
    assert (await house.client.get(PATH, headers={"Authorization": ""})).status_code == 401
