"""Commands about people: customer, consents, merge, unmerge, merges, seat, audit."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.cli.output import Json, address, emit, progress, told
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

Who = Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")]
Why = Annotated[str, typer.Option(help="The reason, kept with the change.")]


def customer(
    context: typer.Context,
    who: Who,
    set: Annotated[
        list[str] | None, typer.Option("--set", help="name=value, as often as needed; name= forgets.")
    ] = None,
    note: Annotated[str, typer.Option(help="A note to write down.")] = "",
    forbid: Annotated[list[str] | None, typer.Option(help="A hard rule to add: peanuts, no calls, ...")] = None,
    lift: Annotated[list[str] | None, typer.Option(help="A hard rule to lift; needs --why.")] = None,
    agree: Annotated[list[str] | None, typer.Option(help="purpose:channel=yes or no, as marketing:e-mail=yes.")] = None,
    attention: Annotated[str, typer.Option(help="normal, less, important or nothing.")] = "",
    quiet: Annotated[str, typer.Option(help="Hours in which nothing may disturb them, as 21-8.")] = "",
    timezone: Annotated[str, typer.Option(help="Their time zone, as Asia/Karachi.")] = "",
    why: Why = "",
    timeline: Annotated[bool, typer.Option("--timeline", help="Also what happened, counted in history.")] = False,
    as_json: Json = False,
) -> None:
    """The dossier of one customer, after saying what is to be said of them."""
    from openchair.chair.actor import OWNER_AT_HOME as BY
    from openchair.cli import show
    from openchair.cli.wiring import open_home

    traits = [_pair(pair, "--set", "name=value") for pair in set or []]
    answers = [_pair(pair, "--agree", "purpose:channel=yes") for pair in agree or []]
    with told():
        chair = open_home(context.obj)
        for name, value in traits:
            chair.people.say(who, name, value, by=BY, why=why)
        for term in forbid or []:
            chair.people.forbid(who, term, by=BY)
        for term in lift or []:
            chair.people.lift(who, term, by=BY, why=why)
        for slot, answer in answers:
            purpose, _, channel = slot.partition(":")
            chair.people.agree(who, purpose, channel or "any", answer, by=BY, wording=why)
        if attention or quiet or timezone:
            chair.people.attend(who, by=BY, wish=attention, quiet=quiet, timezone=timezone)
        if note:
            chair.people.note(who, note, by=BY)
        view = chair.people.dossier(who, by=BY, timeline=timeline)
    if as_json:
        emit(view)
    else:
        show.dossier(view, chair.currency)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"{text!r} is not {form}", param_hint=option)
    return name.strip(), value.strip()


def consents(context: typer.Context, as_json: Json = False) -> None:
    """How many customers agreed to what, by purpose and channel, and what changed of late."""
    from openchair.cli.wiring import open_home

    with told():
        counts, recent = open_home(context.obj).people.consents()
    if as_json:
        emit({"counts": counts, "recent": recent})
        return
    for c in counts:
        by = "" if c.channel == "any" else f" by {c.channel}"
        typer.echo(f"{c.purpose + by:<24} {c.yes:>9,} yes {c.no:>9,} no {c.unknown:>9,} unknown")


def merge(
    context: typer.Context,
    left: Annotated[str, typer.Argument(help="One customer.")],
    right: Annotated[str, typer.Argument(help="The other.")],
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Say that two customers are one; it can be taken back exactly."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        done = open_home(context.obj).merging.merge(left, right, by=OWNER_AT_HOME, why=why)
    if as_json:
        emit(done)
    else:
        typer.echo(f"They are one from now on. Take it back with: openchair unmerge {done.merge_id}")


def unmerge(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="A merge's id, or a customer whose merges are all taken back.")],
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Take merges back: each customer is again exactly what they were, and they are kept apart."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        undone = open_home(context.obj).merging.unmerge(who, by=OWNER_AT_HOME, why=why)
    if as_json:
        emit({"merges": undone})
    else:
        typer.echo(f"{plural(len(undone), 'merge', 'merges')} taken back.")


def merges(
    context: typer.Context,
    status: Annotated[str, typer.Option(help="merged, asked or apart; left out: all.")] = "",
    customer: Annotated[str, typer.Option(help="Only those of one customer.")] = "",
    find: Annotated[bool, typer.Option("--find", help="First look for people who share no identifier.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """Pairs of customers that are one, that may be one, or that are kept apart."""
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        with progress() as step:
            report = chair.merging.resolve(progress=step) if find else None
        found, more = chair.merging.merges(status=status, customer=customer, limit=limit)
        names = _names(chair, {one for merge in found for one in (merge.left_id, merge.right_id)})
    if as_json:
        emit({"found": report, "merges": found, "has_more": more})
        return
    if report is not None:
        typer.echo(
            report.note
            or f"{report.pairs:,} pairs of {report.people:,} people compared in {report.seconds:.1f} s:"
            f" {report.merged:,} merged, {report.asked:,} to ask about."
        )
        for rule in report.rules:
            typer.echo(f"  {rule.pairs:>9,} pairs by {rule.rule}")
    for m in found:
        sure = "" if m.probability is None else f", {m.probability:.1%} by likeness alone"
        typer.echo(f"{m.merge_id}  {m.status:<7} {names[m.left_id]} and {names[m.right_id]}: {m.because}{sure}")
    if not found:
        typer.echo("No pair is like that. Look for some: openchair merges --find")


def _names(chair: "Chair", ids: set[str]) -> dict[str, str]:
    """What each record is called, and what it can be found by."""
    from openchair.chair.intake import own

    rows = {row["customer_id"]: row["name"] for row in chair.state.rows_of(sorted(ids)).to_pylist()}
    known = {one: own.named(names).partition(":")[2] for one, names in chair.state.known_by(sorted(ids)).items()}
    told = {one: (rows.get(one), known.get(one, one)) for one in ids}
    return {one: f"{name} ({by})" if name and name != by else by for one, (name, by) in told.items()}


def seat(
    context: typer.Context,
    who: Who,
    language: Annotated[str, typer.Option(help="en, ur or th.")] = "en",
    days: Annotated[int | None, typer.Option(min=1, max=365, help="How long it opens; left out: the setting.")] = None,
    as_json: Json = False,
) -> None:
    """Make a link to a customer's own page; it opens once, and is shown once."""
    from openchair.chair.actor import OWNER_AT_HOME
    from openchair.cli.wiring import open_home

    with told():
        chair = open_home(context.obj)
        link = address(chair.settings) + chair.seats.link(who, by=OWNER_AT_HOME, language=language, days=days)
    if as_json:
        emit({"link": link})
    else:
        typer.echo(f"{link}\nIt opens once; send it to nobody but them.")


def audit(
    context: typer.Context,
    customer: Annotated[str, typer.Option(help="Only what concerned one customer.")] = "",
    who: Annotated[str, typer.Option(help="Only what one person or key did.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_json: Json = False,
) -> None:
    """Who read or changed whose dossier, newest first."""
    from openchair.cli.wiring import open_home

    with told():
        lines, more = open_home(context.obj).privacy.audit(customer=customer, who=who, limit=limit)
    if as_json:
        emit({"audit": lines, "has_more": more})
        return
    for line in lines:
        typer.echo(f"{line.happened_at:%Y-%m-%d %H:%M}  {line.who}: {line.act} {line.customer_id or ''} {line.detail}")


COMMANDS: dict[str, Callable[..., None]] = {
    "customer": customer,
    "consents": consents,
    "merge": merge,
    "unmerge": unmerge,
    "merges": merges,
    "seat": seat,
    "audit": audit,
}
