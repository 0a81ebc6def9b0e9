"""Reads a text: makes its clean, normalised and folded forms. The offsets of each form map back to
the submitted text."""
