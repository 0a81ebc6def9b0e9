"""Erases texts for good: orders of people, retention rules, and the legal holds that keep texts."""
