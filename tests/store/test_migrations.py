"""The migrations make exactly the schema."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Text
from sqlalchemy.types import TypeEngine

from openchair.store.sql import migrations
from openchair.store.sql.columns import Words
from openchair.store.sql.database import Database
from openchair.store.sql.schema import metadata
from openchair.store.sql.state import open_state


def test_the_tables_made_are_the_tables_described(state_url: str) -> None:
    """Whatever a developer adds to the schema, a migration must make, on both databases."""
    database = Database(state_url)

    def differ(
        _context: object, _column: object, _described: object, made: TypeEngine[Any], wanted: TypeEngine[Any]
    ) -> Any:
        # Alembic does not see that Words is text sorted by code point on PostgreSQL; all else it compares itself.
        return False if isinstance(wanted, Words) and isinstance(made, Text) else None

    with closing(database), database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": differ})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_step() -> None:
    """The constant that saves importing Alembic is the truth."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def test_opening_a_state_that_is_there_is_quick(tmp_path: Path) -> None:
    """No command waits for it: the best of three within 60 ms."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    open_state(url).close()
    took = []
    for _ in range(3):
        start = time.perf_counter()
        open_state(url).close()
        took.append(time.perf_counter() - start)
    assert min(took) < 0.06
