"""Takes what was recorded to its platform: leases, retries, dead letters."""
