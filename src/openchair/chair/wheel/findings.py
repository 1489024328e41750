"""What a turn found, in figures and sentences: few, plain, each with what qualifies it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from openchair.chair.listening.scores import measuring
from openchair.chair.ports import Engine
from openchair.chair.views import Finding, Lens, TimelineEntry, TurnReport
from openchair.core.clock import Moment
from openchair.core.estimate import Unknown
from openchair.core.money import show
from openchair.core.words import count, listed, plural
from openchair.dossier.stage import STAGES
from openchair.listening.scores.metric import METRICS
from openchair.listening.scores.satisfaction import share
from openchair.value import growth
from openchair.value.senders import referrals

VOICE_DAYS = 60
"""Words older than this no longer speak for today."""


def summarise(engine: Engine, customers: ir.Table) -> dict[str, Any]:
    """The few sums over all customers that sentences are made of: in all, and by stage."""
    by_stage = customers.group_by("stage").agg(
        customers=_.count(),
        buyers=(_.orders >= 1).cast("int64").sum(),
        came_back=(_.orders >= 2).cast("int64").sum(),
        value=_.value_minor.sum(),
        senders=(_.sent_friends >= 1).cast("int64").sum(),
        sending=_.sender_minor.sum(),
    )
    stages = {row.pop("stage"): row for row in engine.rows(by_stage).to_pylist()}
    names = ("customers", "buyers", "came_back", "value", "senders", "sending")
    total = {name: sum(row[name] or 0 for row in stages.values()) for name in names}
    top = customers.filter(_.value_minor.notnull()).mutate(
        place=ibis.percent_rank().over(order_by=ibis.desc("value_minor"))
    )
    best = engine.rows(top.filter(_.place <= 0.2).agg(value=_.value_minor.sum(), n=_.count())).to_pylist()[0]
    return {**total, "stages": {s: stages[s] for s in STAGES if s in stages}, "top": best}


def arrived(engine: Engine, facts: Mapping[str, ir.Table], last: TurnReport | None) -> dict[str, int]:
    """Facts by kind received since the last turn began; all of them at the first."""
    parts = [
        (t.filter(t.received_at > last.started_at) if last else t).agg(n=_.count()).mutate(kind=ibis.literal(kind))
        for kind, t in facts.items()
    ]
    counts = {row["kind"]: row["n"] for row in engine.rows(ibis.union(*parts)).to_pylist()}
    return {kind: counts[kind] for kind in facts if counts[kind]}


def lenses(
    engine: Engine,
    facts: Mapping[str, ir.Table],
    customers: ir.Table,
    identities: ir.Table,
    summary: Mapping[str, Any],
    moment: Moment,
    currency: str,
) -> tuple[Lens, ...]:
    """The three figures to begin the day with: NPS, how many come back, and what is slipping away."""
    sources = measuring.Sources(facts["answers"], facts["traits"], identities, customers)
    measured = measuring.measure(engine, METRICS["nps"], sources, moment, measuring.DAYS)
    tally = measured.spans.window(moment.day, measuring.DAYS)
    score = measured.metric.estimate(tally)
    title = f"{measured.metric.title}, {measuring.DAYS} days"
    if isinstance(score, Unknown):
        first = Lens(title, "points", None, None, None, str(score))
    else:
        on = f", weighted on {listed(measured.weighted_on)}" if measured.weighted_on else ""
        note = plural(tally.answers, "answer", "answers") + on
        first = Lens(title, "points", score.value, score.low, score.high, note)
    slipping = summary["stages"].get("slipping", {"customers": 0, "value": 0})
    at_stake = f", worth {show(slipping['value'], currency)} over 12 months" if slipping["value"] else ""
    return (
        first,
        _came_back(summary["came_back"], summary["buyers"]),
        Lens("Slipping away", "count", slipping["customers"], None, None, f"longer silent than their rhythm{at_stake}"),
    )


def _came_back(part: int, whole: int) -> Lens:
    """The share of buyers who bought again."""
    title = "Buyers who came back"
    if whole == 0:
        return Lens(title, "share", None, None, None, str(Unknown("no orders", needed=1)))
    found = share(part, whole)
    return Lens(title, "share", found.value, found.low, found.high, f"{part:,} of {whole:,}")


def voice(
    engine: Engine, answers: ir.Table, voices: ir.Table, identities: ir.Table, moment: Moment
) -> tuple[TimelineEntry | None, str | None]:
    """Who sits in the empty chair today: of the latest words, those that hurt come first. And whose they are."""
    spoken = ibis.union(
        answers.filter(answers.metric == "nps", answers.text.length() >= 20).select(
            "identifier",
            "happened_at",
            "fact_id",
            "text",
            "source",
            hurt=(_.score <= 6).fill_null(False),
            title=ibis.literal("answer"),
        ),
        voices.filter(voices.text.length() >= 20).select(
            "identifier",
            "happened_at",
            "fact_id",
            "text",
            "source",
            hurt=(_.rating <= 2).fill_null(False),
            title=voices.channel,
        ),
    ).filter(_.happened_at >= moment.now - timedelta(days=VOICE_DAYS))
    theirs = spoken.inner_join(identities, "identifier")
    order = [ibis.desc("hurt"), ibis.desc("happened_at"), "fact_id"]
    rows = engine.rows(theirs.order_by(order).limit(1)).to_pylist()
    if not rows:
        return None, None
    row = rows[0]
    tone = "hurt" if row["hurt"] else "plain"
    return TimelineEntry(row["happened_at"], "voices", row["title"], row["text"], tone, row["source"]), row[
        "customer_id"
    ]


def found(
    engine: Engine,
    purchases: ir.Table,
    summary: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    last: TurnReport | None,
    currency: str,
) -> tuple[Finding, ...]:
    """The sentences of a turn. models: what was learned of spender and sender value."""
    said = [_base(summary, last)]
    value, sender = models["spender"], models["sender"]
    if "unknown" in value:
        said.append(Finding(f"What customers are worth cannot be told yet: {value['unknown']}."))
    elif summary["value"] and summary["top"]["n"]:
        share = summary["top"]["value"] / summary["value"]
        said.append(
            Finding(
                f"A fifth of the buyers carries {share:.0%} of what all are worth as spenders over 12 months.",
                f"{summary['top']['n']:,} people of {show(summary['value'], currency)} in all; fitted by"
                f" {value['model'].upper()} and Gamma-Gamma.",
            )
        )
    stages = ", ".join(f"{row['customers']:,} {name}" for name, row in summary["stages"].items())
    said.append(Finding("Where customers are in their life with us.", f"{stages}, each by their own rhythm."))
    if summary["senders"]:
        said.append(
            Finding(
                f"{plural(summary['senders'], 'customer', 'customers')} sent a friend who came.",
                f"Friends to come in 12 months are worth {show(summary['sending'], currency)}."
                if summary["sending"]
                else f"What friends to come are worth: {sender.get('unknown')}.",
            )
        )
    if left := sender["left_out"]:
        why = listed([f"{n:,} {referrals.REASONS[reason]}" for reason, n in left.items()])
        said.append(
            Finding(
                f"{plural(sum(left.values()), 'referral', 'referrals')} left out: {why}.", "They raise nobody's value."
            )
        )
    said += _not_counted(engine, purchases, currency)
    return tuple(said)


def _base(summary: Mapping[str, Any], last: TurnReport | None) -> Finding:
    people = plural(summary["customers"], "customer", "customers")
    more = summary["customers"] - last.customers if last else 0
    change = f"{more:,} more than at the last turn." if more > 0 else ""
    return Finding(f"{people}, {count(summary['buyers'])} of whom bought something.", change)


def _not_counted(engine: Engine, purchases: ir.Table, currency: str) -> list[Finding]:
    """Purchases that no customer's value holds, with the reason: nothing is left out in silence."""
    lines = growth.judged(purchases.mutate(customer_id=purchases.identifier), currency)
    wrong = lines.filter(lines.reason != "").group_by("reason").agg(n=_.count(), spent=_.amount_minor.sum())
    said = []
    for row in engine.rows(wrong.order_by("reason")).to_pylist():
        many = plural(row["n"], "order line", "order lines")
        if row["reason"] == growth.NOBODYS and row["spent"] > 0:
            text = f"{show(row['spent'], currency)} was bought by people we cannot name."
            said.append(Finding(text, f"{many} without a customer: kept, in nobody's value."))
        elif row["reason"] != growth.NOBODYS:
            said.append(Finding(f"{many} in nobody's value: {row['reason']}.", "Kept, and counted nowhere."))
    return said
