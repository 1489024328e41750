"""Commands of the wheel: turn, today, decide, report."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from openchair.cli.output import Json, emit, progress, told
from openchair.core.words import plural

AsOf = Annotated[str, typer.Option("--as-of", help="A date or ISO 8601 time; facts from then on do not count.")]


def turn(context: typer.Context, as_of: AsOf = "", as_json: Json = False) -> None:
    """Turn the wheel once: know everyone anew, then choose the next best action for each customer."""
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        with progress() as step:
            report = chair.turn(chair.moment(as_of), progress=step)
    if as_json:
        emit(report)
        return
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
    people = plural(report.customers, "customer", "customers")
    typer.echo(f"{people}; something to do for {report.decisions:,} of them on {report.day} ({steps}).")
    for finding in report.findings:
        typer.echo(f"  {finding.text} {finding.note}".rstrip())
    typer.echo(f"Next: openchair --home {context.obj} today")


def today(
    context: typer.Context,
    limit: Annotated[
        int | None, typer.Option(min=1, max=1000, help="How many decisions; left out: the setting daily_list.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The day's actions, best first, each with its reasons."""
    from openchair.cli import show
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        view = chair.today(limit=limit)
    if as_json:
        emit(view)
    else:
        show.today(view)


def decide(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")],
    moment: Annotated[str, typer.Option(help="The occasion: daily, checkout, call, ...")] = "daily",
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """The next best action for one customer, now."""
    from openchair.cli import show
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        view = chair.decide(who, moment, at=chair.moment(as_of) if as_of else None)
    if as_json:
        emit(view)
    else:
        show.decision(view, chair.currency)


class What(StrEnum):
    """What there are reports of."""

    DAY = "day"
    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    GROWTH = "growth"
    AUDIT = "audit"


def report(
    context: typer.Context,
    what: Annotated[
        What,
        typer.Argument(
            help="day: what the last turn found. nps, csat, ces: how customers answer. "
            "growth: why revenue changed. audit: how much of loyalty is bought."
        ),
    ] = What.DAY,
    days: Annotated[int, typer.Option(help="Of a score: the days whose answers count.")] = 90,
    by: Annotated[
        str,
        typer.Option(
            help="Of a score or growth: stage, worth, the name of a trait; of a score product, step, survey too."
        ),
    ] = "",
    since: Annotated[str, typer.Option(help="Of a score: a date after which it may have changed.")] = "",
    start: Annotated[str, typer.Option("--from", help="Of growth: the first day of the later period.")] = "",
    end: Annotated[str, typer.Option("--to", help="Of growth: its last day; the days before it are compared.")] = "",
    as_of: AsOf = "",
    out: Annotated[Path | None, typer.Option(help="Write Markdown to this file instead.")] = None,
    as_json: Json = False,
) -> None:
    """A report to read out at a meeting: a score with its parts, growth by its causes, the loyalty audit."""
    from openchair.chair.listening.telling import score
    from openchair.chair.tell import minutes
    from openchair.chair.value.telling import audit, growth
    from openchair.cli.wiring import open_home
    from openchair.core.clock import day_of
    from openchair.core.errors import BadInput

    def day(text: str) -> date | None:
        return day_of(text) if text else None

    given = {"by": by, "since": since, "from": start, "to": end, "as-of": as_of}
    with told():
        for name, value in given.items():
            if value and name not in TAKES.get(what, SCORE):
                bound = f"is not for {what.value}"
                raise BadInput(f"--{name}", value=value, bound=bound, remedy="See openchair report --help.")
        chair, text = open_home(context.obj), ""
        view: object
        if what is What.DAY:
            view = today = chair.today()
            text = minutes(today)
        elif what is What.GROWTH:
            view = grown = chair.growth.report(since=day(start), to=day(end), by=by)
            text = growth(grown)
        elif what is What.AUDIT:
            view = audited = chair.loyalty.report()
            text = audit(audited)
        else:
            view = scored = chair.scores.report(what, days=days, by=by, since=day(since), as_of=as_of)
            text = score(scored)
    if as_json:
        emit(view)
    elif out:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"Written to {out}")
    else:
        typer.echo(text)


SCORE = ("by", "since", "as-of")
TAKES = {What.DAY: (), What.GROWTH: ("by", "from", "to"), What.AUDIT: ()}
"""The options that a report takes where it is not a score."""


COMMANDS: dict[str, Callable[..., None]] = {
    "turn": turn,
    "today": today,
    "decide": decide,
    "report": report,
}
