"""Commands that call: cases and calls."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.cli.output import Json, emit, told

if TYPE_CHECKING:
    from openchair.core.estimate import Number

case = typer.Typer(name="case", help="One case of somebody unhappy.", no_args_is_help=True)
call = typer.Typer(name="call", help="One call.", no_args_is_help=True)


def cases(
    context: typer.Context,
    closed: Annotated[bool, typer.Option("--closed", help="Those that were closed.")] = False,
    owner: Annotated[str | None, typer.Option(help='Only theirs; "" for those that are nobody\'s.')] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """Who is unhappy and waits for an answer, the longest overdue first, and how the loop closes."""
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        found, more = chair.cases.cases(closed=closed, owner=owner, limit=limit)
        figures = chair.cases.figures()
    if as_json:
        emit({"figures": figures, "cases": found, "has_more": more})
        return
    typer.echo(f"{figures.open:,} open, {figures.overdue:,} overdue; {figures.closed:,} closed of late.")
    typer.echo(f"  hours to close, median: {_figure(figures.hours_to_close)}")
    typer.echo(f"  closed in time: {_figure(figures.in_time, 100, '%')}")
    typer.echo(f"  next score against the one before: {_figure(figures.later)}")
    for one in found:
        clock = f"{'OVERDUE since' if one.overdue else 'due'} {one.due_at:%Y-%m-%d %H:%M}"
        score = "" if one.score is None else f" {one.metric} {one.score:g}"
        typer.echo(f"{one.case_id}  {one.customer.name}{score}  {one.verdict or clock}  {one.owner or 'nobody’s'}")
        if one.words:
            typer.echo(f"   “{one.words}”")
        if one.remedy or one.because:
            typer.echo(f"   {one.remedy or 'No remedy'}. {one.because}")


def _figure(number: "Number", factor: float = 1, unit: str = "") -> str:
    from openchair.core.estimate import Unknown

    if isinstance(number, Unknown):
        return str(number)
    value, low, high = (factor * part for part in (number.value, number.low, number.high))
    return f"{value:.3g}{unit} ({low:.3g} to {high:.3g})"


@case.command("close")
def close(
    context: typer.Context,
    case_id: Annotated[str, typer.Argument(help="The case, from `openchair cases`.")],
    verdict: Annotated[str, typer.Option(help="fixed, explained, not reached or no answer wanted.")] = "fixed",
    done: Annotated[str, typer.Option(help="What was done.")] = "",
    channel: Annotated[str, typer.Option(help="How they were reached: call, e-mail, letter, ...")] = "call",
    words: Annotated[str, typer.Option(help="What the customer said to it.")] = "",
    as_json: Json = False,
) -> None:
    """Close a case with what was done."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        ended = open_home(context.obj).cases.close(
            case_id, verdict, by=OWNER_AT_HOME, done=done, channel=channel, words=words
        )
    if as_json:
        emit(ended)
    else:
        typer.echo(f"The case of {ended.customer.name} is closed: {ended.verdict}.")


@case.command("own")
def own(
    context: typer.Context,
    case_id: Annotated[str, typer.Argument(help="The case, from `openchair cases`.")],
    owner: Annotated[str, typer.Argument(help='Whose it is from now on; "" for nobody\'s.')],
    as_json: Json = False,
) -> None:
    """Give a case to somebody."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        given = open_home(context.obj).cases.own(case_id, owner, by=OWNER_AT_HOME)
    if as_json:
        emit(given)
    else:
        typer.echo(f"The case of {given.customer.name} is {given.owner or 'nobody’s'}.")


def calls(
    context: typer.Context,
    leader: Annotated[str, typer.Option(help="Whose list; made now where there is none. Left out: all.")] = "",
    week: Annotated[str, typer.Option(help="Any day of the week, as 2026-11-16; left out: this week.")] = "",
    as_json: Json = False,
) -> None:
    """Whom to call this week, why, and two questions worth asking."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home
    from openchair.core.clock import day_of

    with told():
        chair = open_home(context.obj)
        day = day_of(week) if week else None
        if leader and day is None:
            chair.calls.make([leader])
        listed = chair.calls.list(by=OWNER_AT_HOME, week=day, leader=leader)
        counts = chair.calls.counts()
    if as_json:
        emit({"calls": listed, "counts": counts})
        return
    for one in listed:
        phones = ", ".join(one.phones) or "no number"
        typer.echo(f"{one.call_id}  {one.leader}  {one.place}. {one.customer.name} ({phones}): {one.reason}")
        for line in filter(None, (*one.hard_rules, one.because, *one.questions, one.status)):
            typer.echo(f"   {line}")
    for count in counts:
        typer.echo(f"{count.week}  {count.leader}: {count.listed} listed, {count.reached} reached, {count.tried} tried")
    if not listed:
        typer.echo("No calls. Name who is to call: openchair calls --leader ada@example.org")


@call.command("note")
def note(
    context: typer.Context,
    which: Annotated[str, typer.Argument(help="The call, from `openchair calls`; or a customer, for one on no list.")],
    words: Annotated[str, typer.Option(help="What the customer said.")] = "",
    status: Annotated[str, typer.Option(help="reached, not reached or skipped.")] = "reached",
    leader: Annotated[str, typer.Option(help="Who called, for a call on no list.")] = "",
    as_json: Json = False,
) -> None:
    """Say what became of a call; what the customer said is kept as their words."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        noted = open_home(context.obj).calls.note(which, status, by=OWNER_AT_HOME, words=words, leader=leader)
    if as_json:
        emit(noted)
    else:
        typer.echo(f"{noted.customer.name}: {noted.status}.")


COMMANDS: dict[str, Callable[..., None]] = {"cases": cases, "calls": calls}
