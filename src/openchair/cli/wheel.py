"""Commands of the wheel: turn, today, decide, report."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from openchair.chair.reports import OPTIONS, REPORTS, Option, report_of
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
    from openchair.chair.daily import day
    from openchair.chair.markdown import markdown
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        view = chair.today(limit=limit)
    if as_json:
        emit(view)
    else:
        typer.echo(markdown(day(view)))


def decide(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")],
    moment: Annotated[str, typer.Option(help="The occasion: daily, checkout, visit, ...")] = "daily",
    channel: Annotated[str, typer.Option(help="Only what goes by this channel: e-mail, webhook, ...")] = "",
    candidate: Annotated[
        list[str] | None,
        typer.Option(help="Only this action, by its id; as often as there are actions to choose from."),
    ] = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """The next best action for one customer, now."""
    from openchair.cli import show
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        at = chair.moment(as_of) if as_of else None
        view = chair.decide(who, moment, channel=channel, candidates=candidate or None, at=at)
    if as_json:
        emit(view)
    else:
        show.decision(view, chair.currency)


def report(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help=f"{'; '.join(f'{r.name}: {r.about}' for r in REPORTS.values())}.")
    ] = "day",
    out: Annotated[Path | None, typer.Option(help="Write Markdown to this file instead.")] = None,
    as_json: Json = False,
    **options: str | int | None,
) -> None:
    """A report to read out at a meeting, or as JSON. An option that is not for it is refused."""
    from openchair.chair.markdown import markdown
    from openchair.cli.wiring import open_home

    with told():
        one = report_of(name)
        asked = one.asked({public: options[option.field] for public, option in OPTIONS.items()})
        view = one.read(open_home(context.obj), asked)
        text = "" if as_json else markdown(one.tell(view))
    if as_json:
        emit(view)
    elif out:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"Written to {out}")
    else:
        typer.echo(text)


def _option(name: str, option: Option) -> inspect.Parameter:
    """What a report may be asked, as an option of the command."""
    kind = int | None if option.kind is int else str
    said = Annotated[kind, typer.Option(f"--{name.replace('_', '-')}", help=option.about)]  # type: ignore[valid-type]
    default = None if option.kind is int else ""
    return inspect.Parameter(option.field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=said)


_own = list(inspect.signature(report).parameters.values())[:-1]
report.__signature__ = inspect.Signature([*_own, *(_option(*one) for one in OPTIONS.items())])  # type: ignore[attr-defined]

COMMANDS: dict[str, Callable[..., None]] = {
    "turn": turn,
    "today": today,
    "decide": decide,
    "report": report,
}
