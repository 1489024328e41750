"""Tell: rows of the state become the views that pages, the API and the CLI show."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import Any, Protocol

from openchair.chair import views
from openchair.chair.acting.cataloguing import recalled
from openchair.chair.intake.referring import secret_of
from openchair.chair.listening.voices.figuring import needs_of
from openchair.chair.state import State
from openchair.chair.value.worth import figures, spender
from openchair.core.clock import Moment
from openchair.core.estimate import Estimate, Unknown
from openchair.core.records import filled
from openchair.core.settings import Settings
from openchair.decisions import explain
from openchair.decisions.record import Record, read
from openchair.dossier import attention, rules, stage, standing
from openchair.dossier.traits import Trait, traits_of
from openchair.loyalty.actions import WAIT, Action, by_id, fingerprint
from openchair.loyalty.pillars import EXPERIENCES, PILLARS
from openchair.value.senders import codes

DECISIONS_SHOWN = 20
ANSWERS_SHOWN = 6
RELATIVES_SHOWN = 24
MOST_TIES = 500
"""Ties looked at for a dossier; a database takes so many names at once."""
RELATIONS = ("family", "company", "friend", "trust")
ORDERS = ("worth", "recent", "name", "orders")
STATUSES = (
    "approved",
    "dismissed",
    "deferred",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "answered",
    "vetoed",
    "failed",
)
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
    return filled(
        views.Customer,
        row,
        name=row["name"] or row["customer_id"],
        value=spender(row),
    )


def decision(shop: Teller, row: Row, most: int | None = None) -> views.Decision:
    """A decision's row, joined with its situation and customer, as a view with its reasons.

    most: candidates, and actions ruled out, that are named at most; None: all of them.
    """
    record = read(row["record"])
    catalogue = shop.catalogue
    actions = chosen_from(shop.state, catalogue, record)
    action, now = actions.get(row["action"]), by_id(catalogue).get(row["action"])
    mine = record.find(row["action"])
    gain = Estimate(row["gain_minor"], row["gain_low"], row["gain_high"], n=mine.n if mine else 0.0)
    seen = {**row, "stage": row["stage"] or "prospect"}
    reasons = explain.reasons_of(row["action"], record, seen, actions, day=row["day"])
    return filled(
        views.Decision,
        row,
        customer=row["name"] or row["customer_id"],
        stage=seen["stage"],
        title=_title(row["action"], actions),
        pillar=PILLARS[action.pillar].title if action else "",
        experience=EXPERIENCES[action.experience] if action else "",
        channel=row["channel"] or (action.channel if action else ""),
        gain=gain,
        value=spender(row) if row["orders"] is not None else Unknown("no longer a customer"),
        catalogue=record.catalogue,
        reasons=reasons,
        would_change=explain.would_change_of(row["action"], record, actions, shop.currency),
        candidates=tuple(
            views.Candidate(c.action, _title(c.action, actions), c.gain, c.probability, c.weight)
            for c in record.candidates[:most]
        ),
        ruled_out=tuple(views.RuledOut(r.action, _title(r.action, actions), r.reason) for r in record.ruled_out[:most]),
        excluded=record.reasons(),
        parameters=_parameters(now),
        hard_rules=rules.shown(row["rules"] or 0),
        decided_by=row["decided_by"] or "",
        undo_until=_undo_until(row, now),
        tried=gain.value < 0 and not (action and action.owed),
    )


def chosen_from(state: State, catalogue: Sequence[Action], record: Record) -> Mapping[str, Action]:
    """What a decision was chosen from, actions by id, where that is kept; else what is in force, `catalogue`."""
    now = by_id(catalogue)
    known = record.catalogue in ("", fingerprint(catalogue))
    return now if known else {**now, **recalled(state, record.catalogue)}


def _parameters(action: Action | None) -> Mapping[str, Any]:
    """What whoever does it needs to know."""
    if action is None:
        return {}
    names = ("purpose", "cost_minor", "minutes", "is_discount", "approve", "undo_hours", "texts")
    return {name: getattr(action, name) for name in names}


def _undo_until(row: Row, action: Action | None) -> datetime | None:
    if action is None or not action.undo_hours or row["status"] != "approved" or row["decided_at"] is None:
        return None
    until: datetime = row["decided_at"] + timedelta(hours=action.undo_hours)
    return until


def _title(action: str, actions: Mapping[str, Action]) -> str:
    if action == WAIT:
        return "Wait"
    return actions[action].title if action in actions else action.replace("-", " ").capitalize()


def answered(row: Row) -> views.Answered:
    """A fact of kind answers as a view."""
    words = {name: row[name] or "" for name in ("question", "text", "language")}
    return views.Answered(row["happened_at"], row["survey_id"], row["metric"], score=row["score"], **words)


def dossier(shop: Teller, customer_id: str, happened: tuple[views.TimelineEntry, ...], at: Moment) -> views.Dossier:
    """One customer on one page. A customer no turn has seen yet has what was said of them, and no figures."""
    state = shop.state
    said, contacts = state.said("traits", customer_id), state.said("contacts", customer_id)
    identifiers = tuple(state.identifiers_of(customer_id))
    asked = standing.standing_of(said)
    traits, notes = traits_of(said, hidden=[name for row in said if standing.binds(name := row["name"])])
    asked, last = standing.standing_of(said), next(iter(state.turns(1)), None)
    decisions, _ = state.decisions(customer_id=customer_id, limit=DECISIONS_SHOWN)
    code = codes.code(secret_of(state), customer_id)
    row = state.customer(customer_id)
    who, headline = newcomer(customer_id, identifiers, traits), "New here; the next turn will know more."
    if row is not None:
        who = customer(row)
        headline = stage.headline(
            who.stage,
            first_on=who.first_on,
            days_since=(last.day - who.last_on).days if last and who.last_on else None,
            gap_days=None if who.gap_days is None or isnan(who.gap_days) else who.gap_days,
            orders=who.orders,
            sent_friends=row["sent_friends"] or 0,
        )
    return views.Dossier(
        **figures(row, last.models if last else {}, last.day if last else at.day, shop.settings.confidence),
        customer=who,
        stage=who.stage,
        value=who.value,
        identifiers=identifiers,
        headline=headline,
        traits=traits,
        hard_rules=standing.rules_in_force(said),
        food_safety=rules.FOOD_SAFETY[asked.food_safety],
        consents=standing.consents_in_force(said),
        attention=attention.of(asked, contacts, moment=at, settings=shop.settings),
        notes=notes,
        relatives=_relatives(shop, customer_id, identifiers),
        decisions=tuple(decision(shop, one) for one in decisions),
        simulated=shop.simulated,
        needs=needs_of(state, customer_id),
        referral_code=code,
        referral_link=codes.link(shop.settings.referral_url, code),
        answers=tuple(answered(row) for row in state.said("answers", customer_id)[: -ANSWERS_SHOWN - 1 : -1]),
        timeline=happened,
    )


def newcomer(customer_id: str, identifiers: Sequence[str], traits: Sequence[Trait]) -> views.Customer:
    """A customer of whom no turn has counted anything yet."""
    name = next((t.value for t in traits if t.name == "name"), identifiers[0].partition(":")[2] if identifiers else "")
    unknown = Unknown("no turn since they came", needed=1)
    return views.Customer(customer_id, name or customer_id, "prospect", None, None, 0, 0, None, unknown, None, None)


def _relatives(shop: Teller, customer_id: str, identifiers: Sequence[str]) -> tuple[views.Relative, ...]:
    """Those whom a tie names, by either end: family first, then company, friends and those they trust."""
    mine, ties = set(identifiers), shop.state.said("ties", customer_id)
    ends = {end: tie["relation"] for tie in ties for end in (tie["identifier"], tie["other"]) if end not in mine}
    owners = shop.state.owners(sorted(ends)[:MOST_TIES])
    found = {who: views.Relative(who, name or who, ends[end]) for end, (who, name) in owners.items()}
    order = sorted(found.values(), key=lambda one: (RELATIONS.index(one.relation), one.name, one.customer_id))
    return tuple(order[:RELATIVES_SHOWN])
