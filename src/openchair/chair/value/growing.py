"""Growth: what changed between two periods, why, and what to move next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.chair.listening.scores import measuring
from openchair.chair.ports import Engine
from openchair.chair.value.reports import Cause, Excluded, GrowthPart, GrowthReport, NextLever
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.errors import BadInput
from openchair.core.money import show
from openchair.core.words import plural
from openchair.facts.days import local_day
from openchair.listening.scores import counting
from openchair.value import growth
from openchair.value.growth import Periods
from openchair.value.senders import referrals

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

DAYS = 365
"""Length of either period where the history reaches that far; else half of it."""
SEASON_DAYS = 15
"""Periods shorter than a year by more are of different seasons."""
FEWEST_DAYS = 7
"""A shorter half of a history is nothing to compare."""
MOST_DAYS = 3_660
PARTS = 40
"""Parts that are told apart, those with the most money; the rest are `others`."""
OTHERS, NOT_KNOWN = "others", "not known"
BY = ("stage", "worth")
"""What growth can be broken down by, beside the name of any trait."""
WHO = {
    "acquisition": ("new",),
    "referral": ("referred",),
    "reactivation": ("returned",),
    "retention": ("lost",),
    "refunds": (),
}
"""Whose customers a cause counts; the others are about those who stayed."""


@dataclass(frozen=True, slots=True)
class Growing:
    """How a shop's revenue grows."""

    chair: "Chair"

    def report(self, *, since: date | None = None, to: date | None = None, by: str = "") -> GrowthReport:
        """The change of revenue from the days before to the equally many of `since` to `to`, by cause.

        since: left out, a year before the end, or half of a shorter history. to: left out, the last day with an order
        that is over. by: stage, worth (fifths of what customers are expected to spend), or the name of a trait. Raises
        BadInput.
        """
        chair, moment = self.chair, self._moment()
        if to is not None and to > moment.day:
            raise BadInput("to", value=str(to), bound=f"is after today, {moment.day}", remedy="Give an earlier day.")
        with chair.reading() as engine:
            identities = engine.share(chair.state.identities()).select("identifier", "customer_id")
            facts = {k: (t := engine.facts(k)).filter(t.happened_at < moment.now) for k in _KINDS}
            lines = facts["purchases"].left_join(identities, "identifier").drop("identifier_right")
            lines = growth.judged(lines.mutate(day=local_day(lines.happened_at, moment.zone)), chair.currency)
            sold = lines.filter(lines.reason == "", ~lines.is_return)
            ends = engine.rows(sold.agg(first=sold.day.min(), last=sold.day.max())).to_pylist()[0]
            periods = _periods(ends["first"], ends["last"], moment.day, since, to)
            if isinstance(periods, _Short):
                return _nothing(chair.currency, periods, by, chair.simulated)
            pair = referred(facts["referrals"], identities, sold, moment)
            people = engine.keep(growth.count(lines, _brought(pair), periods))
            rows = engine.rows(growth.summed(_parted(engine, chair, people, facts["traits"], identities, by)))
            left = [
                *(
                    (row["reason"], row["lines"])
                    for row in engine.rows(growth.excluded(lines, periods.before, periods.to)).to_pylist()
                ),
                *_unsound(engine, pair),
            ]
        changes = _by_part(rows.to_pylist())
        return _told(chair, periods, ends["first"], by, changes, rows.to_pylist(), left)

    def _moment(self) -> Moment:
        now = self.chair.moment()
        return Moment(max(now.now, self.chair.now_or_last()), now.zone)


_KINDS = ("purchases", "referrals", "traits")


@dataclass(frozen=True, slots=True)
class _Short:
    """Why two periods cannot be compared."""

    reason: str
    needed: int | None = None


