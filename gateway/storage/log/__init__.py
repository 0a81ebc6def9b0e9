"""Reads, searches and counts the stored entries of the audit log."""
