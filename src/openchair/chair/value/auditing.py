"""The loyalty audit of a shop: what was bought with rewards, what they brought, and what customers do without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from openchair.chair.ports import Engine
from openchair.chair.value.growing import referred
from openchair.chair.value.reports import AuditReport, CampaignEffect, Excluded, Maturity
from openchair.chair.wheel.spend import columns_of
from openchair.chair.wheel.stand import owned
from openchair.core.clock import Moment
from openchair.core.estimate import Number, Unknown
from openchair.core.words import plural
from openchair.facts.days import local_day
from openchair.value import audit, growth
from openchair.value.senders import referrals

if TYPE_CHECKING:
    from openchair.chair.chair import Chair

DAYS = 365
"""The days up to the last order that are looked at, or as many as there are."""
FEWEST_DAYS = 28
MOST_WAVES = 30
"""Waves of campaigns that are told, the largest."""
_KINDS = ("purchases", "contacts", "referrals", "answers", "voices")


@dataclass(frozen=True, slots=True)
class Auditing:
    """How much of a shop's loyalty is bought."""

    chair: "Chair"

    def report(self) -> AuditReport:
        """The audit of the last year up to the last order that is over, or of a shorter history from four weeks on."""
        chair = self.chair
        now = chair.moment()
        moment = Moment(max(now.now, chair.now_or_last()), now.zone)
        with chair.reading() as engine:
            identities = engine.share(chair.state.identities()).select("identifier", "customer_id")
            facts = {k: (t := engine.facts(k)).filter(t.happened_at < moment.now) for k in _KINDS}
            lines = facts["purchases"].left_join(identities, "identifier").drop("identifier_right")
            lines = growth.judged(lines.mutate(day=local_day(lines.happened_at, moment.zone)), chair.currency)
            sold = lines.filter(lines.reason == "", ~lines.is_return)
            ends = engine.rows(sold.agg(first=sold.day.min(), last=sold.day.max())).to_pylist()[0]
            first, last = ends["first"], ends["last"]
            seen = (last - first).days + 1 if first and last else 0
            if seen < FEWEST_DAYS:
                return _nothing(chair, seen)
            looked = _Looked(
                engine, max(first, last - timedelta(days=DAYS - 1)), first, last, chair.settings.confidence
            )
            known = {k: _dated(owned(facts[k], identities), moment) for k in ("contacts", "answers", "voices")}
            left = engine.rows(growth.excluded(lines, looked.since, last)).to_pylist()
            pair = referred(facts["referrals"], identities, sold, moment)
            return looked.told(chair, sold, known, referrals.brought(pair), left)


def _dated(facts: ir.Table, moment: Moment) -> ir.Table:
    return facts.mutate(day=local_day(facts.happened_at, moment.zone))


