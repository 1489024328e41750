"""What a customer is worth as a spender over the next 12 months: counted from purchases, thought out per distinct case.

The model every turn runs: `count` says what to count, `fit` learns from the distinct cases, `score` gives each case its
figures, `explain` says in sentences what was found.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from openchair.core.errors import FitFailed
from openchair.core.estimate import Estimate, Unknown
from openchair.value import horizon, lifetime, spend, spender
from openchair.value.spender import Spender
from openchair.value.spenders import segments
from openchair.value.spenders.choosing import Choice, Split, choose
from openchair.value.spenders.segments import Judged

DAYS_A_WEEK = 7.0
HELD_OUT_DAYS = 91
"""Models of buying are judged by what customers did in these last days, not knowing them."""
MOST_JUDGES = 10_000
"""Customers whose first purchases fell on every so manieth day are enough to choose a model by."""
FEWEST_AFTER = 30
"""Purchases in the days held out; below this nothing tells the models apart."""
MICRO = 1_000_000
"""Logarithms are counted as whole millionths, so that engines count alike."""
AT_ONCE = 2**20
"""Cases scored together, so that memory does not grow with their number."""
FEWEST_REPEATERS = 30
"""Customers who came back; below this the four parameters of a buying model rest on too little to be told."""

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """How often customers of this shop buy (weeks) and what they spend each time (minor units)."""

    spender: Spender
    spend: spend.Spend
    choice: Choice | None = None
    segments: Mapping[str, Spender] = field(default_factory=dict)
    """How often customers of each segment buy, where segments have models of their own; else empty."""
    judged: Judged | None = None


def purchase_days(purchases: ir.Table) -> ir.Table:
    """One row a customer and business day: `spent_minor` net of returns, `sold_minor` without them.

    purchases: facts with `customer_id` and `day`. Orders of one day are one occasion (Fader, Hardie & Lee 2005).
    A return lowers what was spent; it is never an occasion to buy.
    """
    sold = ibis.ifelse(purchases.is_return, 0, purchases.amount_minor)
    return purchases.group_by("customer_id", "day").agg(
        spent_minor=purchases.amount_minor.sum().cast("int64"), sold_minor=sold.sum().cast("int64")
    )


def count(days: ir.Table, today: date) -> ir.Table:
    """Per customer: orders, first_on, last_on, recency_days, age_days, and what else a rhythm is known by.

    days: purchase_days(..). `orders` are days with an order; `recency_days` from first to last, `age_days` from first
    to `today` (at least 1): t_x and T of the buy-till-you-die models in days. `last_gap_days`: between the last two
    orders, 0 with fewer; `gap_squares`: the sum of squared gaps; `early_orders`: those in the first half of the age;
    `spent_minor`: net of returns. `log_gaps`: the sum of the logarithms of gaps in days, in millionths.
    `before_orders`, `before_recency_days`, `before_log_gaps`: the same of what was known HELD_OUT_DAYS ago. All are
    integers, so engines count alike.
    """
    bought = days.sold_minor > 0
    net = days.group_by("customer_id").agg(spent_minor=days.spent_minor.sum().cast("int64"))
    occasions = days.filter(bought)
    before = occasions.day.lag().over(group_by="customer_id", order_by="day")
    first = occasions.day.min().over(group_by="customer_id")
    since_first = occasions.day.delta(first, unit="day").cast("int64")
    age = ibis.literal(today).delta(first, unit="day").cast("int64")
    gap = occasions.day.delta(before, unit="day").cast("int64")
    spaced = occasions.mutate(
        gap=gap,
        log_gap=(ibis.greatest(gap, 1).ln() * MICRO).round().cast("int64"),
        early=(2 * since_first < age).cast("int64"),
        since_first=since_first,
        known=occasions.day <= today - timedelta(days=HELD_OUT_DAYS),
    )
    stats = spaced.group_by("customer_id").agg(
        orders=spaced.count().cast("int64"),
        first_on=spaced.day.min(),
        last_on=spaced.day.max(),
        last_gap_days=spaced.gap.argmax(spaced.day).cast("int64").fill_null(0),
        gap_squares=(spaced.gap * spaced.gap).sum().cast("int64"),
        early_orders=spaced.early.sum().cast("int64"),
        log_gaps=spaced.log_gap.sum().cast("int64"),
        before_orders=spaced.known.sum().cast("int64"),
        before_recency_days=spaced.since_first.max(where=spaced.known).cast("int64"),
        before_log_gaps=spaced.log_gap.sum(where=spaced.known).cast("int64"),
    )
    both = net.left_join(stats, "customer_id").drop("customer_id_right")
    return both.mutate(
        **{name: both[name].fill_null(0) for name in _NONE_IS_ZERO},
        recency_days=both.last_on.delta(both.first_on, unit="day").cast("int64").fill_null(0),
        age_days=ibis.greatest(
            ibis.literal(today).delta(both.first_on, unit="day").cast("int64").fill_null(0), ibis.literal(1, "int64")
        ),
    )


_NONE_IS_ZERO = (
    "orders", "last_gap_days", "early_orders", "gap_squares", "log_gaps",
    "before_orders", "before_recency_days", "before_log_gaps",
)  # fmt: skip


def trials(stats: ir.Table, cases: Mapping[str, NDArray[Any]]) -> ir.Table:
    """What customers known HELD_OUT_DAYS ago had done by then, and have done by now: one row a distinct case.

    stats: count(..). cases: as for `fit`. `log_gaps` and `before_log_gaps` are summed over a case's `customers`: the
    likelihood of regular buyers needs no more than their sum, so gaps make no case distinct. Of a large shop those are
    taken whose first purchase fell on every so manieth day, which any engine tells alike.
    """
    age, customers = cases["age_days"], cases["customers"]
    old = (cases["orders"] > 0) & (age > HELD_OUT_DAYS)
    step = 1 + int(customers[old].sum()) // MOST_JUDGES
    offset = int(np.bincount(age[old] % step, customers[old], minlength=1).argmax())
    some = stats.filter(stats.before_orders > 0, stats.age_days > HELD_OUT_DAYS, stats.age_days % step == offset)
    keys = ("before_orders", "before_recency_days", "orders", "recency_days", "age_days", *segment_of(stats.columns))
    found = some.group_by(*keys).agg(
        customers=some.count().cast("int64"),
        log_gaps=some.log_gaps.sum().cast("int64"),
        before_log_gaps=some.before_log_gaps.sum().cast("int64"),
    )
    return found.order_by(*keys)


def segment_of(columns: Iterable[str]) -> tuple[str, ...]:
    """The column that says which segment customers belong to, where there is one."""
    return ("segment",) if "segment" in columns else ()


def chosen(trial: Mapping[str, NDArray[Any]]) -> tuple[Choice | None, Judged | None]:
    """The model of buying that foretold the days held out best, and what models by segment foretold.

    None where too little was bought then to tell, or there are no segments. trial: the columns of `trials`.
    """
    customers = trial["customers"]
    before, now = (trial[name].astype(np.float64) - 1.0 for name in ("before_orders", "orders"))
    if customers @ (now - before) < FEWEST_AFTER or int(customers[before > 0].sum()) < FEWEST_REPEATERS:
        return None, None
    a_week = np.log(DAYS_A_WEEK)
    split = Split(
        (before, trial["before_recency_days"] / DAYS_A_WEEK, (trial["age_days"] - HELD_OUT_DAYS) / DAYS_A_WEEK),
        (now, trial["recency_days"] / DAYS_A_WEEK, trial["age_days"] / DAYS_A_WEEK),
        trial["before_log_gaps"] / MICRO / customers - before * a_week,
        trial["log_gaps"] / MICRO / customers - now * a_week,
        customers.astype(np.float64),
    )
    whole = choose(split)
    return whole, segments.judge(trial["segment"], split, whole) if whole and segment_of(trial) else None


def fit(
    cases: Mapping[str, NDArray[Any]], choice: Choice | None = None, judged: Judged | None = None
) -> Fitted | Unknown:
    """The shop's buying and spending models, or Unknown while too few customers came back.

    cases: columns orders, recency_days, age_days, spent_minor and `customers`, the number of equal cases.
    choice, judged: which model of buying was found best, and what models by segment foretold (`chosen`); BG/NBD while
    that cannot be told. Segments have their own models where these foretold better; then cases have `segment`.
    """
    orders, weight = cases["orders"], cases["customers"]
    came_back = int(weight[(orders >= 2) & (cases["spent_minor"] > 0)].sum())
    if came_back < FEWEST_REPEATERS:
        return Unknown(f"{came_back} customers came back", needed=FEWEST_REPEATERS - came_back)
    some = orders >= 1
    x, t_x, T, _, n = _seen(cases, some)
    why = Unknown("")
    for model in dict.fromkeys((choice, None)):  # what could be fitted to the past may fail today
        try:
            buying = spender.fit(x, t_x, T, weight[some], model.model if model else "bg/nbd")
            whole = Fitted(buying, spend.fit(n, cases["spent_minor"][some] / n, weight[some]), model, judged=judged)
            return _parted(whole, judged, cases["segment"][some], x, t_x, T, weight[some]) if judged else whole
        except FitFailed as failure:
            why = Unknown(str(failure))
    return why


def _parted(whole: Fitted, judged: Judged, segment: NDArray[Any], *customers: NDArray[Any]) -> Fitted:
    """The shop's models with those of its segments, where these foretold better and can be fitted today, too."""
    if not judged.pays:
        return whole
    x, t_x, T, weight = customers
    models = {name: one.model for name, one in judged.choices.items()}
    try:
        return replace(whole, segments=segments.fit(segment, x, t_x, T, weight, models, judged.spreads).segments)
    except FitFailed:
        return whole


