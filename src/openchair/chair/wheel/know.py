"""Know: who the facts speak of, where each customer stands, what they are worth. One row a customer comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from openchair.chair.people.identifying import identify
from openchair.chair.ports import CUSTOMER_COLUMNS, Engine
from openchair.chair.state import State
from openchair.chair.wheel import send
from openchair.chair.wheel.stand import beside, ideas_of, owned
from openchair.core.clock import Moment
from openchair.core.ids import IDENTIFIER_KINDS
from openchair.core.settings import Settings
from openchair.dossier import stage
from openchair.facts.days import local_day
from openchair.facts.kinds import KINDS
from openchair.listening.scores import counting
from openchair.loyalty.actions import Action
from openchair.value import worth

CASE = ("orders", "recency_days", "age_days", "last_gap_days", "early_orders", "gap_squares", "spent_minor")
"""The integers that a customer's stage and value follow from: equal integers, equal scores."""

FIRST = {"first country": "country", "first category": "category", "first item": "item_id", "first source": "source"}
"""What of a customer's first order may say which segment they are in, beside any trait."""
MOST_SEGMENTS = 12
FEWEST_IN_SEGMENT = 50
"""Customers who bought; smaller segments are one together, of the name OTHERS."""
OTHERS, NOT_KNOWN = "others", "not known"

