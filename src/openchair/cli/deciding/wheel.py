"""Commands of the wheel: turn, today, decide, report."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.reports import OPTIONS, REPORTS, Option, report_of
from openchair.cli.output import Said, command, progress
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

AsOf = Annotated[str, typer.Option("--as-of", help="A date or ISO 8601 time; facts from then on do not count.")]


@command()
def turn(chair: "Chair", home: Path, as_of: AsOf = "") -> Said:
    """Turn the wheel once: know everyone anew, then choose the next best action for each customer."""
    with progress() as step:
        report = chair.turn(chair.moment(as_of), progress=step)
    yield report
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
    people = plural(report.customers, "customer", "customers")
    yield f"{people}; something to do for {report.decisions:,} of them on {report.day} ({steps})."
    for finding in report.findings:
        yield f"  {finding.text} {finding.note}".rstrip()
    yield f"Next: openchair --home {home} today"


@command()
def today(
    chair: "Chair",
    limit: Annotated[
        int | None, typer.Option(min=1, max=1000, help="How many decisions; left out: the setting daily_list.")
    ] = None,
) -> Said:
    """The day's actions, best first, each with its reasons."""
    from openchair.chair.daily import day
    from openchair.chair.markdown import markdown

    view = chair.today(limit=limit)
    yield view
    yield markdown(day(view))


@command()
def decide(
    chair: "Chair",
    who: Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")],
    moment: Annotated[str, typer.Option(help="The occasion: daily, checkout, visit, ...")] = "daily",
    channel: Annotated[str, typer.Option(help="Only what goes by this channel: e-mail, webhook, ...")] = "",
    candidate: Annotated[
        list[str] | None,
        typer.Option(help="Only this action, by its id; as often as there are actions to choose from."),
    ] = None,
    as_of: AsOf = "",
) -> Said:
    """The next best action for one customer, now."""
    from openchair.cli import show

    at = chair.moment(as_of) if as_of else None
    view = chair.decide(who, moment, channel=channel, candidates=candidate or None, at=at)
    yield view
    yield from show.decision(view, chair.currency)


def _report(
    chair: "Chair",
    name: Annotated[
        str, typer.Argument(help=f"{'; '.join(f'{r.name}: {r.about}' for r in REPORTS.values())}.")
    ] = "day",
    out: Annotated[Path | None, typer.Option(help="Write Markdown to this file instead.")] = None,
    **options: str | int | None,
) -> Said:
    """A report to read out at a meeting, or as JSON. An option that is not for it is refused."""
    from openchair.chair.markdown import markdown

    one = report_of(name)
    asked = one.asked({public: options[option.field] for public, option in OPTIONS.items()})
    view = one.read(chair, asked)
    yield view
    text = markdown(one.tell(view))
    if out:
        out.write_text(text, encoding="utf-8")
    yield f"Written to {out}" if out else text


def _option(name: str, option: Option) -> inspect.Parameter:
    """What a report may be asked, as an option of the command."""
    kind = int | None if option.kind is int else str
    said = Annotated[kind, typer.Option(f"--{name.replace('_', '-')}", help=option.about)]  # type: ignore[valid-type]
    default = None if option.kind is int else ""
    return inspect.Parameter(option.field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=said)


_own = list(inspect.signature(_report).parameters.values())[:-1]
_report.__signature__ = inspect.Signature([*_own, *(_option(*one) for one in OPTIONS.items())])  # type: ignore[attr-defined]

COMMANDS: dict[str, Callable[..., None]] = {
    "turn": turn,
    "today": today,
    "decide": decide,
    "report": command()(_report),
}
