"""How reports of value read as Markdown, to read out at a meeting."""

from collections.abc import Callable

from openchair.chair.value.reports import AuditReport, GrowthReport
from openchair.core.estimate import Number, Unknown
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


def growth(view: GrowthReport) -> str:
    """Growth: the change, its causes, what to move next, and what was left out."""
    mark = " (simulated)" if view.simulated else ""
    if view.before_minor is None or view.after_minor is None or view.since is None or view.to is None:
        more = f"; {plural(view.needed, 'more day is', 'more days are')} needed" if view.needed else ""
        return f"# Growth{mark}\n\nNot enough is known yet: {view.unknown}{more}.\n"

    def money(minor: int) -> str:
        return show(minor, view.currency, cents=True)

    lines = [
        f"# Growth{mark}, {view.since:%d %B %Y} to {view.to:%d %B %Y}",
        "",
        f"**{money(view.after_minor)}**, after {money(view.before_minor)} in the {count(view.days)} days before: "
        f"{_signed(money(view.after_minor - view.before_minor))}",
        "",
        "| cause | change | customers |",
        "| --- | --- | --- |",
        *(f"| {CAUSES[one.name]} | {_signed(money(one.minor))} | {count(one.customers)} |" for one in view.causes),
    ]
    if view.levers:
        lines += ["", "What to move next, customers we have first:", ""]
        lines += [
            f"{place}. **{one.name}**: {one.evidence} A tenth of it is {money(one.step_minor)}."
            for place, one in enumerate(view.levers, 1)
        ]
    if view.parts:
        lines += ["", f"| {view.by} | before | after | {' | '.join(CAUSES.values())} |", "| --- " * 12 + "|"]
        for part in view.parts:
            figures = [money(part.before_minor), money(part.after_minor), *(_signed(money(m)) for m in part.causes)]
            lines.append(f"| {part.name.replace('|', '/')} | {' | '.join(figures)} |")
    lines += ["", *(f"- {note}" for note in view.notes)] if view.notes else []
    lines += ["", *(f"- Left out: {count(one.facts)}, {one.reason}." for one in view.excluded)] if view.excluded else []
    return "\n".join(lines) + "\n"


def audit(view: AuditReport) -> str:
    """The loyalty audit: the scores with their evidence, what was bought with rewards, and what those brought."""
    mark = " (simulated)" if view.simulated else ""
    if view.since is None or view.to is None or view.sold_minor is None or view.rewarded_minor is None:
        return (
            f"# Loyalty audit{mark}\n\nNot enough is known yet: {view.unknown}; {view.needed} more days are needed.\n"
        )

    def money(minor: float) -> str:
        return show(minor, view.currency)

    def told(number: Number, shown: Callable[[float], str]) -> str:
        if isinstance(number, Unknown):
            return str(number)
        return f"{shown(number.value)} ({shown(number.low)} to {shown(number.high)})"

    overall = "not known yet" if view.overall is None else f"{view.overall:.1f}"
    lines = [
        f"# Loyalty audit{mark}, {view.since:%d %B %Y} to {view.to:%d %B %Y}",
        "",
        f"**{overall}** on a scale from 1.0 (bought) to 3.0 (earned)",
        "",
        "| respect | score | what was counted |",
        "| --- | --- | --- |",
    ]
    for one in view.scores:
        score = "not known" if one.value is None else f"{one.value:.1f}"
        lines.append(f"| {one.name} | {score} | {one.evidence} |")
    lines += [
        "",
        f"- Of {money(view.sold_minor)} sold, {money(view.rewarded_minor)} was bought with discounts, coupons or "
        f"rewards; {money(view.given_minor or 0)} was taken off.",
        f"- Of {plural(view.regulars or 0, 'regular customer', 'regular customers')}, {count(view.reliant or 0)} buy "
        f"with rewards only and {count(view.free or 0)} hardly ever.",
        f"- What the campaigns below brought in four weeks each: {told(view.brought, money)}.",
        f"- Spending a day without a contact just before, against that in the weeks after one: "
        f"{told(view.unrewarded, '{:.0%}'.format)}.",
        f"- Where an item's price is 1% higher, its sales differ by {told(view.sensitivity, '{:+.1f}%'.format)}.",
    ]
    if view.campaigns:
        lines += ["", "| campaign | from | customers | held against | brought |", "| --- | --- | --- | --- | --- |"]
        lines += [
            f"| {one.campaign.replace('|', '/')} | {one.began_on} | {count(one.customers)} | "
            f"{count(one.compared)} ({one.method}) | {told(one.brought, money)} |"
            for one in view.campaigns
        ]
    lines += ["", *(f"- {note}" for note in view.notes)] if view.notes else []
    lines += ["", *(f"- Left out: {count(one.facts)}, {one.reason}." for one in view.excluded)] if view.excluded else []
    return "\n".join(lines) + "\n"


def _signed(shown: str) -> str:
    """An amount of change with its sign."""
    return shown if shown.startswith("−") else f"+{shown}"
