"""Who brought whom: a forest out of referrals as they were reported, and what each customer has brought by it.

Counted in the engine: pairs, what is wrong with them, and a number for everyone who takes part. Thought in NumPy: the
forest is followed by pointer doubling, so a chain of a million costs twenty steps.
"""

from dataclasses import dataclass
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CAME = ("joined", "bought")
"""Statuses that say the friend came."""
REASONS = {
    "self": "to themselves",
    "late": "by somebody who joined later",
    "several": "of somebody whom another had told before",
    "cycle": "in a circle",
}
"""Why a referral is left out, in the order in which it is asked; in words that follow a number."""
PASSED_ON = 0.5
"""The share of what a friend brings, counted for whoever brought that friend: later generations count for less."""

_DRAWN = r'"drawn"\s*:\s*"{}"'


def pairs(referrals: ir.Table, identities: ir.Table, first: ir.Table) -> ir.Table:
    """One row for each two customers of whom one told the other: what came of it, and `reason` where it is left out.

    referrals: facts with `customer_id` (who told) and `day`. identities: identifier, customer_id. first: customer_id,
    first_on, the day of the first order. Gives referrer, referred, told_on, joined_on (null while they have not come),
    drawn ("sent", "kept": their invitation was drawn by lot to be sent or kept back; else null) and reason (a key of
    REASONS, or null). Of several who told one customer the first counts; ties fall to the lesser customer id.
    """
    told = referrals.inner_join(identities.rename(invitee="identifier", referred="customer_id"), "invitee")
    drawn = ibis.cases(
        *((told.properties.re_search(_DRAWN.format(word)), word) for word in ("kept", "sent")),
        else_=ibis.null("string"),
    )
    told = told.mutate(came=told.status.isin(CAME), drawn=drawn)
    pair = told.group_by(referrer=told.customer_id, referred=told.referred).agg(
        told_on=told.day.min(), came_on=told.day.min(where=told.came), drawn=told.drawn.min()
    )
    sides = pair.left_join(first.select(referrer="customer_id", referrer_on="first_on"), "referrer")
    sides = sides.drop("referrer_right").left_join(
        first.select(referred="customer_id", referred_on="first_on"), "referred"
    )
    # Whoever was kept back came without an invitation: the day of their first order is all there is.
    joined = ibis.ifelse(sides.drawn == "kept", sides.referred_on, ibis.coalesce(sides.referred_on, sides.came_on))
    came = sides.came_on.notnull() | (sides.drawn == "kept")
    rows = sides.mutate(joined_on=ibis.ifelse(came.fill_null(False), joined, ibis.null("date")))
    wrong = ibis.cases(
        (rows.referrer == rows.referred, "self"), (rows.referrer_on > rows.joined_on, "late"), else_=ibis.null("string")
    )
    rows = rows.mutate(wrong=wrong)
    tie = rows.joined_on.notnull() & rows.wrong.isnull() & (rows.drawn.fill_null("") != "kept")
    place = ibis.row_number().over(group_by=["referred", tie], order_by=["told_on", "referrer"])
    ranked = rows.mutate(tie=tie, place=place)
    reason = ibis.ifelse(ranked.tie & (ranked.place > 0), "several", ranked.wrong)
    return ranked.mutate(reason=reason).select("referrer", "referred", "told_on", "joined_on", "drawn", "reason")


def brought(pair: ir.Table) -> ir.Table:
    """Of `pairs`, those that brought somebody: referrer, referred, joined_on; each referred once."""
    came = pair.filter(_.reason.isnull(), _.joined_on.notnull(), _.drawn.fill_null("") != "kept")
    return came.select("referrer", "referred", "joined_on")


def numbered(came: ir.Table) -> ir.Table:
    """Everyone in the forest: customer_id, `place` from 0 in the order of ids, `parent` the place of who brought them.

    came: brought(..). parent is -1 for whoever was brought by nobody. In the order of place, these are what `Forest`
    is made of.
    """
    ids = ibis.union(came.select(customer_id="referrer"), came.select(customer_id="referred"), distinct=True)
    places = ids.mutate(place=ibis.row_number().over(order_by="customer_id").cast("int64"))
    ties = came.inner_join(places.select(referrer="customer_id", parent="place"), "referrer")
    rows = places.left_join(ties.select(customer_id="referred", parent="parent"), "customer_id")
    return rows.select("customer_id", "place", parent=rows.parent.fill_null(-1).cast("int64"))


class Steps(NamedTuple):
    """The state of a doubling: where each has come to after so many steps up, -1 past a root, at what weight."""

    place: Ints
    weight: Floats


@dataclass(frozen=True, slots=True)
class Forest:
    """Who brought whom, of n customers. parent: (n,) the place of who brought each, -1 for nobody. No cycles."""

    parent: Ints

    @property
    def friends(self) -> Ints:
        """(n,) how many each brought."""
        return np.bincount(self.parent[self.parent >= 0], minlength=len(self.parent)).astype(np.int64)

    def gathered(self, own: Floats, weight: Floats) -> Floats:
        """(n,) own, plus weight times what is gathered by each of those they brought.

        own: (n,). weight: (n,) in [0, 1], of what each one gathers, for whoever brought them.
        """
        total, at = own.astype(np.float64), Steps(self.parent, np.where(self.parent >= 0, weight, 0.0))
        while (live := np.flatnonzero(at.place >= 0)).size:
            up, share = at.place[live], at.weight[live]
            total = total + np.bincount(up, share * total[live], minlength=len(total))
            place, carried = np.full_like(at.place, -1), np.zeros_like(at.weight)
            place[live], carried[live] = at.place[up], share * at.weight[up]
            at = Steps(place, carried)
        return total


def forest(parent: Ints) -> tuple[Forest, NDArray[np.bool_]]:
    """A forest without its cycles, and (n,) who was on one: those are brought by nobody.

    parent: (n,) a place or -1.
    """
    place, taken = parent, 1
    while taken < len(parent) and (place >= 0).any():
        place, taken = np.where(place >= 0, place[place], -1), 2 * taken
    on_cycle = np.zeros(len(parent), dtype=np.bool_)
    on_cycle[place[place >= 0]] = True  # after n steps up, whoever has not left the top goes round
    return Forest(np.where(on_cycle, -1, parent)), on_cycle


class Brought(NamedTuple):
    """(n,) what each brought, in money, and the variance of it: `value` adds up to the sum of what was credited."""

    value: Floats
    variance: Floats


def credit(of: Forest, value: Floats, variance: Floats, due: Floats) -> Brought:
    """What everyone brought: the friends they brought, and a share of what those brought in turn.

    value, variance: (n,) what each customer counts for whoever brought them. due: (n,) in [0, 1], the chance that they
    would not have come otherwise. Everybody passes PASSED_ON x due of what they brought on to who brought *them* and
    keeps the rest, so that nothing counts twice: the sum over all is the sum of `value` over those who were brought.
    Kumar, Petersen & Leone (2010), with the chain of referrals followed to its end.
    """
    n, parent = len(value), of.parent
    tied = parent >= 0
    passed = np.where(tied, PASSED_ON * due, 0.0)

    def kept(own: Floats, share: Floats, keep: Floats) -> Floats:
        children = np.bincount(parent[tied], own[tied], minlength=n).astype(np.float64)
        return of.gathered(children, share) * keep

    return Brought(kept(value, passed, 1 - passed), kept(variance, passed**2, (1 - passed) ** 2))
