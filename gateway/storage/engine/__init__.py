"""SQLite and PostgreSQL behind one interface: tables, migrations, reads, group commit."""
