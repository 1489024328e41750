"""Where the house is put together: a home folder becomes a chair with its state, history, engine and catalogue."""

import os
import shutil
import tomllib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.chair.ports import Channel, Engine
from openchair.core.errors import BadInput, Conflict, NotFound
from openchair.core.settings import SETTINGS, Settings, roads_of, settings_of
from openchair.facts.kinds import KINDS
from openchair.loyalty import actions
from openchair.loyalty.actions import Action
from openchair.store import backup
from openchair.store.history import DeltaHistory
from openchair.store.sql.database import Database
from openchair.store.sql.state import open_state
from openchair.store.sql.team.access import Access

FILE = "openchair.toml"
TOMBSTONES = "erased.txt"
"""The file of a home that holds, as salted hashes, who was erased: keep it with the backups."""


def init_home(home: Path, given: dict[str, str]) -> Path:
    """Make the folder of a new shop with its settings file; refuses to touch one that is there."""
    file = home / FILE
    if file.exists():
        raise Conflict(
            "home", value=str(home), bound="is a shop already", remedy="Use it with --home, or name another."
        )
    settings_of(home, given, {})
    home.mkdir(parents=True, exist_ok=True)
    by_name = {s.name: s for s in SETTINGS}
    lines = [
        "# Settings of this shop. Every one is explained in docs/settings.md; the environment wins over this file.",
        "",
    ]
    lines += [f"# {by_name[name].help}\n{name} = {_toml(value)}" for name, value in given.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _toml(text: str) -> str:
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\u{ord(c):04x}" for c in text)
    return f'"{escaped}"'


def settings_at(home: Path) -> Settings:
    """The settings of a home. Raises NotFound where no shop was made, BadInput for a file that cannot be read."""
    file = home / FILE
    if not file.is_file():
        raise NotFound(
            "home", value=str(home), bound=f"has no {FILE}", remedy=f"Make a shop first: openchair init {home}"
        )
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise BadInput(str(file), value=str(wrong), bound="must be TOML", remedy="Mend that line.") from None
    return settings_of(home.resolve(), table, os.environ)


def catalogue_at(folder: Path) -> tuple[Action, ...]:
    """The actions that a shop's folder holds, or those that come with Openchair. Raises BadInput for a wrong file."""
    own, old = folder / "catalogue.yaml", folder / "catalogue.toml"
    if old.is_file():
        bound, remedy = "is TOML, and catalogues are YAML now", "Write it anew as catalogue.yaml, and take it away."
        raise BadInput("catalogue", value=str(old), bound=bound, remedy=remedy)
    return actions.read(own.read_bytes()) if own.is_file() else actions.default()


def open_access(home: str | Path) -> Access:
    """Who may come into the shop in a folder."""
    return open_state(settings_at(Path(home)).state).access


def open_home(home: str | Path) -> Chair:
    """The chair of the shop in a folder. Creates its database on first use."""
    folder = Path(home)
    settings = settings_at(folder)
    history = DeltaHistory(settings.history)

    def engine() -> Engine:
        if settings.engine == "spark":
            from openchair.store.counting.spark import SparkEngine

            return SparkEngine(history, settings.spark_master)
        from openchair.store.counting.engine import DuckEngine

        return DuckEngine(history, settings.memory, settings.threads, folder / "tmp")

    def engrave(erased: Mapping[str, Collection[str]]) -> None:
        lines = sorted(f"{salt} {one}\n" for salt, hashes in erased.items() for one in hashes)
        (folder / TOMBSTONES).write_text("".join(lines), encoding="ascii")
        # A file that waits to be confirmed may name whoever is being erased; it can be uploaded again.
        shutil.rmtree(folder / "uploads", ignore_errors=True)

    return Chair(
        home=folder.resolve(),
        settings=settings,
        state=open_state(settings.state),
        history=history,
        engine=engine,
        beginning=catalogue_at(folder),
        clock=lambda: datetime.now(UTC),
        timer=perf_counter,
        engrave=engrave,
        channels=_channels(settings),
        encode=_model(settings, settings.embedder_url, settings.embedder_model, "vectors"),
        assistant=_model(settings, settings.assistant_url, settings.assistant_model, "answer"),
    )


def _model(settings: Settings, url: str, name: str, what: str) -> Any:
    """What a language model at an address does, where one is set up."""
    from openchair.channels.openai import Model

    return getattr(Model(url, name, settings.assistant_key, settings.private_targets), what) if url and name else None


def _channels(settings: Settings) -> dict[str, Channel]:
    """The roads out of the house that are set up, by the channels that take them."""
    from openchair.channels.folder import Folder
    from openchair.channels.mail import Mail
    from openchair.channels.slack import Slack
    from openchair.channels.webhook import Webhook

    def clock() -> datetime:
        return datetime.now(UTC)

    roads: dict[str, Channel] = {}
    if settings.smtp:
        roads["mail"] = Mail(settings.smtp, settings.name)
    if settings.webhook_url:
        roads["webhook"] = Webhook(settings.webhook_url, settings.webhook_secret, settings.private_targets, clock)
    if settings.slack_url:
        roads["slack"] = Slack(settings.slack_url, settings.private_targets)
    if settings.drop_folder:
        roads["file"] = Folder(Path(settings.drop_folder), settings.drop_format, clock)
    taken = {channel: next(filter(roads.get, names), "") for channel, names in roads_of(settings.roads).items()}
    return {channel: roads[name] for channel, name in taken.items() if name}


def back_up(home: Path, out: Path) -> dict[str, int]:
    """Write a backup of the shop in a folder; gives the rows of each table of its state."""
    settings = settings_at(home)
    return backup.backup(home, Database(settings.state), DeltaHistory(settings.history), out)


def restore_home(home: Path, file: Path, erased: Path | None = None) -> int:
    """Make the shop of a backup in a new folder; gives how many people were erased again.

    erased: the erased.txt of the shop that the backup was made of, where it is not in the new folder already: whoever
    was erased after the backup was made is not brought back by it.
    """
    stones = erased or home / TOMBSTONES
    lines = [line.split() for line in stones.read_text("ascii", "replace").splitlines()] if stones.is_file() else []
    if (erased is not None and not lines) or any(len(line) != 2 for line in lines):
        raise BadInput("erased", value=str(stones), bound="must be the erased.txt of a home", remedy="Name that file.")
    backup.unpack(file, home)
    settings = settings_at(home)
    backup.load(Database(settings.state), home / "state", DeltaHistory(settings.history), tuple(KINDS))
    shutil.rmtree(home / "state")
    chair = open_home(home)
    chair.catch_up()
    known = {salt: [one for other, one in lines if other == salt] for salt, _ in lines}
    return sum(chair.privacy.erase_again(salt, hashes, by=OWNER_AT_HOME) for salt, hashes in known.items())
