"""Commands of the catalogue: what the shop can do for a customer, as a list, as a file, and from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openchair.cli.output import Json, emit, told
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.loyalty.changes import Change

catalogue = typer.Typer(
    name="catalogue", help="What the shop can do for a customer: the actions it chooses from.", no_args_is_help=False
)
Why = Annotated[str, typer.Option("--why", help="The reason, kept with the version.")]


@catalogue.callback(invoke_without_command=True)
def shown(context: typer.Context, as_json: Json = False) -> None:
    """The actions in force, by pillar, and the versions there are."""
    if context.invoked_subcommand:
        return
    from openchair.cli.wiring import open_home
    from openchair.loyalty.pillars import PILLARS

    with told():
        view = open_home(context.obj).cataloguing.view()
    if as_json:
        emit(view)
        return
    for pillar in PILLARS.values():
        typer.echo(pillar.title)
        for action in view.actions:
            if action.pillar == pillar.id:
                typer.echo(f"  {action.id:<26} {', '.join(action.channels):<22} {action.title}")
    for one in view.versions:
        when = f"{one.at:%Y-%m-%d %H:%M} {one.by}: " if one.at else ""
        typer.echo(f"{'*' if one.number == view.version.number else ' '} version {one.number}, {when}{one.why}")


@catalogue.command("file")
def file(
    context: typer.Context,
    version: Annotated[int, typer.Option(min=-1, help="An older version; left out, the one in force.")] = -1,
    as_json: Json = False,
) -> None:
    """The catalogue as YAML, to be edited and adopted."""
    from openchair.cli.wiring import open_home
    from openchair.loyalty.actions import written

    with told():
        cataloguing = open_home(context.obj).cataloguing
        actions = cataloguing.in_force() if version < 0 else cataloguing.of(version)
    if as_json:
        emit(actions)
    else:
        typer.echo(written(actions), nl=False)


@catalogue.command("adopt")
def adopt(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A catalogue in YAML.", exists=True, dir_okay=False)],
    why: Why = "",
    look: Annotated[bool, typer.Option("--look", help="Only say what would change; keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Put a catalogue in force, from the next decision on, and say what changed."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home
    from openchair.loyalty.actions import read

    with told():
        cataloguing, actions = open_home(context.obj).cataloguing, read(path.read_bytes())
        found = cataloguing.compare(actions) if look else cataloguing.adopt(actions, why=why, by=OWNER_AT_HOME)
    _say(found, as_json)


@catalogue.command("restore")
def restore(
    context: typer.Context,
    version: Annotated[int, typer.Argument(min=0, help="The version; 0 is what the shop began with.")],
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Put an older version in force again."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        found = open_home(context.obj).cataloguing.restore(version, why=why, by=OWNER_AT_HOME)
    _say(found, as_json)


def _say(found: "tuple[Change, ...]", as_json: bool) -> None:
    if as_json:
        emit({"changes": found})
        return
    for one in found:
        typer.echo(f"{one.what:<8} {one.action}")
        for field in one.fields:
            typer.echo(f"         {field.field}: {_value(field.before)} -> {_value(field.after)}")
    typer.echo(f"{plural(len(found), 'action differs', 'actions differ')}.")


def _value(value: Any) -> str:
    return "as by default" if value is None else " ".join(str(value).split())[:60]
