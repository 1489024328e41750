"""How the tables came to be, step by step. Alembic is slow to import, so it is asked only when a step is missing."""

from pathlib import Path

from sqlalchemy import Connection

HEAD = "0003"
"""The newest step; a test holds it against the files in versions/."""

_LOCK = 7_236_401


def upgrade(connection: Connection, to: str = "head") -> None:
    """Take every missing step up to one, inside the connection's transaction; whoever comes second finds it done."""
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
