"""Tell: rows of the state become the views that pages, the API and the CLI show."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isnan
from typing import Any, Protocol

from openchair.chair import views
from openchair.chair.state import State
from openchair.core.estimate import Estimate, Unknown
from openchair.core.money import show
from openchair.core.settings import Settings
from openchair.decisions import explain
from openchair.dossier import consent, rules, stage
from openchair.loyalty.actions import WAIT, Action
from openchair.loyalty.pillars import EXPERIENCES, PILLARS
from openchair.value.worth import FEWEST_REPEATERS

ORDERS = ("worth", "recent", "name", "orders")
STATUSES = ("approved", "dismissed", "sent", "delivered", "opened", "clicked", "answered", "vetoed", "failed")
Row = Mapping[str, Any]


class Teller(Protocol):
    """What telling needs to know of the shop."""

    @property
    def state(self) -> State: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def catalogue(self) -> tuple[Action, ...]: ...
    @property
    def currency(self) -> str: ...
    @property
    def simulated(self) -> bool: ...


def customer(row: Row) -> views.Customer:
    """A customer's row as a view."""
    return views.Customer(
        customer_id=row["customer_id"],
        name=row["name"] or row["customer_id"],
        stage=row["stage"],
        first_on=row["first_on"],
        last_on=row["last_on"],
        orders=row["orders"],
        spent_minor=row["spent_minor"],
        gap_days=row["gap_days"],
        value=worth(row),
        p_alive=row["p_alive"],
        expected_orders=row["expected_orders"],
    )


def worth(row: Row) -> Estimate | Unknown:
    """Spender value over 12 months, minor units, or why it is not known."""
    if row["value_minor"] is not None:
        return Estimate(row["value_minor"], row["value_low"], row["value_high"], n=row["orders"])
    if not row["orders"]:
        return Unknown("no order yet", needed=1)
    return Unknown(f"fewer than {FEWEST_REPEATERS} customers of the shop came back")


def decision(shop: Teller, row: Row) -> views.Decision:
    """A decision's row, joined with its situation and customer, as a view with its reasons."""
    actions = {action.id: action for action in shop.catalogue}
    action, record = actions.get(row["action"]), explain.read(row["record"])
    gain = Estimate(row["gain_minor"], row["gain_low"], row["gain_high"], n=_evidence(row["action"], record))
    seen = {**row, "stage": row["stage"] or "prospect"}
    reasons = explain.reasons_of(row["action"], record, seen, actions, day=row["day"])
    return views.Decision(
        decision_id=row["decision_id"],
        customer_id=row["customer_id"],
        customer=row["name"] or row["customer_id"],
        stage=seen["stage"],
        day=row["day"],
        moment=row["moment"],
        action=row["action"],
        title=_title(row["action"], actions),
        pillar=PILLARS[action.pillar].title if action else "",
        experience=EXPERIENCES[action.experience] if action else "",
        channel=action.channel if action else "",
        gain=gain,
        value=worth(row) if row["orders"] is not None else Unknown("no longer a customer"),
        propensity=row["propensity"],
        policy=row["policy"],
        reasons=reasons,
        would_change=explain.would_change_of(row["action"], record, actions, shop.currency),
        candidates=tuple(
            views.Candidate(c.action, _title(c.action, actions), c.gain, c.probability) for c in record.candidates
        ),
        ruled_out=tuple(views.RuledOut(r.action, _title(r.action, actions), r.reason) for r in record.ruled_out),
        status=row["status"],
        outcome_minor=row["outcome_minor"],
        hard_rules=rules.shown(row["rules"] or 0),
    )


def _evidence(action: str, record: explain.Record) -> float:
    return next((c.n for c in record.candidates if c.action == action), 0.0)


def _title(action: str, actions: Mapping[str, Action]) -> str:
    if action == WAIT:
        return "Wait"
    return actions[action].title if action in actions else action.replace("-", " ").capitalize()


