"""How commands speak: one JSON document for machines, sentences for people, progress on the side."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openchair.core.errors import OpenchairError

if TYPE_CHECKING:
    from openchair.core.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Said = Iterator[Any]
"""What a command says: first its view, which is for machines, then, line by line, what is for people."""


def command(group: typer.Typer | None = None, name: str = "") -> Callable[[Callable[..., Said]], Callable[..., None]]:
    """A command of the command line, of one of its groups, or, without a name, what the group says alone.

    Its `chair` is that of the home, its `access` who may come in there, its `home` the folder. Errors are told in a
    sentence; with --json the view is printed, else the lines.
    """

    def made(act: Callable[..., Said]) -> Callable[..., None]:
        takes = inspect.signature(act).parameters

        @wraps(act)
        def run(context: typer.Context, as_json: bool = False, **given: Any) -> None:
            if group and not name and context.invoked_subcommand:
                return
            with told():
                said = act(**{one: opened(context.obj) for one, opened in _OPENED.items() if one in takes}, **given)
                view = next(said)
                if as_json:
                    emit(view)
                    return
                for line in said:
                    typer.echo(line)

        plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
        first = inspect.Parameter("context", plain, annotation=typer.Context)
        last = inspect.Parameter("as_json", plain, annotation=Json, default=False)
        own = [one for one in takes.values() if one.name not in _OPENED]
        # In the order of the kinds of arguments: those that come by name alone, such as a report's options, are last.
        run.__signature__ = inspect.Signature(sorted([first, *own, last], key=lambda one: one.kind))  # type: ignore[attr-defined]
        run.__annotations__ = {}
        if group and name:
            group.command(name)(run)
        elif group:
            group.callback(invoke_without_command=True)(run)
        return run

    return made


def _chair(home: Any) -> object:
    from openchair.cli.wiring import open_home

    return open_home(home)


def _access(home: Any) -> object:
    from openchair.cli.wiring import open_access

    return open_access(home)


_OPENED: Mapping[str, Callable[[Any], object]] = {"chair": _chair, "access": _access, "home": lambda home: home}
"""What a command may be given of the home, by the name of its argument."""


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
