"""The `openchair` command. Heavy imports wait until a command needs them, so that --help answers at once."""

import os
from pathlib import Path
from typing import Annotated

import typer

from openchair.cli.customers import asking, calling, hearing, people
from openchair.cli.deciding import cataloguing, outbox, plan, promoting, wheel
from openchair.cli.shop import access, keep, listen
from openchair.core import VERSION

app = typer.Typer(
    name="openchair",
    help="The empty chair that stands for the customer at every meeting, filled by software.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"openchair {VERSION}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option("--home", envvar="OPENCHAIR_HOME", help="The folder of the shop, made by `openchair init`.")
    ] = Path("shop"),
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Listen, know, focus, decide, act, learn, tell: one turn of the wheel after another."""
    # Read when NumPy is imported, which is later: its matrices are small here, and threads that share one only wait.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context.obj = home


for room in (listen, wheel, hearing, outbox, calling, people, access, keep):
    for name, command in room.COMMANDS.items():
        app.command(name)(command)
for group in (
    access.keys,
    access.users,
    asking.surveys,
    cataloguing.catalogue,
    plan.plan,
    promoting.policy,
    outbox.outbox,
    calling.case,
    calling.call,
):
    app.add_typer(group)


def run() -> None:
    """What the console script calls."""
    app()
