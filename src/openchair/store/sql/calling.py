"""Calls to make, and cases by whose they are, in the state's database."""

from openchair.store.sql.database import Database


class Calling:
    """What the State protocol says of calls and cases."""

    _database: Database
