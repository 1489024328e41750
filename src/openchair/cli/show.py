"""How the wheel's views read in a terminal."""

from datetime import datetime

import typer

from openchair.chair.views import Decision, Dossier
from openchair.core.estimate import Number, Unknown
from openchair.core.money import show


def decision(d: Decision, currency: str, prefix: str = "") -> None:
    """One decision with its reasons."""
    gain = f"{show(d.gain.value, currency)} ({show(d.gain.low, currency)} to {show(d.gain.high, currency)})"
    typer.echo(f"{prefix}{d.customer}: {d.title} [{d.pillar}, {d.experience}]")
    typer.echo(f"   worth gained over 12 months {gain}; chance {d.propensity:.3f}; {d.status}")
    for sentence in (*d.reasons, d.would_change):
        typer.echo(f"   {sentence}")


def _money(number: Number, currency: str) -> str:
    """Money with its interval, or why there is none."""
    if isinstance(number, Unknown):
        return str(number)
    return f"{show(number.value, currency)} ({show(number.low, currency)} to {show(number.high, currency)})"


def dossier(view: Dossier, currency: str) -> None:
    """One customer, as lines: what must never be done first."""
    c = view.customer
    typer.echo(f"{c.name}{' [simulated]' if view.simulated else ''}: {view.headline}")
    for rule in view.hard_rules:
        typer.echo(f"  {rule.text.replace(': ', ' ').upper()} ({_from(rule.said_by, rule.by, rule.since)})")
    if view.food_safety == "unknown":
        typer.echo("  Allergies are not known.")
    for d in view.decisions[:1]:
        decision(d, currency, f"  {d.day}: ")
    for trait in view.traits:
        doubt = "; sources disagree" if trait.conflict else ""
        typer.echo(f"  {trait.name}: {trait.value} ({_from(trait.said_by, trait.by, trait.since)}{doubt})")
    for note in view.notes:
        typer.echo(f"  note by {note.author}, {note.since:%d %b %Y}: {note.text}")
    for need in view.needs:
        typer.echo(f"  needs: {need}")
    a = view.attention
    typer.echo(f"  attention: {a.left:g} of {a.budget:g} left ({a.wish}{f', quiet {a.quiet}' if a.quiet else ''})")
    for consent in view.consents:
        if consent.answer != "unknown" and consent.since:
            by = "" if consent.channel == "any" else f" by {consent.channel}"
            typer.echo(
                f"  {consent.purpose}{by}: {consent.answer} ({_from(consent.said_by, consent.by, consent.since)})"
            )
    for relative in view.relatives:
        typer.echo(f"  {relative.relation}: {relative.name}")
    for horizon, number in view.horizons.items():
        typer.echo(f"  worth as spender, {horizon}: {_money(number, currency)}")
    typer.echo(f"  worth as sender: {_money(view.sender, currency)}; together {_money(view.worth, currency)}")
    for d in view.decisions[1:3]:
        decision(d, currency, f"  {d.day}: ")
    for entry in view.timeline[:20]:
        typer.echo(f"  {entry.happened_at:%Y-%m-%d}  {entry.title}: {entry.detail}")
    typer.echo(f"  known by {', '.join(view.identifiers)}; friends they send give {view.referral_code}")


def _from(said_by: str, by: str, since: datetime) -> str:
    """Who says so, and since when."""
    return f"said by {by or said_by}, {since:%d %b %Y}"
