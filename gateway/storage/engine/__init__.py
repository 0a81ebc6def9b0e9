"""The database engines, and what every table, read and write goes through."""
