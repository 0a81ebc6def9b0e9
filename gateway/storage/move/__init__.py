"""Moves a log from SQLite to PostgreSQL while the gateway serves."""
