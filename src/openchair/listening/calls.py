"""Whom to call this week: those from whom most is learned, some of each reason, and some by chance.

Pure: the pools of those who may be called, by reason, come from the state; what is chosen follows from them alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any

from openchair.core.ids import digest
from openchair.core.money import show
from openchair.core.words import ago, plural
from openchair.dossier.stage import days

Row = Mapping[str, Any]
"""A customer's row (chair.ports.CUSTOMER_COLUMNS), what the reason found (`found`, `found_n`, `found_on`), and whether
a need (`has_need`) and ties (`has_ties`) of theirs are known."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is called. share: of a list. because: the sentence with the figures. ask: the first question."""

    name: str
    share: float
    because: Callable[[Row, str, date], str]
    ask: str


def _at_risk(row: Row, currency: str, day: date) -> str:
    rhythm = f"usually buys every {days(row['gap_days'])}, and it has been {(day - row['last_on']).days}"
    orders = plural(row["orders"], "order", "orders")
    return f"{row['stage'].capitalize()}: spent {show(row['spent_minor'], currency)} in {orders}; {rhythm}."


def _silent(row: Row, currency: str, day: date) -> str:
    orders = plural(row["orders"], "order", "orders")
    return f"Spent {show(row['spent_minor'], currency)} in {orders} and never told us anything."


def _unhappy(row: Row, currency: str, day: date) -> str:
    return f"Scored us {row['found_n']:g} {ago((day - row['found_on']).days)}."


def _sender(row: Row, currency: str, day: date) -> str:
    friends = plural(int(row["found_n"]), "friend", "friends")
    return f"Sent {friends} of late, the first {ago((day - row['found_on']).days)}."


def _need(row: Row, currency: str, day: date) -> str:
    others = int(row["found_n"]) - 1
    shared = f"only {plural(others, 'other has', 'others have')} spoken of" if others else "nobody else has spoken of"
    return f"Spoke of a need that {shared}: {row['found']}."


def _chance(row: Row, currency: str, day: date) -> str:
    orders = plural(row["orders"], "order", "orders")
    return f"Drawn by chance: {row['stage']}, {orders}, {show(row['spent_minor'], currency)} spent."


CHANCE = "chance"
REASONS: tuple[Reason, ...] = (
    Reason("champion at risk", 0.26, _at_risk, "What has changed since you last ordered?"),
    Reason("unhappy", 0.16, _unhappy, "What should we have done, and what would put it right now?"),
    Reason("unusual need", 0.14, _need, "You spoke of this: {found}. How do you manage today?"),
    Reason("new sender", 0.14, _sender, "When you told your friend of us, what did you say?"),
    Reason("silent", 0.2, _silent, "What makes you come back, though we never asked?"),
    Reason(CHANCE, 0.1, _chance, "What did you try before us, and what made you choose us?"),
)
"""In this order: what one leaves free, the next one takes. What is drawn by chance comes last, so the list is full."""

LACKS: tuple[tuple[Callable[[Row], bool], str], ...] = (
    (
        lambda row: row["food_safety"] in (None, "unknown"),
        "Is there anything that you, or those who eat with you, must not eat?",
    ),
    (lambda row: not row["has_need"], "What would make this part of your week easier?"),
    (lambda row: row["nps_score"] is None, "Would you tell a friend of us? What keeps you from it?"),
    (lambda row: row["orders"] <= 2, "Who or what brought you to us?"),
    (lambda row: not row["has_ties"], "Who else enjoys what you order?"),
)
"""What a dossier may lack, and the question that would tell."""
ALWAYS = "What is the one thing we should do better?"


def quotas(size: int) -> dict[str, int]:
    """How many of a list's places each reason has; at least a tenth, rounded up, are left to chance.

    >>> quotas(30)
    {'champion at risk': 8, 'unhappy': 5, 'unusual need': 4, 'new sender': 4, 'silent': 6, 'chance': 3}
    >>> quotas(1), sum(quotas(17).values())
    ({'champion at risk': 0, 'unhappy': 0, 'unusual need': 0, 'new sender': 0, 'silent': 0, 'chance': 1}, 17)
    """
    given, left, rest = {}, size - ceil(size * REASONS[-1].share), 1 - REASONS[-1].share
    for reason in REASONS[:-1]:
        given[reason.name] = round(left * reason.share / rest) if rest > 1e-9 else left
        left, rest = left - given[reason.name], rest - reason.share
    return given | {CHANCE: size - sum(given.values())}


def choose(pools: Mapping[str, Sequence[str]], leaders: Sequence[str], size: int) -> dict[str, list[tuple[str, str]]]:
    """Each leader's list as (customer, reason), in the order of REASONS; nobody is on two lists, or twice on one.

    pools: customers by reason, the most telling first. What a reason cannot fill flows on to the next one, and what is
    left in the end to whoever is left in any pool. Those of a reason are dealt round, to the shortest list.
    """
    lists: dict[str, list[tuple[str, str]]] = {leader: [] for leader in leaders}
    taken: set[str] = set()
    room, free = quotas(size), 0
    for turn in range(2):
        for reason in REASONS:
            wanted = free + (room[reason.name] * len(leaders) if turn == 0 else 0)
            fresh = [one for one in dict.fromkeys(pools.get(reason.name, ())) if one not in taken][:wanted]
            for one in fresh:
                shortest = min(leaders, key=lambda leader: len(lists[leader]))
                lists[shortest].append((one, reason.name))
            taken.update(fresh)
            free = wanted - len(fresh)
    order = [reason.name for reason in REASONS]
    return {leader: sorted(some, key=lambda pair: order.index(pair[1])) for leader, some in lists.items()}


def because(reason: str, row: Row, currency: str, day: date) -> str:
    """Why this customer, with the figures. currency: of the shop; day: the shop's."""
    return _REASON[reason].because(row, currency, day)


def questions(reason: str, row: Row) -> tuple[str, str]:
    """Two questions worth asking: one by the reason, one by what the dossier lacks.

    Of several things that are lacking, the customer's own id says which is asked, so that a list does not ask everyone
    the same.
    """
    lacking = [question for lacks, question in LACKS if lacks(row)]
    place = int(digest(row["customer_id"], reason)[:8], 16)
    second = lacking[place % len(lacking)] if lacking else ALWAYS
    return _REASON[reason].ask.format_map(row), second


_REASON = {reason.name: reason for reason in REASONS}


def monday(day: date) -> date:
    """The day that a day's week begins on.

    >>> monday(date(2026, 11, 22)).isoformat()
    '2026-11-16'
    """
    return day - timedelta(days=day.weekday())
