"""Commands about people: customer, consents, merge, unmerge, merges, seat, audit."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.chair.actor import OWNER_AT_HOME as BY
from openchair.cli.output import Said, address, command, progress
from openchair.core.words import plural

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

Who = Annotated[str, typer.Argument(help="Customer id, shop id, e-mail or phone number.")]
Why = Annotated[str, typer.Option(help="The reason, kept with the change.")]


@command()
def customer(
    chair: "Chair",
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
) -> Said:
    """The dossier of one customer, after saying what is to be said of them."""
    from openchair.cli import show

    traits = [_pair(pair, "--set", "name=value") for pair in set or []]
    answers = [_pair(pair, "--agree", "purpose:channel=yes") for pair in agree or []]
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
    yield view
    yield from show.dossier(view, chair.currency)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"{text!r} is not {form}", param_hint=option)
    return name.strip(), value.strip()


@command()
def consents(chair: "Chair") -> Said:
    """How many customers agreed to what, by purpose and channel, and what changed of late."""
    counts, recent = chair.people.consents()
    yield {"counts": counts, "recent": recent}
    for c in counts:
        by = "" if c.channel == "any" else f" by {c.channel}"
        yield f"{c.purpose + by:<24} {c.yes:>9,} yes {c.no:>9,} no {c.unknown:>9,} unknown"


@command()
def merge(
    chair: "Chair",
    left: Annotated[str, typer.Argument(help="One customer.")],
    right: Annotated[str, typer.Argument(help="The other.")],
    why: Why = "",
) -> Said:
    """Say that two customers are one; it can be taken back exactly."""

    done = chair.merging.merge(left, right, by=BY, why=why)
    yield done
    yield f"They are one from now on. Take it back with: openchair unmerge {done.merge_id}"


@command()
def unmerge(
    chair: "Chair",
    who: Annotated[str, typer.Argument(help="A merge's id, or a customer whose merges are all taken back.")],
    why: Why = "",
) -> Said:
    """Take merges back: each customer is again exactly what they were, and they are kept apart."""

    undone = chair.merging.unmerge(who, by=BY, why=why)
    yield {"merges": undone}
    yield f"{plural(len(undone), 'merge', 'merges')} taken back."


@command()
def merges(
    chair: "Chair",
    status: Annotated[str, typer.Option(help="merged, asked or apart; left out: all.")] = "",
    customer: Annotated[str, typer.Option(help="Only those of one customer.")] = "",
    find: Annotated[bool, typer.Option("--find", help="First look for people who share no identifier.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> Said:
    """Pairs of customers that are one, that may be one, or that are kept apart."""

    with progress() as step:
        report = chair.merging.resolve(progress=step) if find else None
    found, more = chair.merging.merges(status=status, customer=customer, limit=limit)
    names = _names(chair, {one for merge in found for one in (merge.left_id, merge.right_id)})
    yield {"found": report, "merges": found, "has_more": more}
    if report is not None:
        yield (
            report.note
            or f"{report.pairs:,} pairs of {report.people:,} people compared in {report.seconds:.1f} s:"
            f" {report.merged:,} merged, {report.asked:,} to ask about."
        )
        for rule in report.rules:
            yield f"  {rule.pairs:>9,} pairs by {rule.rule}"
    for m in found:
        sure = "" if m.probability is None else f", {m.probability:.1%} by likeness alone"
        yield f"{m.merge_id}  {m.status:<7} {names[m.left_id]} and {names[m.right_id]}: {m.because}{sure}"
    if not found:
        yield "No pair is like that. Look for some: openchair merges --find"


def _names(chair: "Chair", ids: set[str]) -> dict[str, str]:
    """What each record is called, and what it can be found by."""
    from openchair.chair.intake import own

    rows = {row["customer_id"]: row["name"] for row in chair.state.rows_of(sorted(ids)).to_pylist()}
    known = {one: own.named(names).partition(":")[2] for one, names in chair.state.known_by(sorted(ids)).items()}
    told = {one: (rows.get(one), known.get(one, one)) for one in ids}
    return {one: f"{name} ({by})" if name and name != by else by for one, (name, by) in told.items()}


@command()
def seat(
    chair: "Chair",
    who: Who,
    language: Annotated[str, typer.Option(help="en, ur or th.")] = "en",
    days: Annotated[int | None, typer.Option(min=1, max=365, help="How long it opens; left out: the setting.")] = None,
) -> Said:
    """Make a link to a customer's own page; it opens once, and is shown once."""

    link = address(chair.settings) + chair.seats.link(who, by=BY, language=language, days=days)
    yield {"link": link}
    yield f"{link}\nIt opens once; send it to nobody but them."


@command()
def audit(
    chair: "Chair",
    customer: Annotated[str, typer.Option(help="Only what concerned one customer.")] = "",
    who: Annotated[str, typer.Option(help="Only what one person or key did.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> Said:
    """Who read or changed whose dossier, newest first."""

    lines, more = chair.privacy.audit(customer=customer, who=who, limit=limit)
    yield {"audit": lines, "has_more": more}
    for line in lines:
        yield f"{line.happened_at:%Y-%m-%d %H:%M}  {line.who}: {line.act} {line.customer_id or ''} {line.detail}"


COMMANDS: dict[str, Callable[..., None]] = {
    "customer": customer,
    "consents": consents,
    "merge": merge,
    "unmerge": unmerge,
    "merges": merges,
    "seat": seat,
    "audit": audit,
}
