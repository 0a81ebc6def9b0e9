"""Routes to platforms, and the senders of messages."""
