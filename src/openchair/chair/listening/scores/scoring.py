"""Scores: how customers answer, as numbers with their intervals, over time and by part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from openchair.chair.listening.scores import measuring
from openchair.chair.listening.scores.measuring import Measured, Sources
from openchair.chair.listening.views import Change, Part, Point, ScoreReport
from openchair.chair.ports import Engine
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.errors import BadInput
from openchair.core.estimate import Number, Unknown
from openchair.listening.scores import counting, trend
from openchair.listening.scores.metric import Metric, Tally, metric_of
from openchair.listening.scores.pooling import FEWEST_GROUPS, pooled
from openchair.listening.scores.satisfaction import share

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

MOST_DAYS = 3_660
WEEKS = 26
DAILY = 60
"""Weeks and days of the trend."""
PARTS = 40
"""Parts that are told apart, those with the most answers; the rest are `others`."""
OTHERS = "others"
NOT_KNOWN = "not known"
BY = ("stage", "worth", "product", "step", "survey")
"""What scores can be broken down by, beside the name of any trait, such as language."""


@dataclass(frozen=True, slots=True)
class Scores:
    """NPS, CSAT and CES of a shop."""

    chair: "Chair"

    def report(
        self, metric: str = "nps", *, days: int = measuring.DAYS, by: str = "", since: date | None = None,
        as_of: str = "",
    ) -> ScoreReport:  # fmt: skip
        """A score, its trend, and where asked its parts and its change since a day.

        days: 1 to 3,660 business days whose answers count, each customer's newest. by: stage, worth (fifths of what
        customers are expected to spend), product (bought last before the answer), step (taken last before it), survey,
        or the name of a trait. since: a day named beforehand, after which the score may have changed. Raises BadInput.
        """
        asked, moment = metric_of(metric), self._moment(as_of)
        if not 1 <= days <= MOST_DAYS:
            raise BadInput("days", value=days, bound=f"1 to {MOST_DAYS:,}", remedy="Give 90, say.")
        if since is not None and not moment.day - timedelta(days=MOST_DAYS) <= since <= moment.day:
            raise BadInput(
                "since", value=str(since), bound="must be a day of the last ten years", remedy="Give another."
            )
        back = (moment.day - since).days + days if since else 0
        reach = max(7 * WEEKS, DAILY + days, back)
        with self.chair.reading() as engine:
            customers = engine.share(self.chair.state.placed())
            facts = {
                k: (t := engine.facts(k)).filter(t.happened_at < moment.now) for k in ("answers", "traits", "contacts")
            }
            sources = Sources(facts["answers"], facts["traits"], engine.share(self.chair.state.identities()), customers)
            measured = measuring.measure(engine, asked, sources, moment, days, reach)
            parts = _parts(engine, measured, sources, moment, days, by) if by else ()
            change = _change(engine, measured, since, days) if since else None
            response = _response(engine, asked, facts["contacts"], sources, moment, days)
        return _told(measured, moment, days, by, parts, change, response, self.chair.simulated)

    def _moment(self, as_of: str) -> Moment:
        if as_of:
            return self.chair.moment(as_of)
        now = self.chair.moment()
        return Moment(max(now.now, self.chair.now_or_last()), now.zone)


def _told(
    measured: Measured, moment: Moment, days: int, by: str, parts: tuple[Part, ...], change: Change | None,
    response: Number | None, simulated: bool,
) -> ScoreReport:  # fmt: skip
    tally, metric = measured.spans.window(moment.day, days), measured.metric
    value = metric.estimate(tally)
    known = None if isinstance(value, Unknown) else value
    return ScoreReport(
        metric=metric.name,
        as_of=moment.now,
        days=days,
        value=known.value if known else None,
        low=known.low if known else None,
        high=known.high if known else None,
        n=tally.answers,
        effective_n=tally.effective_n if known else None,
        promoters=tally.of(1),
        passives=tally.of(0),
        detractors=tally.of(-1),
        unknown=str(value) if isinstance(value, Unknown) else "",
        needed=value.needed if isinstance(value, Unknown) else None,
        unweighted=metric.estimate(tally.unweighted()) if measured.margins else None,
        weighted_on=measured.weighted_on,
        response=response,
        trend=tuple(_point(metric, day, one) for day, one in trend.weeks(measured.spans, moment.day, WEEKS)),
        daily=tuple(_point(metric, day, one) for day, one in trend.daily(measured.spans, moment.day, DAILY, days)),
        change=change,
        by=by,
        parts=parts,
        simulated=simulated,
    )


def _point(metric: Metric, begins: date, tally: Tally) -> Point:
    value = metric.estimate(tally)
    if isinstance(value, Unknown):
        return Point(begins, None, None, None, tally.answers)
    return Point(begins, value.value, value.low, value.high, tally.answers)


def _change(engine: Engine, measured: Measured, since: date, days: int) -> Change:
    """The newest answers of the days before against the first ones since, as they came, without weights."""
    metric, given = measured.metric, measured.given
    later = given.filter(given.day >= since)
    place = ibis.row_number().over(group_by=later.who, order_by=[later.happened_at, later.fact_id])
    first = later.mutate(place=place).filter(_.place == 0)
    before = measured.spans.window(since - timedelta(days=1), days).unweighted()
    after = measuring.tally_of(metric, engine.rows(counting.counted(first))).unweighted()
    difference = trend.difference(metric, before, after)
    changed = not isinstance(difference, Unknown) and not difference.low <= 0 <= difference.high
    return Change(since, metric.estimate(before), metric.estimate(after), difference, changed)


def _response(
    engine: Engine, metric: Metric, contacts: ir.Table, sources: Sources, moment: Moment, days: int
) -> Number | None:
    """Of the customers asked in these days, the share who answered; None where nobody was asked."""
    first = ibis.literal(moment.now - timedelta(days=days), "timestamp('UTC')")
    who = sources.identities
    counts = counting.asked_and_answered(owned(contacts, who), owned(sources.answers, who), metric, first)
    row = engine.rows(counts).to_pylist()[0]
    return share(row["answered"], row["asked"]) if row["asked"] else None


def _parts(
    engine: Engine, measured: Measured, sources: Sources, moment: Moment, days: int, by: str
) -> tuple[Part, ...]:
    """The score of each part, those with the most answers first, each drawn towards the others (scores.pooling)."""
    newest = measuring.current(measured.given, moment.day, days)
    of, key = _part_of(engine, newest, sources, by, moment)
    named = newest.left_join(of, key).drop(f"{key}_right") if of is not None else newest.mutate(part=newest.survey_id)
    rows = engine.rows(counting.counted(named.mutate(part=named.part.fill_null(NOT_KNOWN)), "part"))
    people: dict[str, int] = {}
    if key == "customer_id" and of is not None:
        sizes = of.group_by("part").agg(n=_.count())
        people = {row["part"]: row["n"] for row in engine.rows(sizes).to_pylist()}
    answers: dict[str, int] = {}
    for name, n in zip(rows["part"].to_pylist(), rows["n"].to_pylist(), strict=True):
        answers[name] = answers.get(name, 0) + n
    order = sorted(answers, key=lambda name: (name == NOT_KNOWN, -answers[name], name))
    groups = {name: [name] for name in order[:PARTS]} | ({OTHERS: order[PARTS:]} if order[PARTS:] else {})
    tallies = [
        measuring.tally_of(measured.metric, rows.filter(pc.is_in(rows["part"], pa.array(names, pa.string()))))
        for names in groups.values()
    ]
    return tuple(
        Part(name, value, tally.answers, people.get(name, 0))
        for name, tally, value in zip(groups, tallies, _estimated(measured.metric, tallies), strict=True)
    )


def _estimated(metric: Metric, tallies: Sequence[Tally]) -> Sequence[Number]:
    """The score of each part: drawn towards the others where these are enough to say how far, else its own."""
    if len(tallies) < FEWEST_GROUPS:
        return [metric.estimate(tally) for tally in tallies]
    points = np.unique(np.concatenate([[metric.lowest, metric.highest], *(tally.points for tally in tallies)]))
    counts = np.zeros((len(tallies), len(points)))
    for row, tally in zip(counts, tallies, strict=True):
        # A part's answers count as many as they are worth: weights are scaled to its own effective sample size.
        equal = tally.weight * tally.effective_n / tally.weight.sum()
        np.add.at(row, np.searchsorted(points, tally.points), equal)
    return pooled(counts, points)


def _part_of(
    engine: Engine, newest: ir.Table, sources: Sources, by: str, moment: Moment
) -> tuple[ir.Table | None, str]:
    """What answers are told apart by: a table of `customer_id` or `fact_id` and `part`; None for the survey."""
    if by == "survey":
        return None, "fact_id"
    if by == "stage":
        return sources.customers.select("customer_id", part="stage"), "customer_id"
    if by == "worth":
        return measuring.worth_bands(sources.customers.filter(sources.customers.orders >= 1)), "customer_id"
    if by in ("product", "step"):
        facts = engine.facts("purchases" if by == "product" else "steps")
        if by == "product":
            facts = facts.filter(~facts.is_return).mutate(name=ibis.coalesce(facts.item_name, facts.item_id))
        return counting.latest_before(newest, owned(facts, sources.identities), "name"), "fact_id"
    told = owned(sources.traits, sources.identities)
    if not measuring.weighable(by) or not engine.rows(told.filter(told.name == by).limit(1)).num_rows:
        raise BadInput("by", value=by, bound=f"{', '.join(BY)}, or a trait that somebody has", remedy="Name another.")
    return counting.newest_trait(told, by), "customer_id"
