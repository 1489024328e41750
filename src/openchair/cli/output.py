"""How commands speak: one JSON document for machines, sentences for people, progress on the side."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.core.errors import OpenchairError

if TYPE_CHECKING:
    from openchair.core.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def emit(view: object) -> None:
    """Print a view as one indented JSON document."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(view), indent=2).decode())


def address(settings: "Settings") -> str:
    """Where people reach the server of a shop, without a slash at its end."""
    return settings.address


@contextmanager
def told() -> Iterator[None]:
    """Turn an Openchair error into its sentence on stderr and exit code 1."""
    try:
        yield
    except OpenchairError as wrong:
        typer.echo(f"openchair: {wrong}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A line on stderr that names the step under way and how long it has taken; silent when nobody looks."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda step: bar.update(task, description=escape(step))
