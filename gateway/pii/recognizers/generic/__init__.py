"""Recognizers of values that look the same in every country."""
