"""Measure: answers counted in the engine, weighted to look like all customers, as spans that any window is a sum of.

One definition of a score for the turn, the report and every page: each customer's newest answer in the last so many
business days, merged records as one customer, answers of nobody one each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _
from numpy.typing import NDArray

from openchair.chair.ports import Engine
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.errors import FitFailed
from openchair.dossier import standing
from openchair.facts.kinds import LINKS
from openchair.listening.scores import counting
from openchair.listening.scores.metric import Floats, Metric, Tally
from openchair.listening.scores.trend import NEVER, Spans
from openchair.listening.scores.weighting import KNOWN, LEFT, MOST_GROUPS, Margin, Raked, margin, rake

DAYS = 90
"""Answers of the last so many days make the score of today."""
EPOCH = date(1970, 1, 1).toordinal()
UNIT = 10_000
"""Weights are counted in so many parts of an answer."""
WEIGHED_FROM = 30
"""Answers of customers below which weights would add more noise than they take away."""
TRAITS_MOST = 3
"""Traits of the shop's own that are weighted on, those known of the most customers."""
GONE = "lapsed"
"""The stage of buyers whom the score need not look like: they are customers no more."""
OWN = ("stage", "worth")
"""What is always tried; a trait of such a name is not."""
FIFTHS = ("top fifth", "second fifth", "third fifth", "fourth fifth", "last fifth")


@dataclass(frozen=True, slots=True)
class Sources:
    """What scores are counted from: facts until a moment, who is who, and where customers stand."""

    answers: ir.Table
    traits: ir.Table
    identities: ir.Table
    """identifier, customer_id."""
    customers: ir.Table
    """customer_id, stage, orders, value_minor."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers of some days up to a moment: `given` (counting.given, with `weight`) kept in the engine, and as spans."""

    metric: Metric
    given: ir.Table
    spans: Spans
    margins: tuple[Margin, ...]

    @property
    def weighted_on(self) -> tuple[str, ...]:
        """The names of what the weights rest on."""
        return tuple(one.name for one in self.margins)


def measure(engine: Engine, metric: Metric, sources: Sources, moment: Moment, days: int, reach: int = 0) -> Measured:
    """Count the answers of the last `days` business days, and of `reach` days if that is more; weight those `days`."""
    since = moment.now - timedelta(days=max(days, reach) + 1)
    recent = sources.answers.filter(sources.answers.happened_at >= since, sources.answers.happened_at < moment.now)
    surveys = engine.rows(counting.scales(recent, metric)).to_pylist()
    tops = [(row["survey_id"], float(metric.scale(row["stated"], row["greatest"]))) for row in surveys]
    told = pa.table(
        {"survey_id": pa.array([s for s, _ in tops], pa.string()), "top": pa.array([t for _, t in tops], pa.float64())}
    )
    identities = sources.identities.select("identifier", "customer_id")
    given = engine.keep(counting.given(recent, identities, engine.share(told), metric, moment.zone))
    return _weighed(engine, metric, given, sources, moment.day, days)


def current(given: ir.Table, day: date, days: int) -> ir.Table:
    """Each customer's newest answer of the `days` days that end with `day`, which is the last there is."""
    return given.filter(given.next_day.isnull(), given.day > day - timedelta(days=days))


def _weighed(engine: Engine, metric: Metric, given: ir.Table, sources: Sources, day: date, days: int) -> Measured:
    everyone = sources.customers
    buyers = everyone.filter(everyone.orders >= 1, everyone.stage != GONE).select("customer_id", "stage", "value_minor")
    answered = current(given, day, days).filter(_.customer_id.notnull()).select("customer_id", answered=True)
    among = engine.rows(answered.semi_join(buyers, "customer_id").agg(n=_.count()))["n"][0].as_py()
    margins: tuple[Margin, ...] = ()
    weighted = given.mutate(weight=ibis.literal(UNIT).cast("int64"))
    if among >= WEIGHED_FROM:
        names = (*OWN, *_well_known(engine, sources, buyers))
        people = engine.keep(_people(buyers, sources, names))
        usable = _margins(engine, people, answered, names)
        columns = [_column(names, one) for one in usable]
        now = (_.next_day.isnull() & (_.day > day - timedelta(days=days))).cast("int64")
        cells = given.inner_join(people, "customer_id").group_by(columns).agg(n=now.sum())
        rows = engine.rows(cells.order_by(columns)) if columns else pa.table({})
        margins, raked = _raked(usable, columns, rows)
        if raked is not None:
            weight = pa.array(np.rint(raked.weights * UNIT), pa.int64())
            weights = engine.share(rows.select(columns).append_column("weight", weight))
            of = people.inner_join(weights, columns).select("customer_id", "weight")
            joined = given.left_join(of, "customer_id").drop("customer_id_right")
            weighted = engine.keep(joined.mutate(weight=joined.weight.fill_null(UNIT)))
    return Measured(metric, weighted, spans_of(metric, engine.rows(counting.spans(weighted))), margins)


