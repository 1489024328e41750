"""Sentences as they were read, themes, and what models learned, in the state's database."""

from openchair.store.sql.database import Database


class Hearing:
    """What the State protocol says of readings, themes and models."""

    _database: Database
