"""Commands of the plan: what is planned for today, and one's yes or no to it."""

from typing import TYPE_CHECKING, Annotated

import typer

from openchair.cli.output import Json, emit, told

if TYPE_CHECKING:
    from openchair.chair.acting.planned import PlanReport
    from openchair.chair.wheel.clear import Settled

plan = typer.Typer(name="plan", help="What is planned for today, what waits for a yes, and what there is to spend.",
                   invoke_without_command=True, add_completion=False)  # fmt: skip
Ids = Annotated[list[str] | None, typer.Argument(help="Decisions, by their ids.")]
Those = Annotated[list[str], typer.Argument(help="Decisions, by their ids.")]
Name = Annotated[str, typer.Option("--action", help="All that wait of an action, by its id.")]
All = Annotated[bool, typer.Option("--all", help="Everything that waits.")]


@plan.callback()
def shown(context: typer.Context, as_json: Json = False) -> None:
    """What is planned for today, what waits for a yes, and what there is to spend."""
    from openchair.cli.wiring import open_home

    if context.invoked_subcommand:
        return
    with told():
        view = open_home(context.obj).planning.report()
    _show(view, as_json)


@plan.command("approve")
def approve(
    context: typer.Context, decisions: Ids = None, action: Name = "", everything: All = False, as_json: Json = False
) -> None:
    """Approve some decisions, all that wait of an action, or everything that waits."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        settled = chair.planning.approve(
            by=OWNER_AT_HOME, decisions=decisions or None, action=action, everything=everything
        )
    _say(settled, as_json)


@plan.command("dismiss")
def dismiss(
    context: typer.Context,
    why: Annotated[str, typer.Option(help="Why; it is kept with each.")],
    decisions: Ids = None,
    action: Name = "",
    everything: All = False,
    as_json: Json = False,
) -> None:
    """Let some decisions be, all that wait of an action, or everything that waits."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        settled = chair.planning.dismiss(
            by=OWNER_AT_HOME, why=why, decisions=decisions or None, action=action, everything=everything
        )
    _say(settled, as_json)


@plan.command("undo")
def undo(
    context: typer.Context,
    decisions: Those,
    as_json: Json = False,
) -> None:
    """Take answers back, where that can be done."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        settled = open_home(context.obj).planning.undo(by=OWNER_AT_HOME, decisions=decisions)
    _say(settled, as_json)


@plan.command("done")
def done(
    context: typer.Context,
    decisions: Those,
    as_json: Json = False,
) -> None:
    """Say of what was approved that it was done by hand."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        settled = open_home(context.obj).planning.done(by=OWNER_AT_HOME, decisions=decisions)
    _say(settled, as_json)


@plan.command("budgets")
def budgets(
    context: typer.Context,
    limits: Annotated[
        list[str],
        typer.Argument(help="WHAT/day=NUMBER or WHAT/week=NUMBER: hours/week=20 call/day=15 money/day=30000."),
    ],
    why: Annotated[str, typer.Option(help="Why; it is kept with who and when.")] = "",
    as_json: Json = False,
) -> None:
    """Say what there is to spend in a day and a week; what is not named has no limit. Money in minor units."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        view = open_home(context.obj).planning.allow(_limits(limits), by=OWNER_AT_HOME, why=why)
    _show(view, as_json)


def _limits(words: list[str]) -> dict[str, dict[str, float | None]]:
    """Limits as they were typed. Raises BadInput."""
    from openchair.core.errors import BadInput

    given: dict[str, dict[str, float | None]] = {}
    for word in words:
        what, _, number = word.partition("=")
        name, _, span = what.partition("/")
        try:
            given.setdefault(name, {})[span] = float(number)
        except ValueError:
            raise BadInput("limit", value=word, bound="WHAT/day=NUMBER", remedy="Write call/day=15.") from None
    return given


def _show(view: "PlanReport", as_json: bool) -> None:
    from openchair.chair.acting.planned import plan as tell
    from openchair.chair.markdown import markdown

    if as_json:
        emit(view)
    else:
        typer.echo(markdown(tell(view)))


def _say(settled: "Settled", as_json: bool) -> None:
    from openchair.chair.acting.planned import became

    if as_json:
        emit(settled)
    else:
        typer.echo(became(settled.marked, settled.status, settled.deferred, settled.refused))
