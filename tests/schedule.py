"""Which tests run in one worker, and in which order, when pytest-xdist shares them out."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/sdk/", "tests/api/")
"""Folders whose files share servers or a gateway: each goes to one worker."""

APART = frozenset({"tests/api/test_schemathesis.py", "tests/api/test_proxy.py"})
"""Files of those folders that have servers of their own."""

SLOW_FIRST = (
    "tests/e2e/test_replicas.py",
    "tests/e2e/test_disk_full.py",
    "tests/torture/test_torture.py",
    "tests/e2e/test_witness.py",
    "tests/sdk/",
    "tests/architecture/test_adding.py",
    "tests/e2e/test_stream.py",
    "tests/e2e/test_secrets.py",
    "tests/e2e/test_proxy_bots.py",
    "tests/e2e/test_proxy_matrix.py",
    "tests/e2e/test_bad_start.py",
    "tests/e2e/test_openai.py",
    "tests/contracts/test_detector.py",
    "tests/contracts/test_erasure_killed.py",
    "tests/e2e/test_readme.py",
    "tests/e2e/test_concurrency.py",
    "tests/e2e/test_verifier.py",
    "tests/properties/test_evasion.py",
    "tests/properties/test_clock.py",
    "tests/api/",
)
"""The slowest groups, the slowest first: none of them is left for the end, when the other workers
have nothing to do. From `pytest --durations=0` on two cores."""

SLOW_UNITS = frozenset(
    {
        "api/test_parsed_json.py",
        "assembly/test_build.py",
        "bench/test_peers.py",
        "cli/audit/test_erasure.py",
        "cli/audit/test_evidence.py",
        "cli/audit/test_group.py",
        "cli/audit/test_proofs.py",
        "cli/audit/test_reporting.py",
        "cli/policy/test_backtest.py",
        "cli/policy/test_group.py",
        "cli/policy/test_write.py",
        "cli/test_app.py",
        "cli/test_decide.py",
        "cli/test_keys.py",
        "cli/test_models.py",
        "pii/test_detector.py",
        "pii/test_ner.py",
        "pii/test_scan.py",
        "platforms/test_answers.py",
        "policy/authoring/test_backtest.py",
        "policy/authoring/test_check.py",
        "policy/authoring/test_scaffold.py",
        "policy/authoring/test_scaffold_law.py",
        "policy/live/test_live_policies.py",
        "policy/live/test_sandbox.py",
        "policy/live/test_shadow.py",
        "policy/packs/test_bundles.py",
        "policy/packs/test_legal.py",
        "reporting/test_export.py",
        "storage/log/test_log_store.py",
        "storage/move/test_mover.py",
        "storage/test_store.py",
        "test_telemetry.py",
        "text/test_ngrams.py",
        "toxicity/test_encoder.py",
        "toxicity/test_tokens.py",
        "toxicity/test_training.py",
        "trail/test_witnessing.py",
        "verifier/test_examine.py",
        "verifier/test_report.py",
        "verifier/test_tree.py",
    }
)
"""Files of tests/unit that take more than two seconds of CPU, most of them because they run
commands or load all policies: `make test-unit` leaves them out."""

_RANK = {name: rank for rank, name in enumerate(SLOW_FIRST)}
_PROGRAM_FIXTURES = frozenset({"postgres_server", "blank_postgres", "opa"})


def group_of(nodeid: str) -> str:
    """The file of a test, or the folder it shares servers with."""
    path = nodeid.partition("::")[0]
    if path in APART:
        return path
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Slow groups first; otherwise as they were."""
    return sorted(items, key=lambda item: _RANK.get(group_of(item.nodeid), len(_RANK)))


def is_slow_unit(item: pytest.Item) -> bool:
    """Whether it is in one of the SLOW_UNITS."""
    return item.nodeid.partition("::")[0].removeprefix("tests/unit/") in SLOW_UNITS


def needs_programs(item: pytest.Item) -> bool:
    """Whether a test of the unit tests starts PostgreSQL or OPA."""
    used = set(getattr(item, "fixturenames", ()))
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return not _PROGRAM_FIXTURES.isdisjoint(used) or "postgres" in parameters.values()


class FileScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Sends whole groups to a worker, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        config.option.loadscopereorder = False  # else groups of many tests come first
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
