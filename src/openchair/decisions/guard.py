"""The guard: what must not be done to whom, and why. One for every way out: a decision, a plan, a box, a reply.

It asks in this order, and keeps the first no: hard rules, consent, attention, whether the action suits the customer.
`reached` judges a catalogue for everyone at once, `cleared` many things for one customer, by the same `against`.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
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
from openchair.decisions.features import NPS_GROUPS
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
    WRONG_MOMENT,
    WRONG_SCORE,
    WRONG_STAGE,
)
from openchair.decisions.situation import Circumstances
from openchair.decisions.ways import WAYS
from openchair.dossier import attention, consent, rules
from openchair.dossier.stage import STAGES
from openchair.loyalty.actions import MOMENTS, Action, Same

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


def thing_of(action: Action, channel: str = "") -> Thing:
    """An action on its way by a channel, else by the one it prefers; a remedy and what is essential are owed."""
    goes, idea = channel or action.channel, action.idea or action.id
    return Thing(action.id, action.contents, goes, action.purpose, idea, action.spacing_days, action.owed)


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


@dataclass(frozen=True, slots=True)
class Things:
    """t things as they are judged, each an element of every array; `places`: the columns of each idea."""

    terms: NDArray[np.int64]
    unsure: _Mask
    agreed: NDArray[np.int64]
    refused: NDArray[np.int64]
    marketing: _Mask
    weight: NDArray[np.float64]
    spacing: NDArray[np.float64]
    disturbs: _Mask
    places: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.terms)


def judged(things: Sequence[Thing], way: str) -> Things:
    """What things on a way are held to. Raises BadInput for an unknown way, channel or purpose."""
    each = [
        _judged(way, one.contents, one.channel, one.purpose, one.idea, one.spacing_days, one.owed) for one in things
    ]
    places: dict[str, list[int]] = {}
    for column, one in enumerate(each):
        places.setdefault(one.idea, []).append(column)
    return Things(
        terms=np.array([one.barred.terms for one in each], dtype=np.int64),
        unsure=np.array([one.barred.unsure for one in each], dtype=np.bool_),
        agreed=np.array([one.agreed for one in each], dtype=np.int64),
        refused=np.array([one.refused for one in each], dtype=np.int64),
        marketing=np.array([one.marketing for one in each], dtype=np.bool_),
        weight=np.array([one.weight for one in each], dtype=np.float64),
        spacing=np.array([one.spacing for one in each], dtype=np.float64),
        disturbs=np.array([one.disturbs for one in each], dtype=np.bool_),
        places={idea: np.array(columns) for idea, columns in places.items()},
    )


def against(of: Limits, things: Things) -> NDArray[np.int16]:
    """(n, t) what rules, consents and attention have against t things for n customers: 0, or the first reason's code.

    This is the one check of all ways out.
    """
    codes = rules.blocks(of.rules, of.food_safety, things.terms, things.unsure)
    said, left, takes = of.consents[:, None], of.left[:, None], things.weight
    resting = np.zeros((len(of.ideas), len(things)), dtype=np.bool_)
    for row, rests in enumerate(of.ideas):
        for idea in rests & things.places.keys():
            resting[row, things.places[idea]] = True
    closed = ((said & things.refused) != 0) | ((said & things.agreed) != things.agreed)
    return _first(
        codes,
        (NO_CONSENT, closed),
        (NOT_PROFILED, ((said & consent.no("profiling")) != 0) & things.marketing),
        (PEACE, (left < 0) & (takes > 0)),
        (TOO_SOON, of.days_contact[:, None] < things.spacing),
        (NOTHING_LEFT, (left < takes) & (takes > 0)),
        (IDEA_RESTS, resting[of.resting]),
    )


def _first(codes: NDArray[np.int16], *reasons: tuple[int, _Mask]) -> NDArray[np.int16]:
    """Codes, and where nothing was against yet the first of some reasons that is, each with its mask."""
    later = np.zeros_like(codes)
    for code, mask in reversed(reasons):
        np.copyto(later, np.int16(code), where=mask)
    return np.where(codes == 0, later, codes)


# --- many customers, the catalogue ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Board:
    """A catalogue of A actions as the guard judges it, worked out once.

    roads: the actions that have a j-th channel, and what they are held to on it. moments, stages, nps: (., A) whether
    an action is for each of MOMENTS, STAGES, NPS_GROUPS. The others: (A,) what it asks of a customer.
    """

    roads: tuple[tuple[NDArray[np.int64], Things], ...]
    moments: _Mask
    stages: _Mask
    nps: _Mask
    orders: NDArray[np.int64]
    senders: _Mask
    strangers: _Mask
    remedies: _Mask
    unburdened: _Mask


class Reached(NamedTuple):
    """codes: (c, A) 0 where an action may be done, else why not by the channel it prefers. channel: (c, A) the place in
    its `channels` of the first by which it may be done, 0 where there is none."""

    codes: NDArray[np.int16]
    channel: NDArray[np.int8]


def board_of(actions: Sequence[Action]) -> Board:
    """A catalogue as the guard judges it; the same tuple is worked out once."""
    return _board(Same(actions))


def reached(of: Circumstances, actions: Sequence[Action], moment: str = "daily") -> Reached:
    """Whether each action may be done in each of c circumstances at a moment, and by which channel.

    Raises BadInput for a moment that is none of MOMENTS.
    """
    board = board_of(actions)
    if moment not in MOMENTS:
        raise BadInput("moment", value=moment, bound=f"one of {', '.join(MOMENTS)}", remedy="Name one of these.")
    codes = np.zeros((len(of), len(actions)), dtype=np.int16)
    channel = np.zeros(codes.shape, dtype=np.int8)
    for start in range(0, len(of), _ROWS):
        rows = slice(start, start + _ROWS)
        for place, (columns, things) in enumerate(board.roads):
            found = against(of.part(rows), things)
            if place == 0:
                codes[rows] = found
                continue
            opens = (found == 0) & (codes[rows, columns] != 0)
            codes[rows, columns] = np.where(opens, np.int16(0), codes[rows, columns])
            channel[rows, columns] = np.where(opens, np.int8(place), channel[rows, columns])
    unsuited = _unsuited(of, board)
    return Reached(_first(codes, (WRONG_MOMENT, ~board.moments[MOMENTS.index(moment)]), *unsuited), channel)


def permitted(of: Circumstances, actions: Sequence[Action], moment: str = "daily") -> NDArray[np.int16]:
    """(c, A) whether each action may be done in each of c circumstances: 0, or the code of the first reason against."""
    return reached(of, actions, moment).codes


def suited(of: Circumstances, actions: Sequence[Action]) -> _Mask:
    """(c, A) whether each action suits each of c circumstances, whatever forbids it and whatever the moment."""
    return ~reduce(or_, (mask for _, mask in _unsuited(of, board_of(actions))))


def _unsuited(of: Circumstances, board: Board) -> tuple[tuple[int, _Mask], ...]:
    """(c, A) where an action does not suit, by the reason, in the order in which they are told."""
    complained, sender = of.complained[:, None], of.sender[:, None]
    return (
        (COMPLAINT_FIRST, complained & board.unburdened),
        (WRONG_STAGE, ~board.stages[of.stage]),
        (TOO_FEW_ORDERS, of.orders[:, None] < board.orders),
        (NOT_A_SENDER, ~sender & board.senders),
        (A_SENDER, sender & board.strangers),
        (NO_COMPLAINT, ~complained & board.remedies),
        (WRONG_SCORE, ~board.nps[of.nps]),
    )


@lru_cache(maxsize=16)
def _board(same: Same) -> Board:
    actions = same.actions
    roads = []
    for place in range(max((len(one.channels) for one in actions), default=0)):
        columns = [column for column, one in enumerate(actions) if len(one.channels) > place]
        things = judged([thing_of(actions[column], actions[column].channels[place]) for column in columns], "plan")
        roads.append((np.array(columns), things))
    needs = [one.needs for one in actions]

    def for_each(words: Sequence[str], suits: Callable[[Action], Container[str]]) -> _Mask:
        fits = [[word in suits(one) for one in actions] for word in words]
        return np.array(fits, dtype=np.bool_).reshape(len(words), len(actions))

    def those(answers: Iterable[bool]) -> _Mask:
        return np.array(list(answers), dtype=np.bool_)

    return Board(
        roads=tuple(roads),
        moments=for_each(MOMENTS, lambda one: one.moments or MOMENTS),
        stages=for_each(STAGES, lambda one: one.uplift),
        nps=for_each(NPS_GROUPS, lambda one: one.needs.nps or NPS_GROUPS),
        orders=np.array([one.min_orders for one in needs], dtype=np.int64),
        senders=those(one.sender is True for one in needs),
        strangers=those(one.sender is False for one in needs),
        remedies=those(one.complained is True for one in needs),
        unburdened=those(
            one.needs.complained is not True and (one.purpose == "marketing" or one.needs.complained is False)
            for one in actions
        ),
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
    held = judged(things, way)
    codes = against(limits_of([row], moment.day), held)[0]
    quiet = attention.quiet_at(moment.now, row["quiet"] or "", settings.quiet_hours, moment.zone)
    if quiet is not None:
        codes = np.where((codes == 0) & held.disturbs, np.int16(QUIET_HOURS), codes)
    until = {QUIET_HOURS: quiet.astimezone(moment.zone).date()} if quiet else {}
    return [
        _CLEAR
        if code == 0
        else ("later", REASONS[code], until.get(code) or _until(code, row, held, place, moment.day))
        if code in LATER
        else ("never", REASONS[code], None)
        for place, code in enumerate(codes.tolist())
    ]


_CLEAR: Verdict = ("clear", "", None)


def _until(code: int, row: Mapping[str, Any], held: Things, place: int, day: date) -> date | None:
    """The day on which a reason that passes has passed, as far as it is known."""
    if code == TOO_SOON and row["contacted_on"] is not None:
        contacted: date = row["contacted_on"]
        return contacted + timedelta(days=int(held.spacing[place]))
    if code == NOTHING_LEFT and "contacts" in row:
        return attention.first_fit(row["attention_budget"], row["contacts"], float(held.weight[place]), day)
    return None


def may_call(rows: Sequence[Mapping[str, Any]], *, moment: Moment, settings: Settings) -> list[Mapping[str, Any]]:
    """Those of these customers (rows with STANDING_COLUMNS) whom no rule, consent or wish keeps from being called."""
    if not rows:
        return []
    call = judged([Thing("call", rules.Contents())], "call list")
    codes = against(limits_of(rows, moment.day), call)[:, 0].tolist()
    return [row for row, code in zip(rows, codes, strict=True) if code == 0]
