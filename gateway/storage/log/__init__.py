"""The audit log's entries as stored: reading, searching, counting."""
