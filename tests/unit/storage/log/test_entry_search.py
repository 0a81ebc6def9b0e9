"""Which index SQLite uses. tests/contracts/test_entry_search.py tests results, on both engines."""

from __future__ import annotations

import pytest

from gateway.model.record import EntryKind
from gateway.storage.log.entry_search import EntryQuery
from gateway.storage.store import Store


async def plan_of(store: Store, query: EntryQuery) -> str:
    clause = await store.search._select_numbers(query, None, newest=True)
    statement = store._database.statement(clause.limit(100))
    statement.sql = f"EXPLAIN QUERY PLAN {statement.sql}"
    return "\n".join(str(row[3]) for row in await store._reader.many(statement))


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (EntryQuery(tenant="acme"), "ix_audit_entry_found"),
        (EntryQuery(tenant="acme", creator="zoe"), "ix_audit_entry_creator"),
        (EntryQuery(tenant="acme", decision="block"), "ix_audit_entry_decision"),
        (EntryQuery(), "ix_audit_entry_found"),
        (EntryQuery(tenant="acme", channel="live"), "ix_audit_entry_found"),
        (EntryQuery(tenant="acme", creator="zoe", channel="live"), "ix_audit_entry_found"),
        (EntryQuery(conversation="c"), "ix_audit_entry_found"),
        (EntryQuery(kind=EntryKind.CHANGE), "ix_audit_entry_found"),
        (EntryQuery(tenant="acme", decisions=("hold", "block")), "ix_audit_entry_found"),
        (EntryQuery(tenant="acme", rule="a.b"), "ix_audit_entry_found"),
    ],
)
async def test_an_index_answers_alone(store: Store, query: EntryQuery, index: str) -> None:
    """No row of the log is read that does not match, and nothing is sorted."""
    plan = await plan_of(store, query)
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert all("COVERING INDEX" in line for line in plan.splitlines() if "audit_entry" in line)
