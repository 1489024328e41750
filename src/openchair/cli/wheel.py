"""Commands of the wheel: turn, today, customer, decide, report."""

from pathlib import Path
from typing import Annotated

import typer

from openchair.chair.views import Customer, Decision, Dossier, Lens, Today
from openchair.cli.output import Json, console, emit, progress, told
from openchair.core.estimate import Unknown
from openchair.core.money import show

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
    console.print(
        f"{report.customers:,} customers, {report.decisions:,} worth a word on {report.day} ({steps}).", soft_wrap=True
    )
    for finding in report.findings:
        console.print(f"  {finding.text} {finding.note}".rstrip(), markup=False, soft_wrap=True)
    console.print(f"Next: openchair --home {context.obj} today", soft_wrap=True)


def today(
    context: typer.Context,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="How many decisions; left out: the setting daily_list.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """The day's actions, best first, each with its reasons."""
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        view = chair.today(limit=limit or None)
    if as_json:
        emit(view)
    else:
        _today(view)


def _today(view: Today) -> None:
    mark = " [simulated]" if view.simulated else ""
    if view.as_of is None:
        console.print("The wheel has not turned yet. Next: openchair turn", soft_wrap=True)
        return
    console.print(
        f"{view.shop}{mark}, {view.day}: {len(view.decisions)} people to look at", markup=False, soft_wrap=True
    )
    for lens in view.lenses:
        console.print(f"  {lens.title}: {_lens(lens, view.currency)}", markup=False, soft_wrap=True)
    for number, d in enumerate(view.decisions, 1):
        _decision(d, view.currency, f"{number}. ")
    for finding in view.findings:
        console.print(f"- {finding.text} {finding.note}".rstrip(), markup=False, soft_wrap=True)


def _lens(lens: Lens, currency: str) -> str:
    def one(value: float) -> str:
        return {
            "points": f"{value:.0f}",
            "share": f"{value:.0%}",
            "count": f"{value:,.0f}",
            "money": show(value, currency),
        }[lens.unit]

    if lens.value is None:
        return lens.note
    interval = "" if lens.low is None or lens.high is None else f" ({one(lens.low)} to {one(lens.high)})"
    return f"{one(lens.value)}{interval} {lens.note}".rstrip()


def _decision(d: Decision, currency: str, prefix: str = "") -> None:
    gain = f"{show(d.gain.value, currency)} ({show(d.gain.low, currency)} to {show(d.gain.high, currency)})"
    console.print(f"{prefix}{d.customer}: {d.title} [{d.pillar}, {d.experience}]", markup=False, soft_wrap=True)
    console.print(
        f"   worth gained over 12 months {gain}; chance {d.propensity:.3f}; {d.status}", markup=False, soft_wrap=True
    )
    for reason in d.reasons:
        console.print(f"   {reason}", markup=False, soft_wrap=True)


def customer(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="Customer id, shop id or e-mail.")],
    as_json: Json = False,
) -> None:
    """The dossier of one customer."""
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        view = chair.dossier(who)
    if as_json:
        emit(view)
    else:
        _dossier(view, chair.currency)


def worth(c: Customer, currency: str) -> str:
    """A customer's worth with its interval, or why there is none."""
    if isinstance(c.value, Unknown):
        return str(c.value)
    return f"{show(c.value.value, currency)} ({show(c.value.low, currency)} to {show(c.value.high, currency)})"


def _dossier(view: Dossier, currency: str) -> None:
    c = view.customer
    console.print(f"{c.name}{' [simulated]' if view.simulated else ''}: {view.headline}", markup=False, soft_wrap=True)
    console.print(f"  worth as spender over 12 months: {worth(c, currency)}", markup=False, soft_wrap=True)
    if view.hard_rules:
        console.print(f"  {', '.join(view.hard_rules)}", markup=False, soft_wrap=True, style="red")
    for trait in view.traits:
        console.print(
            f"  {trait.name}: {trait.value} (said by {trait.said_by}, {trait.since:%d %b %Y})",
            markup=False,
            soft_wrap=True,
        )
    for d in view.decisions[:3]:
        _decision(d, currency, f"  {d.day}: ")
    for entry in view.timeline[:20]:
        console.print(f"  {entry.happened_at:%Y-%m-%d}  {entry.title}: {entry.detail}", markup=False, soft_wrap=True)


def decide(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="Customer id, shop id or e-mail.")],
    moment: Annotated[str, typer.Option(help="The occasion: daily, checkout, call, ...")] = "daily",
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """The next best action for one customer, now."""
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        view = chair.decide(who, moment, at=chair.moment(as_of) if as_of else None)
    if as_json:
        emit(view)
    else:
        _decision(view, chair.currency)


def report(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Write Markdown to this file instead.")] = None,
    as_json: Json = False,
) -> None:
    """What the last turns found, to read out at a meeting."""
    from openchair.chair.tell import minutes
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        view = chair.today()
    if as_json:
        emit(view)
        return
    text = minutes(view)
    if out:
        out.write_text(text, encoding="utf-8")
        console.print(f"Written to {out}", soft_wrap=True)
    else:
        console.print(text, markup=False, soft_wrap=True)


COMMANDS = {"turn": turn, "today": today, "customer": customer, "decide": decide, "report": report}
