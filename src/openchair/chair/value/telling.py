"""How reports of value read as Markdown, to read out at a meeting."""

from openchair.chair.value.reports import GrowthReport
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


def _signed(shown: str) -> str:
    """An amount of change with its sign."""
    return shown if shown.startswith("−") else f"+{shown}"