NEWEST_TRAITS = ("name", "first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Known:
    """What a turn knows: one row a customer (CUSTOMER_COLUMNS) and a row a customer and day with an order."""

    customers: ir.Table
    days: ir.Table
    identities: ir.Table
    value: Mapping[str, Any]
    sender: Mapping[str, Any]


def facts_until(engine: Engine, moment: Moment) -> dict[str, ir.Table]:
    """Facts of every kind that had happened by a moment."""
    return {kind: (t := engine.facts(kind)).filter(t.happened_at < moment.now) for kind in KINDS}


def know(
    state: State,
    engine: Engine,
    facts: dict[str, ir.Table],
    moment: Moment,
    currency: str,
    actions: Sequence[Action],
    settings: Settings,
) -> Known:
    """Where every customer stands at a moment. It runs in the engine; only distinct cases come to NumPy."""
    identities = identify(state, engine, facts, moment, settings.country)
    bought = owned(facts["purchases"].filter(_.currency == currency), identities)
    days = engine.keep(worth.purchase_days(bought.mutate(day=local_day(bought.happened_at, moment.zone))))
    by = {kind: owned(facts[kind], identities) for kind in ("traits", "answers", "voices", "referrals", "contacts")}
    stats = engine.keep(segmented(engine, worth.count(days, moment.day), bought, by["traits"], settings.segments_by))
    case = (*CASE, *worth.segment_of(stats.columns))
    cases = engine.rows(stats.group_by(*case).agg(customers=_.count()).order_by(*case))
    judged = engine.rows(worth.trials(stats, columns_of(cases)))
    scores, value = score(cases, judged, settings)
    scored = stats.inner_join(engine.share(scores), list(case))
    nps = engine.keep(_newest(_asked(by["answers"]), ("customer_id",), ("score",)).rename(nps_score="score"))
    sent = send.senders(engine, send.Sources(by["referrals"], identities, days, stats, scored, nps), settings, moment)
    counted = _rows(identities, scored, by, nps, sent.senders, moment)
    table = beside(engine, counted, by["traits"], by["contacts"], ideas_of(state, actions), settings, moment)
    types = {name: ibis.dtype(kind) for name, kind in _IBIS.items()}
    kept = engine.keep(table.select(**{name: table[name].cast(types[name]) for name in CUSTOMER_COLUMNS}))
    return Known(kept, days, identities, value, sent.learned)


_IBIS = {
    name: {"date32[day]": "date", "double": "float64"}.get(str(kind), str(kind))
    for name, kind in CUSTOMER_COLUMNS.items()
}


def segmented(engine: Engine, stats: ir.Table, bought: ir.Table, traits: ir.Table, by: str) -> ir.Table:
    """Customers' counts with the `segment` they are in; as they are where `by` is empty.

    by: a key of FIRST, or the name of a trait. bought, traits: facts with owners.
    """
    if not by:
        return stats
    if by in FIRST:
        sold = bought.filter(~bought.is_return, bought[FIRST[by]].notnull())
        order = ibis.row_number().over(group_by="customer_id", order_by=["happened_at", "fact_id"])
        of = sold.mutate(place=order).filter(_.place == 0).select("customer_id", part=FIRST[by])
    else:
        of = counting.newest_trait(traits, by)
    named = engine.keep(of)
    buyers = named.semi_join(stats.filter(stats.orders >= 1), "customer_id")
    sizes = buyers.group_by("part").agg(n=_.count()).filter(_.n >= FEWEST_IN_SEGMENT)
    apart = engine.rows(sizes.order_by(_.n.desc(), "part").limit(MOST_SEGMENTS))["part"].to_pylist()
    part = stats.left_join(named, "customer_id").drop("customer_id_right")
    known = ibis.cases((part.part.isnull(), NOT_KNOWN), (part.part.isin(["", *apart]), part.part), else_=OTHERS)
    return part.mutate(segment=known).drop("part")


def columns_of(table: pa.Table) -> dict[str, Any]:
    """A table's columns as arrays."""
    return {name: table[name].to_numpy() for name in table.column_names}


def score(cases: pa.Table, judged: pa.Table, settings: Settings) -> tuple[pa.Table, Mapping[str, Any]]:
    """Stage and spender value of each distinct case, by the model of buying that foretold best.

    cases: CASE and `customers`, how many are equal. judged: the rows of `worth.trials`.
    """
    column = columns_of(cases)
    fitted = worth.fit(column, *worth.chosen(columns_of(judged)))
    terms = {"margin": settings.margin, "yearly_rate": settings.yearly_rate}
    figures = worth.score(fitted, column, settings.confidence, **terms)
    orders = column["orders"]
    figures["gap_days"] = np.where(orders >= 2, column["recency_days"] / np.maximum(orders - 1, 1), np.nan)
    gaps = np.repeat(figures["gap_days"], column["customers"])
    spread = column["gap_squares"] / np.maximum(orders - 1, 1) - figures["gap_days"] ** 2
    places = stage.stages(
        orders,
        column["age_days"] - column["recency_days"],
        figures["gap_days"],
        float(np.nanmedian(gaps)) if np.isfinite(gaps).any() else float("nan"),
        p_alive=figures["p_alive"],
        first_half_orders=column["early_orders"],
        last_gap_days=np.where(orders >= 2, column["last_gap_days"], np.nan),
        gap_sd_days=np.where(orders >= 3, np.sqrt(np.maximum(spread, 0.0)), np.nan),
    )
    table = pa.table(
        {name: cases[name] for name in (*CASE, *worth.segment_of(cases.column_names))}
        | {name: pa.array(values, mask=np.isnan(values)) for name, values in figures.items()}
        | {"stage": pa.array(stage.STAGES).take(pa.array(places))}
    )
    return table, {**worth.explain(fitted), **terms}


def _newest(facts: ir.Table, keys: tuple[str, ...], values: tuple[str, ...]) -> ir.Table:
    """For each key the row that happened last; ties fall to the greater fact id, whatever came first."""
    place = ibis.row_number().over(
        group_by=list(keys), order_by=[ibis.desc(facts.happened_at), ibis.desc(facts.fact_id)]
    )
    return facts.mutate(place=place).filter(_.place == 0).select(*keys, *values)


def _asked(answers: ir.Table) -> ir.Table:
    return answers.filter(answers.metric == "nps", answers.score.notnull())


def _rows(
    identities: ir.Table,
    scored: ir.Table,
    by: Mapping[str, ir.Table],
    nps: ir.Table,
    senders: ir.Table,
    moment: Moment,
) -> ir.Table:
    """One row a customer: everyone an identifier means, with all that is counted beside it. by: facts with owners."""
    answers, voices = (t.mutate(day=local_day(t.happened_at, moment.zone)) for t in (by["answers"], by["voices"]))
    asked = _asked(answers)
    hurt = ibis.union(
        asked.filter(asked.score <= 6).select("customer_id", "day"),
        voices.filter((voices.channel == "ticket") | (voices.rating <= 2)).select("customer_id", "day"),
    )
    parts = (
        scored if "segment" in scored.columns else scored.mutate(segment=ibis.null("string")),
        _names(by["traits"]),
        nps,
        senders,
        hurt.group_by("customer_id").agg(complained_on=_.day.max()),
    )
    table = _called(identities)
    for part in parts:
        table = table.left_join(part, "customer_id").drop("customer_id_right")
    return table.mutate(
        **send.worth(table),
        name=ibis.coalesce(table.given_name, table.called),
        stage=table.stage.fill_null("prospect"),
        **{n: table[n].fill_null(0) for n in ("orders", "spent_minor", "sent_friends")},
    )


def _called(identities: ir.Table) -> ir.Table:
    """Every customer, `called` by the best identifier there is: the shop's own id, then an e-mail, then a device."""
    order = ibis.cases(
        *[(identities.identifier.startswith(f"{k}:"), str(i)) for i, k in enumerate(IDENTIFIER_KINDS)], else_="9"
    )
    best = identities.mutate(key=order + identities.identifier).group_by("customer_id").agg(key=_.key.min())
    return best.select("customer_id", called=best.key.substr(1).re_replace("^[a-z]+:", ""))


def _names(traits: ir.Table) -> ir.Table:
    """What each customer is called by name: the newest `name`, else first and last name together."""
    newest = _newest(
        traits.filter(traits.name.isin(NEWEST_TRAITS), traits.value.strip() != ""), ("customer_id", "name"), ("value",)
    )
    wide = newest.group_by("customer_id").agg(**{n: newest.value.max(where=newest.name == n) for n in NEWEST_TRAITS})
    both = (wide.first_name.fill_null("") + " " + wide.last_name.fill_null("")).strip()
    return wide.select("customer_id", given_name=ibis.coalesce(wide.name, both.nullif("")))
