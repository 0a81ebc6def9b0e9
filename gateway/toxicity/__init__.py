"""Toxicity: how hostile a text is, by category. One file for each scorer."""
