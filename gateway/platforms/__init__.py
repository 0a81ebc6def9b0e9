"""Routes, and the senders of messages along them."""
