"""What is known, kept: one SQL database, SQLite by default."""