def spans_of(metric: Metric, rows: pa.Table) -> Spans:
    """Rows of counting.spans as arrays."""
    answered = np.column_stack([rows[name].to_numpy() for name in ("score", "top")])
    kinds, kind = np.unique(answered, axis=0, return_inverse=True)
    sums = _sums(rows)
    return Spans(
        metric, kinds[:, 0], kinds[:, 1], _ordinals(rows["day"]), _ordinals(rows["next_day"]), kind.ravel(), *sums
    )


def tally_of(metric: Metric, rows: pa.Table) -> Tally:
    """Rows by score and scale, with n, weight and squares, as a tally."""
    return metric.tally(rows["score"].to_numpy(), rows["top"].to_numpy(), *_sums(rows))


def _sums(rows: pa.Table) -> tuple[Floats, Floats, Floats]:
    """n, weight and squares, in answers."""
    return rows["n"].to_numpy() / 1.0, rows["weight"].to_numpy() / UNIT, rows["squares"].to_numpy() / UNIT**2


def _ordinals(days: pa.ChunkedArray) -> NDArray[np.int64]:
    """Days as proleptic ordinals; NEVER where there is none."""
    since = days.cast(pa.int32()).cast(pa.int64())
    return np.asarray(pc.fill_null(pc.add(since, EPOCH), NEVER).to_numpy())


def worth_bands(customers: ir.Table) -> ir.Table:
    """customer_id and `part`: in which fifth by expected spending; unknown values are left out."""
    known = customers.filter(customers.value_minor.notnull())
    fifth = ibis.ntile(len(FIFTHS)).over(order_by=[ibis.desc(known.value_minor), known.customer_id])
    placed = known.mutate(fifth=fifth)
    names = ibis.cases(*[(placed.fifth == place, name) for place, name in enumerate(FIFTHS)], else_=FIFTHS[-1])
    return placed.select("customer_id", part=names)


def _well_known(engine: Engine, sources: Sources, buyers: ir.Table) -> list[str]:
    """The traits that are known of most buyers and take few values, those known of the most first."""
    told = owned(sources.traits, sources.identities).semi_join(buyers, "customer_id")
    seen = told.group_by("name").agg(known=_.customer_id.nunique(), values=_.value.nunique())
    few = seen.filter(_.values.between(2, 5 * MOST_GROUPS)).order_by(ibis.desc("known"), "name")
    total = engine.rows(buyers.agg(n=_.count()))["n"][0].as_py()
    rows = engine.rows(few).to_pylist()
    names = [r["name"] for r in rows if r["known"] >= KNOWN * total and weighable(r["name"]) and r["name"] not in OWN]
    return names[:TRAITS_MOST]


def weighable(name: str) -> bool:
    """Whether a trait says what kind of customer somebody is: not an identifier, a hard rule, a consent or a wish."""
    return name not in LINKS and not standing.binds(name)


def _column(names: Sequence[str], one: Margin) -> str:
    """What a trait's column is called: a shop may name its traits as it likes."""
    return f"m{names.index(one.name)}"


def _people(buyers: ir.Table, sources: Sources, names: Sequence[str]) -> ir.Table:
    """Every buyer with stage, worth and traits as columns m0, m1, ..: text, empty where it is not known."""
    said = owned(sources.traits, sources.identities)
    table = buyers.select("customer_id", m0=buyers.stage.fill_null(""))
    for place, part in enumerate([worth_bands(buyers), *(counting.newest_trait(said, name) for name in names[2:])], 1):
        table = table.left_join(part.rename({f"m{place}": "part"}), "customer_id").drop("customer_id_right")
    return table.mutate(**{f"m{place}": table[f"m{place}"].fill_null("") for place in range(1, len(names))})


def _margins(engine: Engine, people: ir.Table, answered: ir.Table, names: Sequence[str]) -> list[Margin]:
    """What can be weighted on honestly, in the order of the names."""
    both = people.left_join(answered, "customer_id").drop("customer_id_right")
    counts = [
        both.group_by(value=both[f"m{place}"])
        .agg(customers=_.count(), answered=_.answered.count())
        .mutate(place=ibis.literal(place))
        for place in range(len(names))
    ]
    rows = engine.rows(ibis.union(*counts)).to_pylist()
    found = []
    for place, name in enumerate(names):
        mine = [row for row in rows if row["place"] == place]
        customers, spoke = ({row["value"] or None: row[of] for row in mine} for of in ("customers", "answered"))
        found.append(margin(name, customers, spoke))
    return [one for one in found if one is not None]


def _raked(
    margins: Sequence[Margin], columns: Sequence[str], cells: pa.Table
) -> tuple[tuple[Margin, ...], Raked | None]:
    """Weights of the cells; a trait that contradicts those before it, or costs too much, is left out."""
    used: list[tuple[Margin, str]] = []
    found = None
    for one in zip(margins, columns, strict=True):
        more = [*used, one]
        groups = np.column_stack([[part.group(v) for v in cells[name].to_pylist()] for part, name in more])
        counts = cells["n"].to_numpy()
        try:
            raked = rake(groups, counts, [part.shares for part, _ in more], names=[part.name for part, _ in more])
        except FitFailed:
            continue
        if raked.effective_n >= LEFT * counts.sum():
            used, found = more, raked
    return tuple(part for part, _ in used), found
