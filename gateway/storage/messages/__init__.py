"""Stores messages: the ledger, the outbox, and what waits for a person to review or look at."""
