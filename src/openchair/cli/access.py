"""Commands that let people and programs in: serve, keys, users."""

from typing import Annotated

import typer

from openchair.cli.output import Json, console, emit, told


def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes any free port; left out: the setting.")] = None,
) -> None:
    """Serve the pages, the API and the ingest. The first start prints a one-time link for the first owner."""
    from openchair.server.run import serve as run

    with told():
        run(context.obj, port=port)


keys = typer.Typer(name="keys", help="Keys for programs: ingest, read, write.", no_args_is_help=True)
users = typer.Typer(name="users", help="People who may sign in.", no_args_is_help=True)
COMMANDS = {"serve": serve}
