"""Durable storage: messages, outbox, registry, sealed texts and the audit log's entries.

`store.py` opens it; `engine/` is the lowest layer, the databases themselves.
"""
