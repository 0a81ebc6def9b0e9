"""Delivers recorded messages to their platforms: leases, retries, dead letters."""
