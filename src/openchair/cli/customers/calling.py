"""Commands that call: cases and calls."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, command

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.core.estimate import Number

case = typer.Typer(name="case", help="One case of somebody unhappy.", no_args_is_help=True)
call = typer.Typer(name="call", help="One call.", no_args_is_help=True)


@command()
def cases(
    chair: "Chair",
    closed: Annotated[bool, typer.Option("--closed", help="Those that were closed.")] = False,
    owner: Annotated[str | None, typer.Option(help='Only theirs; "" for those that are nobody\'s.')] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> Said:
    """Who is unhappy and waits for an answer, the longest overdue first, and how the loop closes."""
    found, more = chair.cases.cases(closed=closed, owner=owner, limit=limit)
    figures = chair.cases.figures()
    yield {"figures": figures, "cases": found, "has_more": more}
    yield f"{figures.open:,} open, {figures.overdue:,} overdue; {figures.closed:,} closed of late."
    yield f"  hours to close, median: {_figure(figures.hours_to_close)}"
    yield f"  closed in time: {_figure(figures.in_time, 100, '%')}"
    yield f"  next score against the one before: {_figure(figures.later)}"
    for one in found:
        clock = f"{'OVERDUE since' if one.overdue else 'due'} {one.due_at:%Y-%m-%d %H:%M}"
        score = "" if one.score is None else f" {one.metric} {one.score:g}"
        yield f"{one.case_id}  {one.customer.name}{score}  {one.verdict or clock}  {one.owner or 'nobody’s'}"
        if one.words:
            yield f"   “{one.words}”"
        if one.remedy or one.because:
            yield f"   {one.remedy or 'No remedy'}. {one.because}"


def _figure(number: "Number", factor: float = 1, unit: str = "") -> str:
    from openchair.core.estimate import Unknown

    if isinstance(number, Unknown):
        return str(number)
    value, low, high = (factor * part for part in (number.value, number.low, number.high))
    return f"{value:.3g}{unit} ({low:.3g} to {high:.3g})"


@command(case, "close")
def close(
    chair: "Chair",
    case_id: Annotated[str, typer.Argument(help="The case, from `openchair cases`.")],
    verdict: Annotated[str, typer.Option(help="fixed, explained, not reached or no answer wanted.")] = "fixed",
    done: Annotated[str, typer.Option(help="What was done.")] = "",
    channel: Annotated[str, typer.Option(help="How they were reached: call, e-mail, letter, ...")] = "call",
    words: Annotated[str, typer.Option(help="What the customer said to it.")] = "",
) -> Said:
    """Close a case with what was done."""
    ended = chair.cases.close(case_id, verdict, by=BY, done=done, channel=channel, words=words)
    yield ended
    yield f"The case of {ended.customer.name} is closed: {ended.verdict}."


@command(case, "own")
def own(
    chair: "Chair",
    case_id: Annotated[str, typer.Argument(help="The case, from `openchair cases`.")],
    owner: Annotated[str, typer.Argument(help='Whose it is from now on; "" for nobody\'s.')],
) -> Said:
    """Give a case to somebody."""
    given = chair.cases.own(case_id, owner, by=BY)
    yield given
    yield f"The case of {given.customer.name} is {given.owner or 'nobody’s'}."


@command()
def calls(
    chair: "Chair",
    leader: Annotated[str, typer.Option(help="Whose list; made now where there is none. Left out: all.")] = "",
    week: Annotated[str, typer.Option(help="Any day of the week, as 2026-11-16; left out: this week.")] = "",
) -> Said:
    """Whom to call this week, why, and two questions worth asking."""
    from openchair.core.clock import day_of

    day = day_of(week) if week else None
    if leader and day is None:
        chair.calls.make([leader])
    listed, counts = chair.calls.list(by=BY, week=day, leader=leader), chair.calls.counts()
    yield {"calls": listed, "counts": counts}
    for one in listed:
        phones = ", ".join(one.phones) or "no number"
        yield f"{one.call_id}  {one.leader}  {one.place}. {one.customer.name} ({phones}): {one.reason}"
        for line in filter(None, (*one.hard_rules, one.because, *one.questions, one.status)):
            yield f"   {line}"
    for count in counts:
        yield f"{count.week}  {count.leader}: {count.listed} listed, {count.reached} reached, {count.tried} tried"
    if not listed:
        yield "No calls. Name who is to call: openchair calls --leader ada@example.org"


@command(call, "note")
def note(
    chair: "Chair",
    which: Annotated[str, typer.Argument(help="The call, from `openchair calls`; or a customer, for one on no list.")],
    words: Annotated[str, typer.Option(help="What the customer said.")] = "",
    status: Annotated[str, typer.Option(help="reached, not reached or skipped.")] = "reached",
    leader: Annotated[str, typer.Option(help="Who called, for a call on no list.")] = "",
) -> Said:
    """Say what became of a call; what the customer said is kept as their words."""
    noted = chair.calls.note(which, status, by=BY, words=words, leader=leader)
    yield noted
    yield f"{noted.customer.name}: {noted.status}."


COMMANDS: dict[str, Callable[..., None]] = {"cases": cases, "calls": calls}
