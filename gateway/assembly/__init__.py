"""Puts the gateway together: the only package that picks adapters from the settings."""
