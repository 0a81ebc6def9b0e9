"""The audit log over HTTP, and what is asked of it."""
