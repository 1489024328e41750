"""Stand: what customers forbade, agreed to and have heard from us. Everyone's in the engine, or one customer's alone.

Both ways come to the same: `dossier.standing.fold` for what was said, `dossier.attention` for contacts. In the engine
each distinct sequence of statements is folded once, however many customers it is true of.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from openchair.chair.ports import STANDING_COLUMNS, Engine
from openchair.chair.state import State
from openchair.core.clock import Moment
from openchair.core.ids import SEPARATOR
from openchair.core.settings import Settings
from openchair.dossier import attention, rules, standing
from openchair.dossier.standing import RECORD, RECORDS, Standing, Statement
from openchair.facts.days import local_day
from openchair.loyalty.actions import Action

Ideas = Mapping[str, tuple[str, int]]
"""By what contacts call it: the idea of it, and days within which it is not to be repeated."""


def owned(facts: ir.Table, identities: ir.Table) -> ir.Table:
    """Facts with the `customer_id` that their identifier means now; facts of nobody are left out."""
    return facts.inner_join(identities, "identifier")


def ideas_of(state: State, actions: Sequence[Action]) -> Ideas:
    """What is not to be repeated too soon: the actions of the catalogue, and every survey, whatever became of it."""
    ideas = {action.id: (action.idea or action.id, action.idea_days) for action in actions}
    return ideas | {survey.action: (survey.idea, survey.idea_days) for survey in state.definitions()}


def row_of(
    said: Sequence[Mapping[str, Any]],
    contacts: Sequence[Mapping[str, Any]],
    ideas: Ideas,
    settings: Settings,
    moment: Moment,
) -> dict[str, Any]:
    """STANDING_COLUMNS of one customer without their id, and `contacts`, from their facts of either kind."""
    stands = standing.standing_of(row for row in said if row["happened_at"] <= moment.now)
    had = attention.contacts_of((row for row in contacts if row["happened_at"] <= moment.now), moment.zone)
    rest = {
        idea
        for one in had
        if one.action in ideas
        for idea, days in [ideas[one.action]]
        if one.day > moment.day - timedelta(days=days)
    }
    return {
        **_columns(stands, settings),
        "contacted_on": max((one.day for one in had), default=None),
        "attention_spent": attention.spent(had, moment.day),
        "resting": ",".join(sorted(rest)),
        "contacts": had,
    }


def rows_of(
    state: State,
    engine: Engine,
    customer_ids: Collection[str],
    actions: Sequence[Action],
    settings: Settings,
    at: Moment,
) -> pa.Table:
    """STANDING_COLUMNS of many customers, counted in the engine from all that history holds until a moment."""
    ideas = ideas_of(state, actions)
    who = engine.share(pa.table({"customer_id": pa.array(sorted(set(customer_ids)), pa.string())}))
    identities = engine.share(state.identities()).semi_join(who, "customer_id")
    facts = {
        kind: owned(facts.filter(facts.happened_at <= at.now), identities)
        for kind in ("traits", "contacts")
        for facts in [engine.facts(kind)]
    }
    return engine.rows(beside(engine, who, facts["traits"], facts["contacts"], ideas, settings, at)).cast(
        pa.schema(list(STANDING_COLUMNS.items()))
    )


def beside(
    engine: Engine,
    customers: ir.Table,
    traits: ir.Table,
    contacts: ir.Table,
    ideas: Ideas,
    settings: Settings,
    moment: Moment,
) -> ir.Table:
    """Customers (customer_id and whatever else) with STANDING_COLUMNS beside. traits, contacts: facts with owners."""
    table = customers
    for part in (_said(engine, traits, settings), _heard(engine, contacts, ideas, moment)):
        table = table.left_join(part, "customer_id").drop("customer_id_right")
    nothing = _columns(Standing(), settings) | {"attention_spent": 0.0, "resting": ""}
    return table.mutate(**{name: table[name].fill_null(value) for name, value in nothing.items()}).select(
        *customers.columns, *(name for name in STANDING_COLUMNS if name not in customers.columns)
    )


def _columns(stands: Standing, settings: Settings) -> dict[str, Any]:
    """What a customer's row keeps of a fold."""
    return {
        "rules": stands.rules,
        "food_safety": rules.FOOD_SAFETY[stands.food_safety],
        "consents": stands.consents,
        "attention_budget": settings.attention_budget * attention.WISHES[stands.wish].share,
        "quiet": attention.own_quiet(stands.quiet, stands.timezone),
    }


