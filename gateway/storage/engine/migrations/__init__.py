"""Schema migrations. They may add columns and tables, never touch an entry's body or leaf."""
