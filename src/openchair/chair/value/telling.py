"""How reports of value are told: what the shop should see of growth and of the loyalty audit, in blocks."""

from collections.abc import Iterable, Sequence
from datetime import date

from openchair.chair.value.growing import BY
from openchair.chair.value.reports import AuditReport, Excluded, GrowthReport
from openchair.core.blocks import (
    Block,
    Cell,
    Column,
    Empty,
    Figure,
    Group,
    Link,
    Sentence,
    Table,
    Told,
    Waterfall,
)
from openchair.core.estimate import Estimate, Unknown
from openchair.core.figures import interval
from openchair.core.money import show
from openchair.core.words import count, plural

CAUSES = {
    "acquisition": "new customers",
    "referral": "customers sent by others",
    "reactivation": "came back after a pause",
    "retention": "did not buy again",
    "frequency": "how often they order",
    "basket": "how much they order",
    "mix": "which goods they choose",
    "price": "prices",
    "refunds": "money given back",
}
"""Causes of growth in an owner's words."""
LEVERS = {
    "retention": "Keep those who are about to leave",
    "frequency": "Be worth a visit more often",
    "basket": "Help them find more in one visit",
    "reactivation": "Win back those who left",
    "referral": "Help customers bring friends",
    "acquisition": "Find new customers",
}
"""What each lever asks of the shop."""


def growth(view: GrowthReport) -> Told:
    """Growth: the change, what to move next, its causes, with whom it was, and what was left out."""
    if view.before_minor is None or view.after_minor is None or view.since is None or view.to is None:
        about = (
            "Growth compares two periods of equal length, the second right after the first, and says how much of the "
            "change came from new customers, from friends they brought, from those who stayed, came back or left, and "
            "from how often, how much and what they buy."
        )
        nothing = _nothing(about, view.unknown, view.needed)
        return Told("growth", "Is revenue growing?", (nothing,), view.currency, view.simulated)
    change = view.after_minor - view.before_minor
    lead = (
        f"{_days(view.since, view.to)} brought {show(view.after_minor, view.currency)}, the {count(view.days)} days "
        f"before {show(view.before_minor, view.currency)}."
    )
    moved = Waterfall(
        "What moved it, cause by cause",
        tuple(
            (CAUSES[one.name], one.minor, plural(one.customers, "customer", "customers") if one.customers else "")
            for one in view.causes
        ),
        note=" ".join(("The causes add up to the cent. The upright line is the period before.", *view.notes)),
    )
    blocks: list[Block] = [Sentence(lead, "lead")]
    for next_one in view.levers[:1]:
        worth = f"A tenth of it is worth {show(next_one.step_minor, view.currency)} in as many days."
        first = " These are customers you have; they come before new ones." if next_one.existing else ""
        said = (Sentence(next_one.evidence), Sentence(worth + first))
        blocks.append(Group(LEVERS[next_one.name], said, over="What to move next"))
    blocks.append(moved)
    if view.levers[1:]:
        columns = (Column("Lever"), Column("What was counted"), Column("A tenth of it", "money"))
        rows = tuple((LEVERS[one.name], one.evidence, one.step_minor) for one in view.levers[1:])
        blocks.append(Table("And after that?", columns, rows))
    if view.parts:
        titles = [Column(view.by.capitalize()), Column("Before", "money"), Column("After", "money")]
        blocks.append(
            Table(
                "With whom did it change?",
                (*titles, *(Column(name.capitalize(), "change") for name in CAUSES.values())),
                tuple(
                    (part.name, part.before_minor, part.after_minor, *(minor or None for minor in part.causes))
                    for part in view.parts
                ),
                ways=tuple(Link(by, f"?by={by}", "shown" if by == view.by else "") for by in BY),
            )
        )
    way = "rise" if change > 0 else "fall"
    headline = f"Why did revenue {way} by {show(abs(change), view.currency)}?" if change else "What moves revenue?"
    return Told("growth", headline, (*blocks, *_left_out(view.excluded)), view.currency, view.simulated)


RESPECTS = {
    "price": "Do they come for the price?",
    "programme": "Do they need a reward to come?",
    "influence": "Do they bring others?",
    "listening": "Do we hear them?",
    "relationship": "Does each get what suits them?",
}
"""Each score as the question that it answers."""
METHODS = {
    "holdout": "against whom a lot kept from it",
    "matched": "against untouched customers who bought alike",
    "bounds": "nobody to hold it against",
}


