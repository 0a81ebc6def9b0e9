"""What needs no server; tests/contracts/test_policy_engine.py runs against real ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.errors import ConfigurationError, PolicyInvalid, StageFailure
from gateway.model.decision import Facts
from gateway.policy.engine.opa import OpaEngine
from gateway.policy.packs.source import Snapshot


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8181", "ftp://127.0.0.1", "http://", "http://127.0.0.1:8181/v1", "unix:///x"],
)
def test_an_address_that_is_none_is_refused(shop_snapshot: Snapshot, url: str) -> None:
    with pytest.raises(ConfigurationError, match="opa_url"):
        OpaEngine(snapshot=shop_snapshot, url=url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8181", "https://opa.example.org/", "http://[::1]:1"]
)
def test_the_bundle_is_the_snapshots(shop_snapshot: Snapshot, url: str) -> None:
    assert OpaEngine(snapshot=shop_snapshot, url=url).bundle == shop_snapshot.bundle


async def test_without_a_connection_it_does_not_decide(
    shop_snapshot: Snapshot, make_facts: Callable[..., Facts]
) -> None:
    engine = OpaEngine(snapshot=shop_snapshot, url="http://127.0.0.1:8181")
    with pytest.raises(StageFailure, match="not open"):
        await engine.decide(make_facts("fine"))
    await engine.close()


async def test_wrong_policies_never_reach_a_server(
    snapshot_of: Callable[..., Snapshot], shop: dict[str, str]
) -> None:
    shop["main.rego"] = "package gateway\n\nf(x) := f(x)\n"
    engine = OpaEngine(snapshot=snapshot_of(shop), url="http://127.0.0.1:8181")
    with pytest.raises(PolicyInvalid):
        await engine.warm()
