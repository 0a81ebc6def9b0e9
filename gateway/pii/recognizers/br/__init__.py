"""Brazil."""
