"""The state of a home in one database, SQLite or PostgreSQL."""