def audit(view: AuditReport) -> Told:
    """The loyalty audit: the scores with their evidence, what was bought with rewards, and what those brought."""
    if view.since is None or view.to is None or view.sold_minor is None or view.rewarded_minor is None:
        about = (
            "The audit asks how much of your customers’ loyalty is bought: what they buy with discounts, coupons and "
            "rewards, what campaigns brought beyond what would have been bought anyway, and what they do without. It "
            "needs four weeks of orders."
        )
        nothing = _nothing(about, view.unknown, view.needed)
        return Told("audit", "Is loyalty bought or earned?", (nothing,), view.currency, view.simulated)
    sold, rewarded, given = (
        show(minor or 0, view.currency) for minor in (view.sold_minor, view.rewarded_minor, view.given_minor)
    )
    scores = Table(
        "Where do we stand, from 1.0 to 3.0?",
        (Column("Question"), Column("What was counted"), Column("Score", "number", drawn=True, ends=(1.0, 3.0))),
        tuple((Link(RESPECTS[one.name], note=one.name), one.evidence, one.value) for one in view.scores),
        note="1.0 buys loyalty with discounts and points, 2.0 rewards what customers do, 3.0 hears them, helps them, "
        "and is passed on. The scale is a convention of the house; what was counted is not.",
    )
    regulars = (
        f"Of {plural(view.regulars, 'regular customer', 'regular customers')}, {count(view.reliant or 0)} buy with "
        f"rewards only and {count(view.free or 0)} hardly ever."
        if view.regulars
        else ""
    )
    bought: list[Block] = [
        Sentence(
            f"{rewarded} of {sold} was bought with a discount, a coupon or a reward; {given} was taken off. {regulars}"
        ),
        Figure(
            "A day without a contact just before", view.unrewarded, "share",
            "of what one in the four weeks after a contact brings",
        ),
        Figure(
            "Sales of an item whose price is 1% higher", view.sensitivity, "percent",
            "seen together, which is not yet a cause",
        ),
        Figure(
            "Does everyone get the same?", Unknown("too few were contacted") if view.same is None else view.same,
            "share", "the chance that two customers were sent the same",
        ),
    ]  # fmt: skip
    known = isinstance(view.brought, Estimate)
    together = (
        f"Together {interval(view.brought, 'money', view.currency)} in four weeks each."
        if known
        else f"What rewards brought lies anywhere between nothing and {rewarded}, all that was bought with them."
    )
    campaigns = Table(
        "What did the campaigns bring?",
        (
            Column("Campaign"), Column("Customers", "count"), Column("Held against", "count"),
            Column("Brought in four weeks", "money", drawn=True),
        ),
        tuple(
            (
                Link(one.campaign, note=f"{one.began_on.day} {one.began_on:%B %Y}, {METHODS[one.method]}"),
                one.customers, one.compared, one.brought,
            )
            for one in view.campaigns
        ),
        note=" ".join((together, *view.notes)),
        empty="No campaign reached thirty customers in one day with eight weeks of orders before it and four after.",
    )  # fmt: skip
    lead = (
        f"{_days(view.since, view.to)}: {plural(view.customers or 0, 'customer', 'customers')} who bought for {sold}."
    )
    headline = "Is loyalty bought or earned?"
    if view.overall is not None:
        stands = "bought" if view.overall < 1.67 else "earned" if view.overall > 2.33 else "partly earned"
        headline += f" So far {stands}: {view.overall:.1f} of 3.0"
    blocks = (Sentence(lead, "lead"), scores, Group("How much is bought?", tuple(bought)), campaigns)
    return Told("audit", headline, (*blocks, *_left_out(view.excluded)), view.currency, view.simulated)


def _nothing(about: str, why: str, needed: int | None) -> Empty:
    more = f" {plural(needed, 'more day of orders is', 'more days of orders are')} needed." if needed else ""
    return Empty("Not enough is known yet", f"{about} {why[:1].upper()}{why[1:]}.{more}", "Import orders", "/imports")


def _days(since: date, to: date) -> str:
    return f"{since.day} {since:%B %Y} to {to.day} {to:%B %Y}"


def _left_out(excluded: Sequence[Excluded]) -> Iterable[Block]:
    """What a report could not count, and why."""
    if excluded:
        rows: tuple[tuple[Cell, ...], ...] = tuple((one.reason, one.facts) for one in excluded)
        yield Table("What was left out", (Column("Reason"), Column("Facts", "count")), rows)