def today(shop: Teller, last: views.TurnReport | None, limit: int) -> views.Today:
    """The first page of the day, from the last turn; before the first it says so by `as_of` None."""
    day = last.day if last else date.min
    rows, _ = shop.state.decisions(day=day, acting=True, limit=limit) if last else ([], False)
    chosen = tuple(decision(shop, row) for row in rows)
    voice_of = shop.state.customer(last.voice_of) if last and last.voice_of else None
    return views.Today(
        day=day,
        as_of=last.as_of if last else None,
        shop=shop.settings.name,
        currency=shop.currency,
        simulated=shop.simulated,
        lenses=last.lenses if last else (),
        customers=last.customers if last else 0,
        arrived=last.arrived if last else {},
        decisions=chosen,
        waiting=last.customers - len(chosen) if last else 0,
        findings=last.findings if last else (),
        voice=last.voice if last and voice_of else None,
        voice_customer=customer(voice_of) if voice_of else None,
    )


def dossier(
    shop: Teller,
    customer_id: str,
    identifiers: Sequence[str],
    traits: tuple[views.Trait, ...],
    happened: tuple[views.TimelineEntry, ...],
) -> views.Dossier:
    """One customer on one page. A customer no turn has seen yet has facts, and no figures."""
    row = shop.state.customer(customer_id)
    last = next(iter(shop.state.turns(1)), None)
    rows, _ = shop.state.decisions(customer_id=customer_id, limit=20)
    if row is None:
        name = next((t.value for t in traits if t.name == "name"), identifiers[0].partition(":")[2])
        who = views.Customer(
            customer_id,
            name,
            "prospect",
            None,
            None,
            0,
            0,
            None,
            Unknown("no turn since they came", needed=1),
            None,
            None,
        )
        return views.Dossier(
            customer=who,
            identifiers=tuple(identifiers),
            headline="New here; the next turn will know more.",
            traits=traits,
            hard_rules=(),
            food_safety="unknown",
            consents=(),
            timeline=happened,
            decisions=(),
            simulated=shop.simulated,
        )
    who = customer(row)
    days_since = (last.day - who.last_on).days if last and who.last_on else None
    gap = None if who.gap_days is None or isnan(who.gap_days) else who.gap_days
    return views.Dossier(
        customer=who,
        identifiers=tuple(identifiers),
        headline=stage.headline(
            who.stage,
            first_on=who.first_on,
            days_since=days_since,
            gap_days=gap,
            orders=who.orders,
            sent_friends=row["sent_friends"] or 0,
        ),
        traits=traits,
        hard_rules=rules.shown(row["rules"] or 0),
        food_safety=row["food_safety"],
        consents=consent.shown(row["consents"] or 0),
        timeline=happened,
        decisions=tuple(decision(shop, r) for r in rows),
        simulated=shop.simulated,
    )


def minutes(view: views.Today) -> str:
    """The day as Markdown, to read out at a meeting or to paste into a message."""
    if view.as_of is None:
        return "# The wheel has not turned yet\n\nImport orders, then run `openchair turn`.\n"
    mark = " (simulated)" if view.simulated else ""
    lines = [f"# {view.shop}{mark}, {view.day:%d %B %Y}", ""]
    lines += [f"- {f.text} {f.note}".rstrip() for f in view.findings]
    lines += ["", f"## What to do, best first ({len(view.decisions)})", ""]
    for d in view.decisions:
        low, high = show(d.gain.low, view.currency), show(d.gain.high, view.currency)
        lines.append(f"1. **{d.customer}**: {d.title}. {show(d.gain.value, view.currency)} ({low} to {high}).")
        lines += [f"   {reason}" for reason in d.reasons]
    if view.voice and view.voice_customer:
        lines += ["", "## In the empty chair", "", f"> {view.voice.detail}", f"> — {view.voice_customer.name}"]
    return "\n".join(lines) + "\n"
