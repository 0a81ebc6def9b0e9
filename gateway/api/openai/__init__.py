"""Doors that speak OpenAI's language."""
