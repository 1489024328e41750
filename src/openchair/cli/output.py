"""How commands speak: one JSON object for machines, tables and sentences for people, progress on the side."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from openchair.core.errors import OpenchairError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]

console = Console(highlight=False)
aside = Console(stderr=True, highlight=False)


def emit(view: object) -> None:
    """Print a view as one indented JSON document."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(view, enc_hook=_plain), indent=2).decode() + "\n")


def _plain(value: Any) -> object:
    return dict(value)


@contextmanager
def told() -> Iterator[None]:
    """Turn an Openchair error into its sentence on stderr and exit code 1."""
    try:
        yield
    except OpenchairError as wrong:
        aside.print(f"[red]openchair:[/red] {_escape(str(wrong))}", soft_wrap=True)
        raise typer.Exit(1) from None


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A line on stderr that names the step under way and how long it has taken; silent when nobody looks."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=aside, transient=True
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda step: bar.update(task, description=_escape(step))
