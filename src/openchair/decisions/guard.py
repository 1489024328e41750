"""The guard: what must not be done to whom, and why. One for every way out: a decision, a plan, a box, a reply.

It asks in this order, and keeps the first no: hard rules, consent, attention, whether the action suits the customer.
`permitted` judges a catalogue for everyone at once, `cleared` many things for one customer, by the same `against`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, reduce
from operator import or_
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from openchair.core.clock import Moment
from openchair.core.errors import BadInput
from openchair.core.settings import Settings
from openchair.decisions.limits import Limits, limits_of
from openchair.decisions.reasons import (
    A_SENDER,
    COMPLAINT_FIRST,
    IDEA_RESTS,
    LATER,
    NO_COMPLAINT,
    NO_CONSENT,
    NOT_A_SENDER,
    NOT_PROFILED,
    NOTHING_LEFT,
    PEACE,
    QUIET_HOURS,
    REASONS,
    TOO_FEW_ORDERS,
    TOO_SOON,
    WRONG_SCORE,
    WRONG_STAGE,
)
from openchair.decisions.situation import NPS_GROUPS, Circumstances
from openchair.decisions.ways import WAYS
from openchair.dossier import attention, consent, rules
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import Action

BUDGET_DAYS = 7
"""Between any contact and the next of a marketing kind, or a survey, lie at least so many days."""

_ROWS = 1 << 14
_Mask = NDArray[np.bool_]
_UNDECLARED, _WORDS = rules.Contents(edible=True), rules.Contents()


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on its way to a customer. Without contents nothing is declared: it is taken for edible, unless only
    words go that way (ways.Way.words).

    idea: what is not to be repeated too soon. owed: they are waiting for it, so it
    need not fit what is left of their attention.
    """

    id: str
    contents: rules.Contents | None = None
    channel: str | None = None
    purpose: str | None = None
    idea: str = ""
    spacing_days: int = 0
    owed: bool = False


def thing_of(action: Action) -> Thing:
    """An action as a thing on its way; a remedy for a complaint is owed."""
    owed = action.needs.complained is True
    idea = action.idea or action.id
    return Thing(action.id, action.contents, action.channel, action.purpose, idea, action.spacing_days, owed)


class Judged(NamedTuple):
    """What a thing on a way is held to; an empty idea may be repeated at will."""

    barred: rules.Barred
    agreed: int
    refused: int
    marketing: bool
    weight: float
    spacing: int
    idea: str
    disturbs: bool


@lru_cache(maxsize=1 << 16)
def _judged(
    way: str,
    contents: rules.Contents | None,
    channel: str | None,
    purpose: str | None,
    idea: str,
    days: int,
    owed: bool,
) -> Judged:
    """What things like this are held to, worked out once. Raises BadInput for a word that is none of ours."""
    out = WAYS.get(way)
    if out is None:
        raise BadInput("way", value=way, bound=f"one of {', '.join(WAYS)}", remedy="Name the road it takes to them.")
    for what, word, words in (("channel", channel, get_args(rules.Channel)), ("purpose", purpose, consent.PURPOSES)):
        if word is not None and word not in words:
            raise BadInput(what, value=word, bound=f"one of {', '.join(words)}", remedy="Name one of these.")
    channels: list[Any] = [one for one in dict.fromkeys((out.channel, channel)) if one is not None]
    purposes: list[Any] = [one for one in dict.fromkeys((out.purpose, purpose)) if one is not None] or ["marketing"]
    counts = out.counts and not owed
    if out.counts and not channels:
        bound = f"must be given on the way {way}"
        raise BadInput("channel", value="", bound=bound, remedy=f"Name one of {', '.join(get_args(rules.Channel))}.")
    both = [(one, by) for one in purposes for by in channels or [None]]
    held = contents or (_WORDS if out.words else _UNDECLARED)
    barred = [rules.barred(held, by, one) for one, by in both]
    terms = [consent.terms(one, by or "any") for one, by in both]
    distance = BUDGET_DAYS if {"marketing", "research"} & set(purposes) else 0
    return Judged(
        barred=rules.Barred(reduce(or_, (one.terms for one in barred)), barred[0].unsure),
        agreed=reduce(or_, (one.agreed for one in terms)),
        refused=reduce(or_, (one.refused for one in terms)),
        marketing="marketing" in purposes,
        weight=max(attention.WEIGHTS[by] for by in channels) if counts else 0.0,
        spacing=max(days, distance) if counts else 0,
        idea=idea if out.counts else "",
        disturbs=out.at_once and bool(set(channels) & attention.DISTURBING),
    )


def judged(thing: Thing, way: str) -> Judged:
    """What a thing on a way is held to. Raises BadInput for an unknown way, channel or purpose."""
    return _judged(way, thing.contents, thing.channel, thing.purpose, thing.idea, thing.spacing_days, thing.owed)


def against(of: Limits, things: Sequence[Judged]) -> NDArray[np.int16]:
    """(n, t) what rules, consents and attention have against t things for n customers: 0, or the first reason's code.

    This is the one check of all ways out.
    """
    if not things:
        return np.zeros((len(of), 0), dtype=np.int16)
    barred, agreed, refused, marketing, weight, spacing, ideas, _ = zip(*things, strict=True)
    codes = rules.blocks(of.rules, of.food_safety, barred)
    said, left, takes = of.consents[:, None], of.left[:, None], np.array(weight)
    resting = np.array([[idea in rests for idea in ideas] for rests in of.ideas], dtype=np.bool_)
    closed = ((said & np.array(refused)) != 0) | ((said & np.array(agreed)) != np.array(agreed))
    for code, mask in (
        (NO_CONSENT, closed),
        (NOT_PROFILED, ((said & consent.no("profiling")) != 0) & np.array(marketing)),
        (PEACE, (left < 0) & (takes > 0)),
        (TOO_SOON, of.days_contact[:, None] < np.array(spacing)),
        (NOTHING_LEFT, (left < takes) & (takes > 0)),
        (IDEA_RESTS, resting[of.resting]),
    ):
        codes = np.where((codes == 0) & mask, np.int16(code), codes)
    return codes


