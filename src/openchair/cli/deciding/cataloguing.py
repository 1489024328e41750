"""Commands of the catalogue: what the shop can do for a customer, as a list, as a file, and from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, command
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.loyalty.changes import Change

catalogue = typer.Typer(
    name="catalogue", help="What the shop can do for a customer: the actions it chooses from.", no_args_is_help=False
)
Why = Annotated[str, typer.Option("--why", help="The reason, kept with the version.")]


@command(catalogue)
def shown(chair: "Chair") -> Said:
    """The actions in force, by pillar, and the versions there are."""
    from openchair.loyalty.pillars import PILLARS

    view = chair.cataloguing.view()
    yield view
    for pillar in PILLARS.values():
        yield pillar.title
        for action in view.actions:
            if action.pillar == pillar.id:
                yield f"  {action.id:<26} {', '.join(action.channels):<22} {action.title}"
    for one in view.versions:
        when = f"{one.at:%Y-%m-%d %H:%M} {one.by}: " if one.at else ""
        yield f"{'*' if one.number == view.version.number else ' '} version {one.number}, {when}{one.why}"


@command(catalogue, "file")
def file(
    chair: "Chair",
    version: Annotated[int, typer.Option(min=-1, help="An older version; left out, the one in force.")] = -1,
) -> Said:
    """The catalogue as YAML, to be edited and adopted."""
    from openchair.loyalty.actions import written

    cataloguing = chair.cataloguing
    actions = cataloguing.in_force() if version < 0 else cataloguing.of(version)
    yield actions
    yield written(actions).removesuffix("\n")


@command(catalogue, "adopt")
def adopt(
    chair: "Chair",
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A catalogue in YAML.", exists=True, dir_okay=False)],
    why: Why = "",
    look: Annotated[bool, typer.Option("--look", help="Only say what would change; keep nothing.")] = False,
) -> Said:
    """Put a catalogue in force, from the next decision on, and say what changed."""
    from openchair.loyalty.actions import read

    cataloguing, actions = chair.cataloguing, read(path.read_bytes())
    found = cataloguing.compare(actions) if look else cataloguing.adopt(actions, why=why, by=BY)
    yield from _changed(found)


@command(catalogue, "restore")
def restore(
    chair: "Chair",
    version: Annotated[int, typer.Argument(min=0, help="The version; 0 is what the shop began with.")],
    why: Why = "",
) -> Said:
    """Put an older version in force again."""

    found = chair.cataloguing.restore(version, why=why, by=BY)
    yield from _changed(found)


def _changed(found: "tuple[Change, ...]") -> Said:
    yield {"changes": found}
    for one in found:
        yield f"{one.what:<8} {one.action}"
        for field in one.fields:
            yield f"         {field.field}: {_value(field.before)} -> {_value(field.after)}"
    yield f"{plural(len(found), 'action differs', 'actions differ')}."


def _value(value: Any) -> str:
    return "as by default" if value is None else " ".join(str(value).split())[:60]
