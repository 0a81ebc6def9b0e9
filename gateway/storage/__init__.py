"""Durable storage: ledger, outbox, registry, and the audit log's entries."""