@dataclass(frozen=True, slots=True)
class _Looked:
    """An audit under way: the days it is about, and the engine that counts."""

    engine: Engine
    since: date
    first: date
    to: date
    confidence: float

    def row(self, expression: ir.Table) -> dict[str, Any]:
        return dict(self.engine.rows(expression).to_pylist()[0])

    def within(self, facts: ir.Table) -> ir.Table:
        return facts.filter(facts.day >= self.since, facts.day <= self.to)

    def told(
        self,
        chair: "Chair",
        sold: ir.Table,
        known: Mapping[str, ir.Table],
        brought: ir.Table,
        left: Sequence[Mapping[str, Any]],
    ) -> AuditReport:
        """The report from what counts as sold, contacts, answers and voices with owners, and who was brought."""
        sales = self.engine.keep(self.within(sold).distinct(on="fact_id", keep="first"))
        money = self.row(audit.shares(audit.bought(sales)))
        touched = self.engine.keep(audit.reached(known["contacts"]))
        before = self.since - timedelta(days=2 * audit.WINDOW_DAYS)
        once = sold.filter(sold.day >= before, sold.day <= self.to).distinct(on="fact_id", keep="first")
        daily = self.engine.keep(once.group_by("customer_id", "day").agg(sold_minor=_.amount_minor.sum().cast("int64")))
        effects, cut = self.effects(touched, daily)
        cells = self.engine.rows(audit.weeks(sales))
        week, sales_of, price = (cells[name].to_numpy().astype(float) for name in ("week", "lines", "price"))
        same = self.same(self.within(touched))
        alike = same if isinstance(same, audit.Sameness) else None
        share = money["rewarded_minor"] / money["sold_minor"] if money["sold_minor"] else None
        scores = (
            self.score("price", share, "{} of revenue was bought with a discount, a coupon or a reward"),
            self.score(
                "programme",
                money["reliant"] / money["told"] if money["told"] else None,
                "{} of customers with three orders or more buy with rewards only",
            ),
            self.score("influence", self.influence(sold, brought), "{} of new customers were sent by another"),
            self.score("listening", self.heard(sales, known), "{} of customers said something in these days"),
            self.score(
                "relationship",
                alike.same if alike else None,
                "two customers were sent the same with a chance of {}",
            ),
        )
        values = [one.value for one in scores if one.value is not None]
        return AuditReport(
            currency=chair.currency,
            since=self.since,
            to=self.to,
            days=(self.to - self.since).days + 1,
            customers=money["customers"],
            sold_minor=money["sold_minor"],
            rewarded_minor=money["rewarded_minor"],
            given_minor=money["given_minor"],
            rewarded_share=share,
            brought=audit.pooled(effects, self.confidence),
            bounds_minor=(0, money["rewarded_minor"]),
            campaigns=tuple(
                CampaignEffect(
                    one.campaign, one.began_on, one.method, one.customers, one.compared, one.left_out, one.after_minor,
                    one.brought,
                )
                for one in effects
            ),
            sensitivity=audit.sensitivity(cells["item"].to_pylist(), week, sales_of, price, self.confidence),
            unrewarded=audit.unrewarded(
                columns_of(self.engine.rows(audit.quiet(touched, daily, self.since, self.to))), self.confidence
            ),
            regulars=money["told"],
            reliant=money["reliant"],
            free=money["free"],
            same=alike.same if alike else None,
            evenness=alike.evenness if alike else None,
            scores=scores,
            overall=sum(values) / len(values) if values else None,
            excluded=tuple(Excluded(row["reason"], row["lines"]) for row in left),
            notes=tuple(_notes(effects, cut)),
            simulated=chair.simulated,
        )  # fmt: skip

    def effects(self, touched: ir.Table, daily: ir.Table) -> tuple[list[audit.Effect], int]:
        """What the waves of the period brought, and how many are not told for want of days before or after."""
        found = self.engine.rows(audit.waves(self.within(touched), self.first, self.to)).to_pylist()
        whole = [row for row in found if row["whole"]][:MOST_WAVES]
        if not whole:
            return [], len(found)
        shape = pa.schema([("campaign", pa.string()), ("began_on", pa.date32())])
        waves = self.engine.share(pa.Table.from_pylist([{n: row[n] for n in shape.names} for row in whole], shape))
        rows = self.engine.rows(audit.effects(touched, daily, waves)).to_pylist()
        by = groupby(rows, key=lambda row: (row["campaign"], row["began_on"]))
        told = [audit.effect(list(some), self.confidence) for _key, some in by]
        return sorted(told, key=lambda one: (-one.customers, one.campaign, one.began_on)), len(found) - len(whole)

    def same(self, touched: ir.Table) -> audit.Sameness | Unknown:
        """Whether all were sent the same."""
        sent = touched.filter(~touched.kept)
        things = self.engine.rows(sent.group_by("campaign").agg(people=_.count()).order_by("campaign"))
        each = sent.group_by("customer_id").agg(n=_.count())
        had = self.engine.rows(each.group_by("n").agg(people=_.count()).order_by("n")).to_pylist()
        return audit.sameness(things["people"].to_pylist(), {row["n"]: row["people"] for row in had})

    def influence(self, sold: ir.Table, brought: ir.Table) -> float | None:
        """Of customers new in these days the share that others sent; None where nobody can be known to be new."""
        if (self.since - self.first).days < FEWEST_DAYS or not self.row(brought.agg(n=_.count()))["n"]:
            return None
        firsts = sold.group_by("customer_id").agg(day=_.day.min())
        new = self.within(firsts)
        sent = new.semi_join(brought.select(customer_id="referred"), "customer_id")
        n = self.row(new.agg(n=_.count()))["n"]
        return self.row(sent.agg(n=_.count()))["n"] / n if n else None

    def heard(self, sales: ir.Table, known: Mapping[str, ir.Table]) -> float | None:
        """Of those who bought in these days the share who answered or said something."""
        said = [self.within(known[kind]).select("customer_id") for kind in ("answers", "voices")]
        buyers = sales.select("customer_id").distinct()
        n = self.row(buyers.agg(n=_.count()))["n"]
        heard = self.row(buyers.semi_join(said[0].union(said[1]).distinct(), "customer_id").agg(n=_.count()))["n"]
        return heard / n if n else None

    @staticmethod
    def score(name: str, share: float | None, words: str) -> Maturity:
        """A score with its evidence."""
        if share is None:
            return Maturity(name, None, None, _MISSING[name])
        return Maturity(name, audit.maturity(name, share), share, words.format(f"{share:.0%}"))


_MISSING = {
    "price": "nothing was sold",
    "programme": "no customer has three orders yet",
    "influence": "no referral is known, or the history begins with these days and all would be new",
    "listening": "nothing was sold",
    "relationship": f"fewer than {audit.FEWEST} customers were contacted",
}


def _notes(effects: Sequence[audit.Effect], cut: int) -> list[str]:
    said = []
    if any(one.method == "matched" for one in effects):
        said.append(
            "The campaigns were sent to chosen customers, not by lot. They are held against untouched ones who bought "
            "alike before; whatever else made the shop choose them is counted as the campaign's."
        )
    if effects and all(one.method != "holdout" for one in effects):
        said.append("To know what a campaign brings, keep it from some customers by lot.")
    if cut:
        many = plural(cut, "wave of campaigns is", "waves of campaigns are")
        said.append(f"{many} not told: beyond the largest {MOST_WAVES}, or without eight weeks before and four after.")
    return said


def _nothing(chair: "Chair", seen: int) -> AuditReport:
    why = f"the history has {plural(seen, 'day', 'days')}" if seen else "nothing was sold yet"
    absent: Number = Unknown(why, needed=FEWEST_DAYS - seen)
    return AuditReport(
        chair.currency, None, None, 0, None, None, None, None, None, absent, None, (), absent, absent, None, None, None,
        None, None, (), None, (), (), unknown=why, needed=FEWEST_DAYS - seen, simulated=chair.simulated,
    )  # fmt: skip