def _said(engine: Engine, traits: ir.Table, settings: Settings) -> ir.Table:
    """The fold of everyone's statements: customer_id and what `_columns` gives, for those who have any."""
    names = engine.rows(traits.select("name").distinct())["name"].to_pylist()
    about = traits.filter(traits.name.isin([name for name in names if standing.binds(name)]))
    order = [about.happened_at, about.fact_id]
    about = about.mutate(before=about.value.lag().over(group_by=[about[name] for name in RECORD], order_by=order))
    repeated = (about.said_by.isin(sorted(RECORDS)) & (about.before == about.value)).fill_null(False)
    said = engine.keep(
        about.filter(~repeated).select("customer_id", "happened_at", "fact_id", "name", "value", "said_by")
    )
    words = engine.rows(said.select("name", "value", "said_by").distinct().order_by("name", "value", "said_by"))
    statements = [Statement(**row) for row in words.to_pylist()]
    strands = pa.array([standing.strand(one.name) for one in statements], pa.int64())
    codes = words.append_column("code", pa.array(range(len(statements)), pa.int64())).append_column("strand", strands)
    coded = said.inner_join(engine.share(codes), ["name", "value", "said_by"])
    place = ibis.row_number().over(
        group_by=coded.customer_id, order_by=[coded.strand, coded.happened_at, coded.fact_id]
    )
    placed = coded.select("customer_id", word=place.cast("string").lpad(9, "0") + ":" + coded.code.cast("string"))
    spoken = engine.keep(placed.group_by("customer_id").agg(sequence=placed.word.collect().sort().join(" ")))
    distinct = engine.rows(spoken.select("sequence").distinct())["sequence"].to_pylist()
    folded = [
        {"sequence": sequence, **_columns(standing.fold(_statements(sequence, statements)), settings)}
        for sequence in distinct
    ]
    columns = {"sequence": pa.string()} | {name: STANDING_COLUMNS[name] for name in _columns(Standing(), settings)}
    meaning = engine.share(pa.Table.from_pylist(folded, pa.schema(list(columns.items()))))
    return spoken.inner_join(meaning, "sequence").drop("sequence")


def _statements(sequence: str, statements: Sequence[Statement]) -> list[Statement]:
    return [statements[int(word.partition(":")[2])] for word in sequence.split(" ")]


def _heard(engine: Engine, facts: ir.Table, ideas: Ideas, moment: Moment) -> ir.Table:
    """customer_id, contacted_on, attention_spent and resting of those we were in touch with (attention.contacts_of)."""
    nameless = facts.mutate(
        day=local_day(facts.happened_at, moment.zone),
        channel=facts.channel.fill_null(""),
        own=facts.decision_id.isnull(),
    )
    order = [nameless.happened_at, nameless.fact_id]
    number = (
        (nameless.status == "sent")
        .cast("int64")
        .sum()
        .over(group_by=[nameless.customer_id, nameless.action, nameless.own], order_by=order, rows=(None, 0))
    )
    named = nameless.mutate(number=number).mutate(
        contact=ibis.ifelse(_.own, _.action + SEPARATOR + _.number.cast("string"), _.decision_id)
    )
    place = ibis.row_number().over(
        group_by=[named.customer_id, named.own, named.contact],
        order_by=[ibis.desc(named.happened_at), ibis.desc(named.fact_id)],
    )
    one = (
        named.mutate(place=place)
        .group_by("customer_id", "own", "contact")
        .agg(
            newest=_.status.max(where=_.place == 0),
            sent=(_.status == "sent").any(),
            reached=_.status.isin(attention.REACHED).any(),
            day=ibis.coalesce(_.day.max(where=_.status.isin(attention.BEGUN)), _.day.max()),
            action=_.action.max(),
            channel=_.channel.max(),
        )
    )
    counted = one.reached | (one.newest == "approved") | (one.sent & (one.newest != "failed"))
    had = engine.keep(one.filter(counted).select("customer_id", "day", "action", "channel"))
    weighed = had.inner_join(
        engine.share(_weights(engine.rows(had.select("action", "channel").distinct()), ideas, moment)),
        ["action", "channel"],
    )
    rests = weighed.filter(weighed.day > weighed.rests_after).select("customer_id", "idea").distinct()
    sums = weighed.group_by("customer_id").agg(
        contacted_on=_.day.max(),
        attention_spent=_.weight.sum(where=_.day > moment.day - timedelta(days=attention.ATTENTION_DAYS)),
    )
    resting = rests.group_by("customer_id").agg(resting=rests.idea.collect().sort().join(","))
    return sums.left_join(resting, "customer_id").drop("customer_id_right")


def _weights(pairs: pa.Table, ideas: Ideas, moment: Moment) -> pa.Table:
    """What contacts of each action and channel weigh, and until after which day of a contact its idea rests."""
    rows = [
        {
            **pair,
            "weight": attention.weight_of(pair["channel"]),
            "idea": idea,
            "rests_after": None if idea is None else moment.day - timedelta(days=days),
        }
        for pair in pairs.to_pylist()
        for idea, days in [ideas.get(pair["action"], (None, 0))]
    ]
    text, columns = pa.string(), {"weight": pa.float64(), "idea": pa.string(), "rests_after": pa.date32()}
    return pa.Table.from_pylist(rows, pa.schema([("action", text), ("channel", text), *columns.items()]))