# --- many customers, the catalogue ----------------------------------------------------------------------------------


def permitted(of: Circumstances, actions: Sequence[Action]) -> NDArray[np.int16]:
    """(c, A) whether each action may be done in each of c circumstances: 0, or the code of the first reason against."""
    things = [judged(thing_of(action), "plan") for action in actions]
    codes = np.empty((len(of), len(actions)), dtype=np.int16)
    for start in range(0, len(of), _ROWS):
        codes[start : start + _ROWS] = against(of.part(slice(start, start + _ROWS)), things)
    for column, action in enumerate(actions):
        for code, test in _SUITS:
            codes[:, column] = np.where((codes[:, column] == 0) & test(of, action), np.int16(code), codes[:, column])
    return codes


def suited(of: Circumstances, actions: Sequence[Action]) -> _Mask:
    """(c, A) whether each action suits each of c circumstances, whatever forbids it."""
    against = [np.any([test(of, action) for _, test in _SUITS], axis=0) for action in actions]
    return ~np.stack(against, axis=1) if actions else np.zeros((len(of), 0), dtype=np.bool_)


def _complaint_first(of: Circumstances, action: Action) -> _Mask:
    held_back = action.purpose == "marketing" or action.needs.complained is False
    return of.complained if held_back and action.needs.complained is not True else np.zeros(len(of), dtype=np.bool_)


def _wrong_stage(of: Circumstances, action: Action) -> _Mask:
    return ~np.array([stage in action.uplift for stage in STAGES])[of.stage]


def _too_few_orders(of: Circumstances, action: Action) -> _Mask:
    return np.asarray(of.orders < action.needs.min_orders)


def _not_a_sender(of: Circumstances, action: Action) -> _Mask:
    return ~of.sender & (action.needs.sender is True)


def _a_sender(of: Circumstances, action: Action) -> _Mask:
    return of.sender & (action.needs.sender is False)


def _no_complaint(of: Circumstances, action: Action) -> _Mask:
    return ~of.complained & (action.needs.complained is True)


def _wrong_score(of: Circumstances, action: Action) -> _Mask:
    suits = action.needs.nps or NPS_GROUPS
    return ~np.array([group in suits for group in NPS_GROUPS])[of.nps]


_SUITS: tuple[tuple[int, Callable[[Circumstances, Action], _Mask]], ...] = (
    (COMPLAINT_FIRST, _complaint_first),
    (WRONG_STAGE, _wrong_stage),
    (TOO_FEW_ORDERS, _too_few_orders),
    (NOT_A_SENDER, _not_a_sender),
    (A_SENDER, _a_sender),
    (NO_COMPLAINT, _no_complaint),
    (WRONG_SCORE, _wrong_score),
)

# --- one customer, many things --------------------------------------------------------------------------------------

Verdict = tuple[Literal["clear", "later", "never"], str, date | None]


def cleared(
    row: Mapping[str, Any], way: str, things: Sequence[Thing], *, moment: Moment, settings: Settings
) -> list[Verdict]:
    """Whether each thing may go to a customer on a way: clear, later or never; why; and from which day it would fit.

    row: chair.ports.STANDING_COLUMNS, and `contacts` (dossier.attention.Contact) where they are known: without them it
    cannot be said when attention is free again. The day is None where it is not known, and what would hold it up next
    is not looked at. Raises BadInput for an unknown way, channel or purpose.
    """
    held = [judged(thing, way) for thing in things]
    codes = against(limits_of([row], moment.day), held)[0].tolist()
    quiet = attention.quiet_at(moment.now, row["quiet"] or "", settings.quiet_hours, moment.zone)
    if quiet is not None:
        codes = [QUIET_HOURS if code == 0 and one.disturbs else code for code, one in zip(codes, held, strict=True)]
    until = {QUIET_HOURS: quiet.astimezone(moment.zone).date()} if quiet else {}
    return [
        _CLEAR
        if code == 0
        else ("later", REASONS[code], until.get(code) or _until(code, row, thing, one, moment.day))
        if code in LATER
        else ("never", REASONS[code], None)
        for code, thing, one in zip(codes, things, held, strict=True)
    ]


_CLEAR: Verdict = ("clear", "", None)


def _until(code: int, row: Mapping[str, Any], thing: Thing, held: Judged, day: date) -> date | None:
    """The day on which a reason that passes has passed, as far as it is known."""
    if code == TOO_SOON and row["contacted_on"] is not None:
        contacted: date = row["contacted_on"]
        return contacted + timedelta(days=held.spacing)
    if code == NOTHING_LEFT and "contacts" in row:
        return attention.first_fit(row["attention_budget"], row["contacts"], held.weight, day)
    return None


def may_call(rows: Sequence[Mapping[str, Any]], *, moment: Moment, settings: Settings) -> list[Mapping[str, Any]]:
    """Those of these customers (rows with STANDING_COLUMNS) whom no rule, consent or wish keeps from being called."""
    if not rows:
        return []
    call = [judged(Thing("call", rules.Contents()), "call list")]
    codes = against(limits_of(rows, moment.day), call)[:, 0].tolist()
    return [row for row, code in zip(rows, codes, strict=True) if code == 0]
