"""What customers did, from every kind of fact, as steps of journeys that are cut into needs and ready to be counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from openchair.chair.journey.views import Mapped
from openchair.chair.ports import Engine
from openchair.core.clock import Moment
from openchair.journey import counting, cutting, guessing
from openchair.journey.cutting import DAY_S, Codes
from openchair.value.growth import LARGEST_MINOR

if TYPE_CHECKING:
    from openchair.chair.chair import Chair
    from openchair.chair.state.records import Choice

MOMENT, TACKLED = "journey moment", "journey tackled"
"""Kinds of choices that persons make about journeys (chair.state.records)."""
LEFT_OUT = "none"
"""The moment of steps that are left out of journeys."""
VALUE_DAYS = 90
"""What a need brings is what is spent within so many days of its beginning, or half of a shorter history."""
KINDS = ("steps", "purchases", "voices", "contacts", "answers")


@dataclass(frozen=True, slots=True)
class Journeys:
    """Journeys as the engine holds them (cutting.cut, counting.needs), and what they were read with."""

    steps: ir.Table
    needs: ir.Table
    known: ir.Table
    """identifier, who: customers by number."""
    people: ir.Table
    """who, customer_id."""
    codes: Codes
    mapping: tuple[Mapped, ...]
    first: datetime
    now: datetime
    value_days: int
    visit_s: int
    usual_s: int
    counted: int
    left_out: Mapping[str, int]
    robots: tuple[tuple[str, int], ...]

    def measures(self) -> ir.Table:
        """customer_id and counting.MEASURES, one row a customer who took any step."""
        return counting.measures(self.needs).inner_join(self.people, "who").drop("who")


def journeys(chair: "Chair", engine: Engine, moment: Moment) -> Journeys | None:
    """The journeys of everybody up to a moment; None where nobody took a step. They live until the engine's release."""
    facts = {k: (t := engine.facts(k)).filter(t.happened_at < moment.now) for k in KINDS}
    named = happenings(engine, facts, chair.currency, chair.state.moods())
    known, people = numbered(engine, chair.state.identities())
    mapping = mapped(engine, named, known, chair.state.chosen(MOMENT))
    kept = {one.step: one for one in mapping if one.moment}
    if not kept:
        return None
    moments = {name: one.moment for name, one in kept.items()}
    told = any(one.said_by != "place" for one in kept.values())
    codes, places = guessing.codes(
        moments, {name: one.times for name, one in kept.items()}, ordered=guessing.ORDER in kept, told=told
    )
    coded = engine.share(pa.table({"name": pa.array(list(kept), pa.string()), "code": pa.array(places, pa.int8())}))
    machines = engine.keep(cutting.robots(named, known))
    steps = engine.keep(
        cutting.timed(
            named.inner_join(known, "identifier")
            .inner_join(coded, "name")
            .anti_join(machines, "who")
            .select("who", "at", "code", "money", "mood")
        )
    )
    seen = engine.rows(steps.agg(n=_.count(), first=_.at.min(), last=_.at.max())).to_pylist()[0]
    if not seen["n"]:
        return None
    silences = engine.rows(cutting.silences(steps)).to_pydict()
    visit_s = cutting.visit_seconds(silences["bin"], silences["n"])
    usual_s = cutting.usual_seconds(silences["bin"], silences["n"], visit_s)
    now_s = int(moment.now.timestamp())
    own = engine.keep(cutting.patience(steps, visit_s, usual_s))
    cut = engine.keep(cutting.cut(steps, own, codes, visit_s, usual_s, now_s))
    value_days = max(1, min(VALUE_DAYS, (seen["last"] - seen["first"]) // DAY_S // 2))
    robots = engine.rows(machines.inner_join(people, "who").order_by(ibis.desc("steps"), "customer_id")).to_pylist()
    apart = sum(row["steps"] for row in robots)
    unwanted = sum(one.times for one in mapping if not one.moment)
    rest = max(0, sum(one.times for one in mapping) - seen["n"] - apart - unwanted)
    left = {"robots": apart, "left out by a person": unwanted, "nobody's, or told twice": rest}
    return Journeys(
        steps=cut,
        needs=engine.keep(counting.needs(cut, codes, value_days, now_s)),
        known=known,
        people=people,
        codes=codes,
        mapping=mapping,
        first=datetime.fromtimestamp(seen["first"], UTC),
        now=moment.now,
        value_days=value_days,
        visit_s=visit_s,
        usual_s=usual_s,
        counted=seen["n"],
        left_out={why: n for why, n in left.items() if n},
        robots=tuple((row["customer_id"], row["steps"]) for row in robots),
    )


def happenings(engine: Engine, facts: Mapping[str, ir.Table], currency: str, moods: pa.Table) -> ir.Table:
    """identifier, at, name, said, money, mood: everything that a customer did, by the name it has as a step.

    money: minor units of an order, 0 else, below 0 for a return. mood: -100 to 100, null where nothing was said.
    """
    lines = facts["purchases"].filter(_.currency == currency, _.amount_minor.abs() <= LARGEST_MINOR)
    lines = lines.distinct(on="fact_id", keep="first")
    orders = lines.group_by("identifier", "order_id", "is_return").agg(
        at=_.happened_at.min(), money=_.amount_minor.sum().cast("int64")
    )
    voices = facts["voices"].distinct(on="fact_id", keep="first").left_join(engine.share(moods), "fact_id")
    rated = ibis.cases((_.rating <= 2, -0.6), (_.rating >= 4, 0.6), else_=0.0)
    contacts = facts["contacts"].filter(_.status.isin(guessing.CONTACTS))
    none, nothing = ibis.null("string"), ibis.null("int64")
    parts = (
        facts["steps"].select("identifier", at=_.happened_at, name=_.name, said=_.moment, money=0, mood=nothing),
        orders.select(
            "identifier", "at", name=ibis.ifelse(_.is_return, guessing.RETURN, guessing.ORDER), said=none,
            money=_.money, mood=nothing,
        ),
        voices.select(
            "identifier", at=_.happened_at,
            name=ibis.cases(*[(_.channel == c, name) for c, name in guessing.VOICES.items()], else_="Voice"), said=none,
            money=0, mood=(100 * ibis.coalesce(_.mood, rated)).round().cast("int64"),
        ),
        contacts.select(
            "identifier", at=_.happened_at, name=guessing.PROMPT + _.channel.fill_null("message") + " " + _.status,
            said=ibis.literal("recognise"), money=0, mood=nothing,
        ),
    )  # fmt: skip
    types = {"at": "timestamp('UTC')", "name": "string", "said": "string", "money": "int64", "mood": "int64"}
    cast = [t.select("identifier", **{n: t[n].cast(kind) for n, kind in types.items()}) for t in parts]
    return reduce(lambda one, other: one.union(other), cast)


def numbered(engine: Engine, identities: pa.Table) -> tuple[ir.Table, ir.Table]:
    """identifier, who, and who, customer_id: customers by a number, which an engine sorts faster than their ids."""
    ids = pc.unique(identities["customer_id"]).sort()
    who = pc.index_in(identities["customer_id"], ids)
    numbers = pa.array(range(len(ids)), pa.int32())
    return (
        engine.share(pa.table({"identifier": identities["identifier"], "who": who.cast(pa.int32())})),
        engine.share(pa.table({"who": numbers, "customer_id": ids})),
    )


def mapped(engine: Engine, named: ir.Table, known: ir.Table, chosen: Mapping[str, "Choice"]) -> tuple[Mapped, ...]:
    """Every name of a step with its moment: what a person chose, else a guess. The commonest first."""
    rows = engine.rows(named.group_by("name", "said").agg(n=_.count()).order_by("name", "said")).to_pylist()
    seen: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        seen.setdefault(row["name"], []).append(row)
    counted = {name: sum(row["n"] for row in some) for name, some in seen.items()}
    said = {name: max(some, key=lambda row: (row["said"] is not None, row["n"]))["said"] for name, some in seen.items()}
    dark = [name for name in seen if not said[name] and not guessing.by_name(name)]
    places = _places(engine, named.inner_join(known, "identifier"), sum(counted.values())) if dark else {}
    found = []
    for one in guessing.guess([guessing.Seen(n, counted[n], said[n], places.get(n)) for n in seen]):
        by = chosen.get(one.name)
        moment, who, at = (by.body, by.by, by.at) if by and by.body else (one.moment, one.because, None)
        moment = "" if moment == LEFT_OUT else moment
        found.append(Mapped(one.name, moment, who, at, one.times))
    return tuple(sorted(found, key=lambda one: (-one.times, one.step)))


def _places(engine: Engine, steps: ir.Table, total: int) -> dict[str, float]:
    """Where among a customer's steps each name occurs on average, from 0 (first) to 1, among enough customers."""
    some = steps.filter(steps.who % max(1, total // counting.SAMPLE_STEPS) == 0)
    order = {"group_by": some.who, "order_by": [some.at, some.name]}
    ranked = some.mutate(rank=ibis.row_number().over(**order), of=some.name.count().over(group_by=some.who))
    place = (_.rank * counting.MICRO / (_.of - 1)).round().cast("int64")
    rows = ranked.filter(ranked.of > 1).group_by("name").agg(place=place.mean())
    return {row["name"]: row["place"] / counting.MICRO for row in engine.rows(rows).to_pylist()}


def offers(contacts: ir.Table, known: ir.Table) -> ir.Table:
    """who, offered_at, key, yes: what was offered to customers, and whether they clicked or answered.

    What has no decision's id belongs to the last of its action that was sent before.
    """
    own = contacts.inner_join(known, "identifier")
    told = {"group_by": [own.who, own.action], "order_by": [own.happened_at, own.fact_id], "rows": (None, 0)}
    nth = (own.status == "sent").cast("int64").sum().over(**told)
    keyed = own.mutate(key=ibis.coalesce(own.decision_id, own.action + " " + nth.cast("string")))
    each = keyed.group_by("who", "key").agg(
        offered_at=_.happened_at.min(where=_.status.isin(["sent", "delivered"])),
        yes=_.status.isin(["clicked", "answered"]).any(),
    )
    return each.filter(each.offered_at.notnull())


def ease(answers: ir.Table, known: ir.Table) -> ir.Table:
    """who, said_at, score: answers of how easy it was, 1 to 7."""
    those = answers.filter(answers.metric == "ces", answers.score.between(1, 7)).distinct(on="fact_id", keep="first")
    return those.inner_join(known, "identifier").select("who", said_at=cutting.seconds(_.happened_at), score=_.score)


def words(engine: Engine, voices: ir.Table, known: ir.Table, lost: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """What some customers wrote last within a month of being lost, by their number. lost: who, last_at."""
    if not lost:
        return {}
    those = {row["who"]: datetime.fromtimestamp(row["last_at"], UTC) for row in lost}
    said = voices.inner_join(known.filter(known.who.isin(list(those))), "identifier")
    rows = engine.rows(said.select("who", "happened_at", "text").order_by("happened_at", "text")).to_pylist()
    month = timedelta(seconds=30 * DAY_S)
    return {row["who"]: row["text"] for row in rows if abs(row["happened_at"] - those[row["who"]]) <= month}
