"""Know: who the facts speak of, where each customer stands, what they are worth. One row a customer comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from openchair.chair.people.identifying import identify
from openchair.chair.ports import CUSTOMER_COLUMNS, Engine
from openchair.chair.state import State
from openchair.chair.wheel import send, spend
from openchair.chair.wheel.limits import AT_HOME
from openchair.chair.wheel.stand import beside, ideas_of, owned
from openchair.core.clock import Moment
from openchair.core.ids import IDENTIFIER_KINDS
from openchair.core.settings import Settings
from openchair.decisions.households import households_of
from openchair.facts.days import local_day
from openchair.facts.kinds import KINDS
from openchair.learning.arms import quarters
from openchair.loyalty.actions import Action
from openchair.value import audit, growth
from openchair.value.spenders import subscribing

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
    mine = owned(facts["purchases"], identities)
    lines = growth.judged(mine.mutate(day=local_day(mine.happened_at, moment.zone)), currency)
    bought = lines.filter(_.reason == "").drop("reason")
    by = {kind: owned(facts[kind], identities) for kind in ("traits", "answers", "voices", "referrals", "contacts")}
    steps = owned(subscribing.named(facts["steps"]), identities)
    steps = steps.mutate(day=local_day(steps.happened_at, moment.zone))
    spent = spend.spenders(engine, spend.Sources(bought, steps, by["traits"]), currency, settings, moment)
    nps = engine.keep(_newest(_asked(by["answers"]), ("customer_id",), ("score",)).rename(nps_score="score"))
    of = send.Sources(by["referrals"], identities, spent.days, spent.stats, spent.scored, nps)
    sent = send.senders(engine, of, settings, moment)
    rewards = audit.bought(bought.filter(~bought.is_return))
    homes = engine.share(households(state, moment))
    counted = _rows(identities, spent.scored, by, (nps, sent.senders, homes), rewards, moment)
    table = beside(engine, counted, by["traits"], by["contacts"], ideas_of(state, actions), settings, moment)
    types = {name: ibis.dtype(kind) for name, kind in _IBIS.items()}
    kept = engine.keep(table.select(**{name: table[name].cast(types[name]) for name in CUSTOMER_COLUMNS}))
    return Known(kept, spent.days, identities, spent.learned, sent.learned)


def households(state: State, moment: Moment) -> pa.Table:
    """customer_id and household of those who are drawn together: by ties that there were before the quarter began.

    Ties that came since would move somebody from one arm to another within it.
    """
    begun = datetime.combine(quarters(moment.day, moment.day)[0][0], time(), moment.zone)
    pairs = state.relatives(AT_HOME, before=begun)
    ids = pc.unique(pa.chunked_array([*pairs["left_id"].chunks, *pairs["right_id"].chunks], pa.string())).sort()
    left, right = (pc.index_in(pairs[end], value_set=ids).to_numpy().astype(np.int64) for end in pairs.column_names)
    of = households_of(len(ids), left, right)
    first = of.who[np.searchsorted(of.home, of.home)]
    return pa.table({"customer_id": ids.take(pa.array(of.who)), "household": ids.take(pa.array(first))})


_IBIS = {
    name: {"date32[day]": "date", "double": "float64"}.get(str(kind), str(kind))
    for name, kind in CUSTOMER_COLUMNS.items()
}


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
    others: Sequence[ir.Table],
    rewards: ir.Table,
    moment: Moment,
) -> ir.Table:
    """One row a customer: everyone an identifier means, with all that is counted beside it, and `others`.

    by: facts with owners.
    """
    answers, voices = (t.mutate(day=local_day(t.happened_at, moment.zone)) for t in (by["answers"], by["voices"]))
    asked = _asked(answers)
    hurt = ibis.union(
        asked.filter(asked.score <= 6).select("customer_id", "day"),
        voices.filter((voices.channel == "ticket") | (voices.rating <= 2)).select("customer_id", "day"),
    )
    parts = (
        scored.mutate(**{name: ibis.null("string") for name in spend.SOME if name not in scored.columns}),
        _names(by["traits"]),
        *others,
        hurt.group_by("customer_id").agg(complained_on=_.day.max()),
        rewards.select("customer_id", rewarded_share=rewards.rewarded_minor / rewards.sold_minor.nullif(0)),
    )
    table = _called(identities)
    for part in parts:
        table = table.left_join(part, "customer_id").drop("customer_id_right")
    return table.mutate(
        **send.worth(table),
        name=ibis.coalesce(table.given_name, table.called),
        stage=table.stage.fill_null("prospect"),
        household=ibis.coalesce(table.household, table.customer_id),
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
