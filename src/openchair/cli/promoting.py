"""Commands of policies: which way of choosing is live, and which would bring more."""

from pathlib import Path
from typing import Annotated

import typer

from openchair.cli.output import Json, emit, told

policy = typer.Typer(name="policy", help="Which way of choosing is live, and which others would bring more.",
                     no_args_is_help=True)  # fmt: skip
Name = Annotated[str, typer.Argument(help="The candidate's name.")]
Why = Annotated[str, typer.Option("--why", help="Why; it is kept with who and when.")]


@policy.command("list")
def list_policies(context: typer.Context, as_json: Json = False) -> None:
    """The policy that is live, and every other way of choosing, judged by the log of decisions."""
    from openchair.chair.learning.promoting import said
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        live, judged = chair.promoting.live(), chair.promoting.judged()
        if as_json:
            emit({"live": live, "version": live.version, "candidates": judged, "promoted": chair.promoting.promoted()})
            return
        typer.echo(f"live: {live.version}")
        for one in judged:
            beside = "" if one.can_go_live else " (to compare with)"
            typer.echo(f"{one.version}{beside}: {said(one, chair.currency)}")
        if not judged:
            typer.echo("Other ways of choosing are judged once 50 decisions are settled.")


@policy.command("propose")
def propose(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A candidate in JSON: a policy's numbers, or a table of chances.")],
    as_json: Json = False,
) -> None:
    """Propose a candidate, to be judged by the log from now on."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home
    from openchair.core.errors import BadInput

    with told():
        if not file.is_file():
            raise BadInput("candidate", value=str(file), bound="is no file", remedy="Name a file of JSON.")
        found = open_home(context.obj).promoting.propose(file.read_bytes(), by=OWNER_AT_HOME)
        emit(found) if as_json else typer.echo(f"{found.version} is judged from now on.")


@policy.command("take-back")
def take_back(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Judge a proposed candidate no more."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        found = open_home(context.obj).promoting.take_back(name, by=OWNER_AT_HOME)
        emit(found) if as_json else typer.echo(f"{found.version} is judged no more.")


@policy.command("promote")
def promote(context: typer.Context, name: Name, why: Why = "", as_json: Json = False) -> None:
    """Let a candidate go live, where the log proves that it brings more."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        found = open_home(context.obj).promoting.promote(name, why=why, by=OWNER_AT_HOME)
        emit(found) if as_json else typer.echo(f"live: {found.version}; {found.why}")


@policy.command("back")
def back(context: typer.Context, why: Why = "", as_json: Json = False) -> None:
    """Go back to the policy that was live before."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        found = open_home(context.obj).promoting.go_back(why=why, by=OWNER_AT_HOME)
        emit(found) if as_json else typer.echo(f"live: {found.version}; {found.why}")
