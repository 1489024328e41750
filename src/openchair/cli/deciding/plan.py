"""Commands of the plan: what is planned for today, and one's yes or no to it."""

from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, command

if TYPE_CHECKING:
    from openchair.chair.acting.planned import PlanReport
    from openchair.chair.chair import Chair
    from openchair.chair.wheel.clear import Settled

plan = typer.Typer(name="plan", help="What is planned for today, what waits for a yes, and what there is to spend.",
                   invoke_without_command=True, add_completion=False)  # fmt: skip
Ids = Annotated[list[str] | None, typer.Argument(help="Decisions, by their ids.")]
Those = Annotated[list[str], typer.Argument(help="Decisions, by their ids.")]
Name = Annotated[str, typer.Option("--action", help="All that wait of an action, by its id.")]
All = Annotated[bool, typer.Option("--all", help="Everything that waits.")]


@command(plan)
def shown(chair: "Chair") -> Said:
    """What is planned for today, what waits for a yes, and what there is to spend."""
    view = chair.planning.report()
    yield from _shown(view)


@command(plan, "approve")
def approve(chair: "Chair", decisions: Ids = None, action: Name = "", everything: All = False) -> Said:
    """Approve some decisions, all that wait of an action, or everything that waits."""
    settled = chair.planning.approve(by=BY, decisions=decisions or None, action=action, everything=everything)
    yield from _settled(settled)


@command(plan, "dismiss")
def dismiss(
    chair: "Chair",
    why: Annotated[str, typer.Option(help="Why; it is kept with each.")],
    decisions: Ids = None,
    action: Name = "",
    everything: All = False,
) -> Said:
    """Let some decisions be, all that wait of an action, or everything that waits."""

    settled = chair.planning.dismiss(by=BY, why=why, decisions=decisions or None, action=action, everything=everything)
    yield from _settled(settled)


@command(plan, "undo")
def undo(chair: "Chair", decisions: Those) -> Said:
    """Take answers back, where that can be done."""
    settled = chair.planning.undo(by=BY, decisions=decisions)
    yield from _settled(settled)


@command(plan, "done")
def done(chair: "Chair", decisions: Those) -> Said:
    """Say of what was approved that it was done by hand."""
    settled = chair.planning.done(by=BY, decisions=decisions)
    yield from _settled(settled)


@command(plan, "budgets")
def budgets(
    chair: "Chair",
    limits: Annotated[
        list[str],
        typer.Argument(help="WHAT/day=NUMBER or WHAT/week=NUMBER: hours/week=20 call/day=15 money/day=30000."),
    ],
    why: Annotated[str, typer.Option(help="Why; it is kept with who and when.")] = "",
) -> Said:
    """Say what there is to spend in a day and a week; what is not named has no limit. Money in minor units."""

    view = chair.planning.allow(_limits(limits), by=BY, why=why)
    yield from _shown(view)


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


def _shown(view: "PlanReport") -> Said:
    from openchair.chair.acting.planned import plan as tell
    from openchair.chair.markdown import markdown

    yield view
    yield markdown(tell(view))


def _settled(settled: "Settled") -> Said:
    from openchair.chair.acting.planned import became

    yield settled
    yield became(settled.marked, settled.status, settled.deferred, settled.refused)
