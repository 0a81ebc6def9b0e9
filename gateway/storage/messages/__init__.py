"""Messages: the ledger, the outbox, what waits for a person."""
