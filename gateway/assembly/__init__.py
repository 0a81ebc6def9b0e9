"""Assembles the gateway: the only package that chooses adapters according to the settings."""
