"""Finds personal data in a text, and strips what the policies say must go."""
