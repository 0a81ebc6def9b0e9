"""Finds personal data in a text, and strips the kinds that the policies name."""
