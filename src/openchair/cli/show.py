"""How the wheel's views read in a terminal."""

from collections.abc import Iterator
from datetime import datetime

from openchair.chair.views import Decision, Dossier
from openchair.core.estimate import Number, Unknown
from openchair.core.money import show


def decision(d: Decision, currency: str, prefix: str = "") -> Iterator[str]:
    """One decision with its reasons."""
    gain = f"{show(d.gain.value, currency)} ({show(d.gain.low, currency)} to {show(d.gain.high, currency)})"
    by = f" [{d.pillar}, {d.experience}]" if d.pillar else ""
    yield f"{prefix}{d.customer}: {d.title}{by}"
    yield f"   worth gained over 12 months {gain}; chance {d.propensity:.3f}; {d.status}"
    for sentence in (*d.reasons, d.would_change):
        yield f"   {sentence}"


def _money(number: Number, currency: str) -> str:
    """Money with its interval, or why there is none."""
    if isinstance(number, Unknown):
        return str(number)
    return f"{show(number.value, currency)} ({show(number.low, currency)} to {show(number.high, currency)})"


def dossier(view: Dossier, currency: str) -> Iterator[str]:
    """One customer, as lines: what must never be done first."""
    c = view.customer
    yield f"{c.name}{' [simulated]' if view.simulated else ''}: {view.headline}"
    for rule in view.hard_rules:
        yield f"  {rule.text.replace(': ', ' ').upper()} ({_from(rule.said_by, rule.by, rule.since)})"
    if view.food_safety == "unknown":
        yield "  Allergies are not known."
    for d in view.decisions[:1]:
        yield from decision(d, currency, f"  {d.day}: ")
    for trait in view.traits:
        doubt = "; sources disagree" if trait.conflict else ""
        yield f"  {trait.name}: {trait.value} ({_from(trait.said_by, trait.by, trait.since)}{doubt})"
    for note in view.notes:
        yield f"  note by {note.author}, {note.since:%d %b %Y}: {note.text}"
    for need in view.needs:
        yield f"  needs: {need}"
    a = view.attention
    yield f"  attention: {a.left:g} of {a.budget:g} left ({a.wish}{f', quiet {a.quiet}' if a.quiet else ''})"
    for consent in view.consents:
        if consent.answer != "unknown" and consent.since:
            by = "" if consent.channel == "any" else f" by {consent.channel}"
            yield f"  {consent.purpose}{by}: {consent.answer} ({_from(consent.said_by, consent.by, consent.since)})"
    for relative in view.relatives:
        yield f"  {relative.relation}: {relative.name}"
    for horizon, number in view.horizons.items():
        yield f"  worth as spender, {horizon}: {_money(number, currency)}"
    yield f"  worth as sender: {_money(view.sender, currency)}; together {_money(view.worth, currency)}"
    for d in view.decisions[1:3]:
        yield from decision(d, currency, f"  {d.day}: ")
    for entry in view.timeline[:20]:
        yield f"  {entry.happened_at:%Y-%m-%d}  {entry.title}: {entry.detail}"
    yield f"  known by {', '.join(view.identifiers)}; friends they send give {view.referral_code}"


def _from(said_by: str, by: str, since: datetime) -> str:
    """Who says so, and since when."""
    return f"said by {by or said_by}, {since:%d %b %Y}"
