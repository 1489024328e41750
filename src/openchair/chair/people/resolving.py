"""People who share no identifier: a search for those who look alike, what it merges, and what it asks a person."""

from collections.abc import Callable, Sequence
from functools import reduce

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from openchair.chair.intake.own import SOURCE
from openchair.chair.people.identifying import merge_id, question
from openchair.chair.ports import Engine
from openchair.chair.state import State
from openchair.chair.views import BlockingRule, Field, Merge, ResolveReport, Review
from openchair.core.clock import Moment
from openchair.core.settings import Settings
from openchair.dossier import identity, likeness, linking
from openchair.dossier.traits import TRUST

HOUSE = "two of one house?"
"""What is asked of those who share all but their first names; they are seldom one."""
MOST_ASKED = 100
"""Questions that one search puts to the team, the likeliest first; the next search asks on."""


def people(engine: Engine, identities: pa.Table) -> tuple[ir.Table, likeness.Roles]:
    """One row a customer with what they can be compared by, and which role each column plays.

    Of two traits that say the same (phone, mobile) the first counts, but an address is all its parts. The newest word
    of the source most to be trusted counts; what was said at a seat does not, for whoever sits there could take on
    another's name and birthday.
    """
    facts = engine.facts("traits")
    seat = (facts.source == SOURCE) & (facts.said_by == "customer")
    told = facts.filter(~seat, facts.value.strip() != "")
    # Sorted here: asked to, Ibis 12 has Spark tell all columns apart, and not the names alone.
    names = sorted(engine.rows(told.select("name").distinct())["name"].to_pylist())
    roles = {role: named for role, named in likeness.guessed(names).items() if role not in ("id", "source")}
    playing = [name for named in roles.values() for name in named]
    said = told.filter(told.name.isin([*playing, ""])).inner_join(engine.share(identities), "identifier")
    trust = ibis.cases(*[(said.said_by == who, rank) for rank, who in enumerate(TRUST)], else_=0)
    newest = [ibis.desc(trust), ibis.desc(said.happened_at), ibis.desc(said.fact_id)]
    place = ibis.row_number().over(group_by=[said.customer_id, said.name], order_by=newest)
    best = engine.keep(said.mutate(place=place).filter(_.place == 0).select("customer_id", "name", "value"))
    said_of = {name: best.value.max(where=best.name == name) for name in playing}
    whole = {role: ibis.coalesce(*(said_of[name] for name in named)) for role, named in roles.items()}
    if "address" in roles:
        parts = [said_of[name].fill_null("") for name in roles["address"]]
        whole["address"] = reduce(lambda one, other: one + " " + other, parts)
    return best.group_by("customer_id").agg(**whole), {"id": ["customer_id"]} | {role: [role] for role in roles}


def find(
    state: State, engine: Engine, moment: Moment, settings: Settings, timer: Callable[[], float]
) -> tuple[list[Merge], list[Review], ResolveReport]:
    """Who may be who among customers: rows to keep, questions to ask, and a report of the search.

    Pairs that were merged, asked or kept apart before are not spoken of again.
    """
    begun = timer()
    known, graph = state.identities(), state.merge_graph()
    table, roles = people(engine, known.select(["identifier", "customer_id"]))
    found = linking.resolve(table, columns=roles, engine=engine, known=_customers(known, graph), seed=settings.seed)
    sides = (found.pairs["left"].to_pylist(), found.pairs["right"].to_pylist())
    sure = [status == "merge" for status in found.pairs["status"].to_pylist()]
    told = identity.joinable(
        [one for one, yes in zip(sides[0], sure, strict=True) if yes],
        [one for one, yes in zip(sides[1], sure, strict=True) if yes],
        graph,
    )
    ties, verdicts, merges, asked = identity.ties_of(graph), iter(told), list[Merge](), 0
    for place, (left, right, yes) in enumerate(zip(*sides, sure, strict=True)):
        status = next(verdicts) if yes else "asked"
        # Whoever is one by way of others needs no row of their own: taking one row back is to part them.
        if status and not ties.refusal(left, right) and (status == "merged" or asked < MOST_ASKED):
            merges.append(_merge(found, place, left, right, status, moment))
            asked += status == "asked"
            if status == "merged":
                ties.join(left, right)
    report = ResolveReport(
        people=found.records,
        rules=tuple(BlockingRule(rule.rule, rule.pairs) for rule in found.rules),
        pairs=found.compared,
        merged=sum(merge.status == "merged" for merge in merges),
        asked=sum(merge.status == "asked" for merge in merges),
        left=found.compared - found.pairs.num_rows,
        seconds=round(timer() - begun, 3),
        note=found.note,
    )
    return merges, [question(merge, moment) for merge in merges if merge.status == "asked"], report


def _customers(known: pa.Table, graph: pa.Table) -> pa.Table:
    """The pairs of a graph of merges, by the customers that its bases are part of."""
    bases = dict(zip(known["base_id"].to_pylist(), known["customer_id"].to_pylist(), strict=True)) if graph else {}
    pairs = [sorted((bases.get(a, a), bases.get(b, b))) for a, b in identity.known_pairs(graph)]
    return pa.table(
        {"left": pa.array([a for a, _ in pairs], pa.string()), "right": pa.array([b for _, b in pairs], pa.string())}
    )


def _merge(found: linking.Resolution, place: int, left: str, right: str, status: str, moment: Moment) -> Merge:
    row = found.pairs.slice(place, 1).to_pylist()[0]
    fields = tuple(Field(one.field, one.left, one.right, round(one.weight, 2)) for one in found.fields(place))
    likest = sorted((one for one in fields if one.weight > 0), key=lambda one: -one.weight)[:3]
    because = f"alike in {', '.join(one.name.replace('_', ' ') for one in likest)}" if likest else "alike"
    if status == "asked" and row["probability"] >= linking.MERGE:
        because += f", but {_doubt(fields)}"
    return Merge(
        merge_id(left, right), left, right, "model", because, round(row["probability"], 6), fields, status, moment.now
    )


def _doubt(fields: Sequence[Field]) -> str:
    """Why a person is asked about two who are as alike as others that are merged."""
    names = next(((one.left.split(), one.right.split()) for one in fields if one.name == "name"), ([], []))
    if names[0][:1] != names[1][:1]:
        return f"not in the first name: {HOUSE}"
    return "in too little that is the same to the letter"