def score(
    fitted: Fitted | Unknown,
    cases: Mapping[str, NDArray[Any]],
    confidence: float,
    *,
    margin: float = 1.0,
    yearly_rate: float = 0.1,
) -> dict[str, Column]:
    """Per case: value_minor, value_low, value_high, p_alive, expected_orders over 12 months; nan where unknown.

    margin: in (0, 1]; yearly_rate: above 0; as in `lifetime.present`. `expected_orders` are not discounted.

    Whoever got all their money back is worth little, not an unknown customer's mean: what they spent counts as next to
    nothing, so that a refund never raises a value.
    """
    names = ("value_minor", "value_low", "value_high", "p_alive", "expected_orders")
    scores = {name: np.full(len(cases["orders"]), np.nan) for name in names}
    some, year = cases["orders"] >= 1, lifetime.WEEKS_A_YEAR
    if isinstance(fitted, Unknown) or not some.any():
        return scores
    for buying, theirs in _by_model(fitted, cases, some):
        for rows in np.array_split(theirs, 1 + len(theirs) // AT_ONCE):
            x, t_x, T, mean, n = _seen(cases, rows)
            seen = horizon.predict(buying, fitted.spend, year, x, t_x, T, mean, n, confidence)
            share = lifetime.discount(buying, year, float(np.log1p(yearly_rate)) / year, year, x, t_x, T)
            kept = lifetime.kept(seen, margin * share)
            figures = (kept.value, kept.low, kept.high, kept.p_alive, kept.purchases)
            for name, values in zip(names, figures, strict=True):
                scores[name][rows] = values
    return scores


def _by_model(
    fitted: Fitted, cases: Mapping[str, NDArray[Any]], some: NDArray[np.bool_]
) -> Iterator[tuple[Spender, NDArray[np.intp]]]:
    """Each model of buying with the rows it speaks of, which some of the cases are."""
    if not fitted.segments:
        yield fitted.spender, np.flatnonzero(some)
        return
    for name in np.unique(cases["segment"][some]).tolist():
        yield fitted.segments.get(name, fitted.spender), np.flatnonzero(some & (cases["segment"] == name))


def ahead(
    fitted: Fitted | Unknown,
    cases: Mapping[str, NDArray[Any]],
    confidence: float,
    *,
    margin: float = 1.0,
    yearly_rate: float = 0.1,
) -> dict[str, list[Estimate | Unknown]]:
    """What each case is worth at every one of `lifetime.HORIZONS`: margin in today's money, minor units.

    cases: columns orders, recency_days, age_days, spent_minor; a few, for it takes some fifty times as long as `score`.
    margin and yearly_rate as in `lifetime.present`, which says what is raised.
    """
    some = cases["orders"] >= 1
    if isinstance(fitted, Unknown) or not some.any():
        why = fitted if isinstance(fitted, Unknown) else Unknown("no order yet", needed=1)
        return {name: [why] * len(some) for name in lifetime.HORIZONS}
    none = Unknown("no order yet", needed=1)
    found: dict[str, list[Estimate | Unknown]] = {name: [none] * len(some) for name in lifetime.HORIZONS}
    for buying, rows in _by_model(fitted, cases, some):
        for name, weeks in lifetime.HORIZONS.items():
            seen = lifetime.present(
                buying, fitted.spend, weeks, *_seen(cases, rows),
                margin=margin, yearly_rate=yearly_rate, confidence=confidence,
            )  # fmt: skip
            edges = zip(seen.value.tolist(), seen.low.tolist(), seen.high.tolist(), strict=True)
            for row, (value, low, high) in zip(rows.tolist(), edges, strict=True):
                found[name][row] = Estimate(value, low, high, int(cases["orders"][row]))
    return found


def _seen(
    cases: Mapping[str, NDArray[Any]], some: NDArray[np.bool_] | NDArray[np.intp]
) -> tuple[Column, Column, Column, Column, Column]:
    """x, t_x, T in weeks, mean spend and number of occasions of some cases."""
    orders = cases["orders"][some].astype(np.float64)
    recency, age = (cases[name][some] / DAYS_A_WEEK for name in ("recency_days", "age_days"))
    return orders - 1.0, recency, age, np.maximum(cases["spent_minor"][some] / orders, 0.5), orders


def told(explained: Mapping[str, Any]) -> Fitted | Unknown:
    """The models again from what `explain` made of them, which a turn's record keeps."""
    if "unknown" in explained:
        return Unknown(str(explained["unknown"]))
    return Fitted(
        _spender(explained),
        spend.Spend(explained["spend_params"], doubt=tuple(map(tuple, explained.get("spend_doubt", ())))),
        segments={name: _spender(one) for name, one in explained.get("segments", {}).items()},
    )


def _spender(said: Mapping[str, Any]) -> Spender:
    doubt = tuple(map(tuple, said.get("doubt", ())))
    return Spender(said["model"], said["params"], n=said["customers"], doubt=doubt)


def explain(fitted: Fitted | Unknown) -> dict[str, object]:
    """What was learned, as the turn's record keeps it: parameters, log-likelihood, or why there is none."""
    if isinstance(fitted, Unknown):
        return {"unknown": str(fitted)}
    judged = fitted.judged
    return {
        "segmented": str(judged) if judged else "",
        "segments": {
            name: {
                **_explained(one),
                "chosen": str(judged.choices[name]) if judged and name in judged.choices else "As all of the shop.",
            }
            for name, one in fitted.segments.items()
        },
        **_explained(fitted.spender),
        "chosen": str(fitted.choice) if fitted.choice else "Too little was bought to tell models of buying apart.",
        "tried": [asdict(trial) for trial in fitted.choice.trials] if fitted.choice else [],
        "calibration": [asdict(tenth) for tenth in fitted.choice.calibration] if fitted.choice else [],
        "spend_params": dict(fitted.spend.params),
        "spend_doubt": fitted.spend.doubt,
        "spend_log_likelihood": fitted.spend.log_likelihood,
    }


def _explained(buying: Spender) -> dict[str, object]:
    return {
        "model": buying.model,
        "params": dict(buying.params),
        "doubt": buying.doubt,
        "log_likelihood": buying.log_likelihood,
        "customers": buying.n,
    }
