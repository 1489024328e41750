"""Who picks the shop: what those who came back have in common, and whether they are whom the shop means to be for."""

import json

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis import _

from openchair.chair.focus.customer.counted import Counted, kind, part
from openchair.chair.focus.customer.views import Pick, Target
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.focus import buyers, lifts

PICKS = 10
"""Values of each thing known of buyers that are held against coming back, those of the most buyers."""
SPOKE = {"need": "needs", "want": "wants", "aspiration": "hopes for", "praise": "praised", "pain": "complained of"}


def picks(counted: Counted) -> tuple[tuple[Pick, ...], int]:
    """What is known of buyers against coming back, the sure ones first; and how many things were looked at."""
    known, who = counted.known, counted.who
    names = [row["name"] for row in counted.rows(known.select("name").distinct()) if kind(row["name"])]
    begun = counted.engine.keep(buyers.beginnings(counted.sales, who))
    firsts = [
        begun.select("customer_id", name=ibis.literal(told), value=column) for column, told in buyers.BEGINNINGS.items()
    ]
    parts = [known.filter(known.name.isin(names)), *firsts, _words(counted), _ways(counted)]
    rows = counted.engine.rows(buyers.picks(parts, who, PICKS))
    pairs = list(zip(rows["name"].to_pylist(), rows["value"].to_pylist(), strict=True))
    true, picked, known_of, of_them = (
        rows[name].to_numpy().astype(float) for name in ("true", "picked", "known", "known_picked")
    )
    found = lifts.lifts(pairs, true, picked, known_of, of_them, counted.chair.settings.confidence)
    return tuple(Pick(o.name, o.value, o.customers, o.share, o.lift, o.sure) for o in found), len(found)


def _ways(counted: Counted) -> ir.Table:
    """customer_id, name, value: whether a friend sent them, once any friend was sent."""
    bought = counted.raw["referrals"].filter(_.status == "bought").select(identifier="invitee")
    sent = bought.inner_join(counted.identities, "identifier").select(
        "customer_id", sent=ibis.literal("sent by a friend")
    )
    came = counted.who.select("customer_id").left_join(sent.distinct(), "customer_id", rname="{name}_of")
    return came.select("customer_id", name=ibis.literal("came"), value=came.sent.fill_null("on their own"))


def _words(counted: Counted) -> ir.Table:
    """customer_id, name, value: what each spoke of first, so that those who speak often weigh no more."""
    state, engine = counted.chair.state, counted.engine
    names = [{"theme_id": one.theme_id, "value": one.name} for one in state.themes() if one.name]
    themes = engine.share(pa.Table.from_pylist(names, pa.schema([("theme_id", pa.string()), ("value", pa.string())])))
    read = state.sentences().select(["identifier", "fact_id", "place", "happened_at", "theme_id", "reading"])
    said = engine.share(read).filter(_.reading.isin([*SPOKE])).inner_join(themes, "theme_id")
    said = said.inner_join(counted.identities, "identifier")
    order = [said.happened_at, said.fact_id, said.place]
    first = said.mutate(rank=ibis.row_number().over(group_by=said.customer_id, order_by=order)).filter(_.rank == 0)
    name = ibis.cases(*[(first.reading == one, told) for one, told in SPOKE.items()], else_="")
    return first.select("customer_id", name=name, value="value")


def target(counted: Counted) -> Target | None:
    """The declared target against the buyers of whom it is known whether they are meant; None where none is."""
    choice = counted.chair.state.chosen("target").get("")
    if choice is None:
        return None
    wanted: dict[str, str] = json.loads(choice.body)
    stages = counted.who.filter(_.stage != "").select("customer_id", name=ibis.literal("stage"), value="stage")
    told = ibis.union(counted.known.filter(_.name != "stage"), stages).filter(_.name.isin(list(wanted)))
    hit = ibis.or_(*((told.name == name) & (told.value.lower() == value.lower()) for name, value in wanted.items()))
    each = told.mutate(hit=hit.cast("int64")).group_by("customer_id").agg(names=_.count(), hits=_.hit.sum())
    both = counted.who.inner_join(each.filter(_.names == len(wanted)), "customer_id")
    both = both.mutate(meant=(both.hits == len(wanted)).cast("int64"))
    sums = {row["meant"]: row for row in counted.rows(buyers.cells(both, ["meant"], counted.periods))}
    none = dict.fromkeys(buyers.SUMS, 0.0)
    meant, others = sums.get(1, none), sums.get(0, none)
    lift: Number = Unknown("too few of whom it can be told whether they came back")
    if min(meant["judged"], others["judged"]) >= buyers.FEWEST:
        (n, back), (m, others_back) = (
            (np.array([side["judged"]]), np.array([side["back"]])) for side in (meant, others)
        )
        ratio, low, high, _z = lifts.against(n, back, m, others_back, counted.chair.settings.confidence)
        lift = Estimate(float(ratio[0]), float(low[0]), float(high[0]), n=meant["judged"] + others["judged"])
    revenue = meant["after"] + others["after"]
    return Target(
        conditions=wanted,
        declared_by=choice.by,
        declared_at=choice.at,
        why=choice.why,
        share=part(meant["customers"], meant["customers"] + others["customers"]),
        lift=lift,
        revenue_share=meant["after"] / revenue if revenue else None,
    )
