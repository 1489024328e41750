"""Surveys, and what waits to be sent to customers, in the state's database."""

from openchair.store.sql.database import Database


class Asking:
    """What the State protocol says of surveys and the outbox."""

    _database: Database
