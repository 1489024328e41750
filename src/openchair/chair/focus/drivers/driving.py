"""Driving: what moves a shop's outcomes, of all that its customers met with. A step of a turn, kept until the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
import pyarrow as pa
from ibis import _

from openchair.chair.focus.drivers.figures import DriverFigures, OutcomeFigures
from openchair.chair.listening.scores import measuring
from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.errors import FitFailed
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.focus import counting, drivers
from openchair.focus.drivers import Driver
from openchair.focus.importance import EXACT
from openchair.listening.scores.counting import newest_trait

DAYS = 365
"""What customers met with and said in the last so many days counts."""
AHEAD_DAYS = 90
"""Days in which customers come back, or do not; what they met with before those days stands against it."""
PEOPLE = 5_000
"""Customers of whom drivers are found, by lot where there are more: an importance is then known to a hundredth."""
THEMES = 6
DRAWS = 400
OUTCOMES: Mapping[str, str] = {
    "nps": "Net Promoter Score",
    "csat": "Satisfaction",
    "retention": "Coming back",
    "worth": "What they spend",
}
"""Outcomes in the order in which the first that is known makes the focus map."""
TITLES: Mapping[str, str] = {
    "price:discount": "Discounts given",
    "price:level": "Prices paid, against the usual",
    "returns:share": "Share returned",
    "delivery:days": "Days to delivery",
    "journey:steps": "Steps it takes, per order",
    "journey:help": "Asking for help, per order",
}
SURVEY, THEME = "survey:", "theme:"


@dataclass(frozen=True, slots=True)
class Met:
    """What customers met with until a moment: `long` (customer_id, driver, value, label, top), and what drivers are
    known of enough customers, the most first, with label, least and greatest of the scale. stated: how important people
    say some are."""

    long: ir.Table
    names: tuple[str, ...]
    scales: Mapping[str, tuple[str, float, float]]
    stated: Mapping[str, float]


def study(
    engine: Engine,
    state: State,
    facts: Mapping[str, ir.Table],
    identities: ir.Table,
    moment: Moment,
    currency: str,
    seed: int,
    confidence: float,
) -> tuple[OutcomeFigures, ...]:
    """The drivers of every outcome. facts: of all kinds, until the moment. confidence: of the intervals."""
    since = moment.now - timedelta(days=DAYS)
    answers = _within(owned(facts["answers"], identities), since, moment.now)
    cut = moment.now - timedelta(days=AHEAD_DAYS)
    lines = owned(facts["purchases"].filter(_.currency == currency), identities)
    kept = engine.keep(counting.kept(_within(lines, cut - timedelta(days=DAYS), moment.now), cut))
    asked = {name: counting.scored(answers, name) for name in ("nps", "csat")}
    later = {name: kept.select("customer_id", outcome=name) for name in ("retention", "worth")}
    rng = np.random.default_rng([seed, moment.day.toordinal()])
    found: dict[str, OutcomeFigures] = {}
    primary, who = whom(engine, state, owned(facts["traits"], identities))
    for outcomes, until in ((asked, moment.now), (later, cut)):
        people = _people(engine, outcomes)
        theirs = {name: one.semi_join(who, "customer_id") for name, one in outcomes.items()} if who is not None else {}
        enough = {name for name, n in _people(engine, theirs).items() if n >= drivers.FEWEST}
        met = _met(engine, state, facts, identities, lines, until) if max(people.values()) >= drivers.FEWEST else None
        for name, n in people.items():
            few = Unknown(f"{n} customers of whom it is known", max(drivers.FEWEST - n, 0))
            found[name] = OutcomeFigures(
                name, OUTCOMES[name], n, few, 0.0, (), primary=primary if name in enough else ""
            )
            if met is not None and n >= drivers.FEWEST:
                of = theirs[name] if name in enough else outcomes[name]
                found[name] = _found(engine, found[name], met, of, rng, confidence)
    return tuple(found[name] for name in OUTCOMES)


def whom(engine: Engine, state: State, traits: ir.Table) -> tuple[str, ir.Table | None]:
    """The primary customer that an owner confirmed, and the customer_id of whoever has all traits that name it.

    A segment is called by what sets it apart, as `language: en; orders: 4`. Nobody where its name holds no trait.
    traits: facts of that kind with owners.
    """
    choice = state.chosen("primary").get("")
    name = str(msgspec.json.decode(choice.body).get("name", "")) if choice else ""
    told = {
        feature.removeprefix("often "): value for feature, _, value in (one.partition(": ") for one in name.split("; "))
    }
    asked = [feature for feature in told if told[feature] and measuring.weighable(feature)]
    known = engine.rows(traits.filter(traits.name.isin(asked)).select("name").distinct()) if asked else None
    parts = [
        (of := newest_trait(traits, feature)).filter(of.part == told[feature]).select("customer_id")
        for feature in (known["name"].to_pylist() if known else [])
    ]
    return name, reduce(lambda some, more: some.semi_join(more, "customer_id"), parts) if parts else None


def _people(engine: Engine, outcomes: Mapping[str, ir.Table]) -> dict[str, int]:
    """How many customers each outcome is known of."""
    counts = [outcome.agg(n=_.count()).mutate(name=ibis.literal(name)) for name, outcome in outcomes.items()]
    return {row["name"]: row["n"] for row in engine.rows(ibis.union(*counts)).to_pylist()} if counts else {}


def _within(facts: ir.Table, since: datetime, until: datetime) -> ir.Table:
    return facts.filter(facts.happened_at >= since, facts.happened_at < until)


def _met(
    engine: Engine,
    state: State,
    facts: Mapping[str, ir.Table],
    identities: ir.Table,
    lines: ir.Table,
    until: datetime,
) -> Met:
    since = until - timedelta(days=DAYS)
    bought = _within(lines, since, until)
    said, steps, answers = (
        owned(_within(facts[kind], since, until), identities) for kind in ("voices", "steps", "answers")
    )
    moods = said.inner_join(engine.share(state.moods(by_theme=True)), "fact_id")
    felt = moods.group_by("customer_id", driver=ibis.literal(THEME) + moods.theme_id).agg(value=_.mood.mean())
    nothing = {"label": ibis.literal("").nullif(""), "top": ibis.literal(0.0).nullif(0.0)}
    parts = (
        felt,
        counting.paid(bought),
        counting.delivered(steps, bought),
        counting.asked_for_help(steps, said, bought),
    )
    told = [counting.rated(answers), *(part.mutate(**nothing) for part in parts)]
    long = engine.keep(ibis.union(*(part.select(*_LONG) for part in told)))
    rows = engine.rows(counting.known(long).order_by(ibis.desc("people"), "driver")).to_pylist()
    enough = [row for row in rows if row["people"] >= drivers.FEWEST]
    stated = {row["driver"].removesuffix(counting.IMPORTANCE): row["mean"] for row in enough if _stated(row)}
    known = [row for row in enough if row["least"] < row["most"] and not _stated(row)]
    themes = [row["driver"] for row in known if row["driver"].startswith(THEME)]
    called = {THEME + theme.theme_id: theme.name for theme in state.themes()}
    usable = [row for row in known if row["driver"] not in themes[THEMES:]][:EXACT]
    scales = {
        row["driver"]: (
            row["label"] or TITLES.get(row["driver"]) or called.get(row["driver"]) or row["driver"],
            *((-1.0, 1.0) if row["driver"] in themes else (min(row["least"], 1.0), row["top"] or row["most"])),
        )
        for row in usable
    }
    return Met(long, tuple(scales), scales, stated)


def _stated(row: Mapping[str, Any]) -> bool:
    return str(row["driver"]).endswith(counting.IMPORTANCE)


_LONG = ("customer_id", "driver", "value", "label", "top")


def _found(
    engine: Engine, nothing: OutcomeFigures, met: Met, outcome: ir.Table, rng: np.random.Generator, confidence: float
) -> OutcomeFigures:
    unmet = replace(nothing, r2=Unknown("too few have met with or answered anything", drivers.FEWEST))
    if not met.names:
        return unmet
    spoken = [name for name in met.names if name.startswith(THEME)]
    rows = engine.rows(counting.cases(met.long, outcome, met.names, spoken, PEOPLE))
    counts = _floats(rows["n"])
    columns = {name: _floats(rows[f"d{k}"]) for k, name in enumerate(met.names)}
    said = {name: int(counts[columns[name] != 0].sum()) for name in spoken}
    few = {name: Unknown(f"{n} spoke of it", drivers.FEWEST - n) for name, n in said.items() if n < drivers.FEWEST}
    names = [name for name in met.names if name not in few]
    answers = np.column_stack([*(columns[name] for name in names), _floats(rows["outcome"])])
    if not names:
        return unmet
    about = nothing.outcome
    try:
        found = drivers.find(
            answers, names, rng, outcome=about, counts=counts, stated=met.stated, draws=DRAWS, confidence=confidence
        )
    except FitFailed as wrong:  # one outcome less; the turn goes on
        return replace(nothing, r2=Unknown(str(wrong)))
    if isinstance(found, Unknown):
        return replace(nothing, r2=found)
    told = [
        DriverFigures(
            one.name,
            met.scales[one.name][0],
            one,
            performance(one, columns[one.name], counts, met.scales[one.name][1:]),
        )
        for one in found.drivers
    ]
    left = {met.scales[key][0]: str(why) for key, why in {**few, **found.left}.items()}
    known = found.n, found.r2, found.chance, tuple(told), left, found.agreement
    return OutcomeFigures(nothing.outcome, nothing.title, *known, nothing.primary)


def performance(
    driver: Driver, values: np.ndarray, counts: np.ndarray, scale: Sequence[float], tail: float = 0.1
) -> Number:
    """How well the shop does at a driver, 0..1: where the mean customer stands on its scale, or, for what has none,
    between the worst and the best tenth of customers. Unknown where it is not known which end is good."""
    # Whoever said nothing of a theme does not say how well it is done.
    seen = values != 0 if driver.name.startswith(THEME) else ~np.isnan(values)
    x, w = values[seen], counts[seen]
    n = w.sum()
    if n < drivers.FEWEST:
        return Unknown(f"{n:.0f} customers have met with it", drivers.FEWEST - int(n))
    if driver.name.startswith((SURVEY, THEME)):
        worst, best = scale
    elif not driver.sign:
        return Unknown("which end of it is good is not known")
    else:
        ends = np.quantile(x, [tail, 1 - tail], weights=w, method="inverted_cdf")
        worst, best = ends if driver.sign > 0 else ends[::-1]
    if worst == best:
        return Unknown("all customers are alike")
    mean = float(np.average(x, weights=w))
    error = 1.96 * float(np.sqrt(np.average((x - mean) ** 2, weights=w) / n))
    value, half = (mean - worst) / (best - worst), error / abs(best - worst)
    low, middle, high = (float(np.clip(one, 0, 1)) for one in (value - half, value, value + half))
    return Estimate(middle, low, high, float(n))


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_numpy(), np.float64)
