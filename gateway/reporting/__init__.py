"""Reporting: documents made of audit entries. Exports, statements of reasons, the report."""