def _periods(
    first: date | None, last: date | None, today: date, since: date | None, to: date | None
) -> Periods | _Short:
    """The later period and the one before it, or why the history does not hold both."""
    if first is None or last is None:
        return _Short("nothing was sold yet", 2 * FEWEST_DAYS)
    end = to or max(min(last, today - timedelta(days=1)), first)
    seen = (end - first).days + 1
    length = (end - since).days + 1 if since else min(DAYS, seen // 2)
    if since and not 1 <= length <= MOST_DAYS:
        bound = f"must be 1 to {MOST_DAYS:,} days up to {end}"
        raise BadInput("from", value=str(since), bound=bound, remedy="Give a day before it.")
    if since is None and length < FEWEST_DAYS:
        return _Short(f"the history has {plural(max(seen, 0), 'day', 'days')}", 2 * FEWEST_DAYS - max(seen, 0))
    if seen < 2 * length:
        reason = f"the history begins on {first}, within the {plural(length, 'day', 'days')} to compare with"
        return _Short(reason, 2 * length - seen)
    return Periods(end - timedelta(days=length - 1), end)


def referred(told: ir.Table, identities: ir.Table, sold: ir.Table, moment: Moment) -> ir.Table:
    """Who told whom, with what is wrong with it (referrals.pairs)."""
    first = sold.group_by("customer_id").agg(first_on=_.day.min())
    known = owned(told, identities)
    return referrals.pairs(known.mutate(day=local_day(known.happened_at, moment.zone)), identities, first)


def _brought(pair: ir.Table) -> ir.Table:
    return referrals.brought(pair).select(customer_id="referred").distinct()


def _unsound(engine: Engine, pair: ir.Table) -> list[tuple[str, int]]:
    wrong = pair.filter(pair.reason.notnull()).group_by("reason").agg(n=_.count()).order_by("reason")
    return [(f"referral: {referrals.REASONS[row['reason']]}", row["n"]) for row in engine.rows(wrong).to_pylist()]


def _parted(
    engine: Engine, chair: "Chair", people: ir.Table, traits: ir.Table, identities: ir.Table, by: str
) -> ir.Table:
    """Customers with the `part` they belong to."""
    if not by:
        return people.mutate(part=ibis.literal(""))
    placed = engine.share(chair.state.placed())
    if by == "stage":
        of = placed.select("customer_id", part="stage")
    elif by == "worth":
        of = measuring.worth_bands(placed.filter(placed.orders >= 1))
    else:
        told = owned(traits, identities)
        if not measuring.weighable(by) or not engine.rows(told.filter(told.name == by).limit(1)).num_rows:
            bound = f"{', '.join(BY)}, or a trait that somebody has"
            raise BadInput("by", value=by, bound=bound, remedy="Name another.")
        of = counting.newest_trait(told, by)
    joined = people.left_join(of, "customer_id").drop("customer_id_right")
    return joined.mutate(part=joined.part.fill_null(NOT_KNOWN))


def _by_part(rows: Sequence[Mapping[str, Any]]) -> dict[str, growth.Change]:
    """The change of each part, those with the most money first, who they are not being known last."""
    of: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        of.setdefault(row["part"], []).append(row)
    changes = {name: growth.change(some) for name, some in of.items()}
    order = sorted(changes, key=lambda name: (name == NOT_KNOWN, -changes[name].before - changes[name].after, name))
    shown = {name: changes[name] for name in order[:PARTS]}
    return shown | ({OTHERS: growth.together([changes[name] for name in order[PARTS:]])} if order[PARTS:] else {})


def _told(
    chair: "Chair",
    periods: Periods,
    first: date,
    by: str,
    changes: Mapping[str, growth.Change],
    rows: Sequence[Mapping[str, Any]],
    left: Sequence[tuple[str, int]],
) -> GrowthReport:
    whole = growth.together(list(changes.values()))
    return GrowthReport(
        currency=chair.currency,
        before_from=periods.before,
        since=periods.since,
        to=periods.to,
        days=periods.days,
        before_minor=whole.before,
        after_minor=whole.after,
        causes=tuple(
            Cause(name, minor, sum(whole.customers.get(kind, 0) for kind in WHO.get(name, ("stayed",))))
            for name, minor in whole.causes.items()
        ),
        customers=whole.customers,
        levers=tuple(
            NextLever(
                one.name, one.existing, one.stake_minor, one.step_minor, one.customers,
                evidence(one, whole.customers, chair.currency),
            )
            for one in growth.levers(rows)
        ),
        excluded=tuple(Excluded(reason, n) for reason, n in left),
        notes=tuple(_notes(periods, first, whole.customers)),
        by=by,
        parts=tuple(
            GrowthPart(name, one.before, one.after, tuple(one.causes.values())) for name, one in changes.items() if by
        ),
        simulated=chair.simulated,
    )  # fmt: skip


_EVIDENCE = {
    "retention": "{n} of {base} who bought in the period before did not buy again; they had spent {stake}.",
    "frequency": "Of {n} who stayed, those who ordered less often than before spent {stake} less by that.",
    "basket": "Of {n} who stayed, those whose orders became smaller spent {stake} less by that.",
    "reactivation": "{n} came back after a pause and spent {stake}.",
    "referral": "{n} were sent by other customers and spent {stake}.",
    "acquisition": "{n} were new, sent by nobody we know of, and spent {stake}.",
}


def evidence(lever: growth.Lever, customers: Mapping[str, int], currency: str) -> str:
    """What a lever rests on, as a sentence."""
    base = customers.get("lost", 0) + customers.get("stayed", 0)
    return _EVIDENCE[lever.name].format(
        n=plural(lever.customers, "customer", "customers"), base=f"{base:,}", stake=show(lever.stake_minor, currency)
    )


def _notes(periods: Periods, first: date, customers: Mapping[str, int]) -> list[str]:
    said = []
    if periods.days < DAYS - SEASON_DAYS:
        said.append("The two periods are of different seasons, and part of the change may be the season's.")
    if first >= periods.before:
        said.append("There is no history before the two periods, so whoever came back after a pause counts as new.")
    if customers.get("new") and not customers.get("referred"):
        said.append("Of no new customer is it known who sent them; whoever was sent counts as new.")
    return said


def _nothing(currency: str, why: _Short, by: str, simulated: bool) -> GrowthReport:
    return GrowthReport(
        currency, None, None, None, 0, None, None, (), {}, (), (), (), by, unknown=why.reason, needed=why.needed,
        simulated=simulated,
    )  # fmt: skip
