"""The platform proxy."""
