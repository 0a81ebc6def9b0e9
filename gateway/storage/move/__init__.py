"""Moves a log from SQLite to PostgreSQL while gateways write to it."""
