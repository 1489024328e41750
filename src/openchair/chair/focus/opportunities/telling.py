"""How opportunities, and the sheet that works backwards from one, are told in blocks."""

from collections.abc import Iterator

from openchair.chair.focus.opportunities.views import OpportunitiesReport, Opportunity, SheetView
from openchair.core.blocks import Block, Cell, Column, Dot, Empty, Group, Link, Quote, Scatter, Sentence, Table, Told
from openchair.core.estimate import Estimate
from openchair.core.words import count, plural
from openchair.focus.opportunities import FIELDS

PATH = "/opportunities"
READINGS = {"need": "a need", "want": "a wish", "aspiration": "a hope", "asked": "asked in a survey"}
CAPABILITIES = {"held": "we can", "perhaps": "perhaps we can", "lacking": "we lack what it takes"}
ABOUT = (
    "An opportunity is a need that matters to customers and is not met: importance plus what satisfaction lacks of it. "
    "From each one works backwards: first the announcement, then what must be true, then the first test."
)


def opportunities(view: OpportunitiesReport) -> Told:
    """Opportunities: the first one, the map, all of them ranked, with what each would take."""
    headline = "Which needs are worth meeting next?"
    if not view.opportunities:
        more = f", {plural(view.needed, 'more customer is', 'more customers are')} needed" if view.needed else ""
        so_far = f"So far {view.unknown or 'no need was heard'}{more}."
        nothing = Empty("No need is known yet", f"{ABOUT} {so_far}", "Ask customers", "/surveys")
        return Told("opportunities", headline, (nothing,), view.currency, view.simulated)
    first = view.opportunities[0]
    if not view.unknown:
        headline = f"Work backwards from “{first.name}”"
    return Told("opportunities", headline, (*_blocks(view),), view.currency, view.simulated)


def _blocks(view: OpportunitiesReport) -> Iterator[Block]:
    people = plural(view.customers, "customer", "customers")
    yield Sentence(f"{people} said something in the last {count(view.days)} days.", "lead")
    if view.unknown:
        more = f": {plural(view.needed, 'more', 'more')} needed" if view.needed else ""
        yield Sentence(f"No score yet: {view.unknown}{more}.", "warning")
    first = view.opportunities[0]
    quotes = tuple(
        Quote(
            one.text, one.customer, f"/customers/{one.customer_id}" if one.customer_id else "", one.happened_at.date()
        )
        for one in first.quotes
    )
    if quotes:
        yield Group(first.name, quotes, over="In their own words")
    if dots := tuple(_dot(one) for one in view.opportunities if isinstance(one.score, Estimate)):
        yield Scatter(
            "Importance by satisfaction", "Satisfaction", "Importance", dots, "number", "number", 5.0, 5.0,
            ("leave", "enough is done", "meet these", "keep these"),
        )  # fmt: skip
    columns = (
        Column("Need"), Column("Score, of 20", "number", drawn=True, ends=(0.0, 20.0)), Column("Importance", "number"),
        Column("Satisfaction", "number"), Column("Customers", "count"), Column("Worth in 12 months", "money"),
    )  # fmt: skip
    yield Table(
        "Ranked", columns, tuple(_row(one) for one in view.opportunities),
        note="Importance and satisfaction are of 10: asked in a survey, or else heard (how many speak of it against "
        "the most spoken of; of those who speak of its theme, how many do not speak ill of it). What is heard is no "
        "survey: many needs are never put into words.",
    )  # fmt: skip


def _dot(one: Opportunity) -> Dot:
    return Dot(one.name, one.satisfaction, one.importance, one.customers, READINGS[one.reading], f"{PATH}/{one.key}")


def _row(one: Opportunity) -> tuple[Cell, ...]:
    what = f": {one.what}" if one.what else ""
    able = f"{CAPABILITIES[one.capability]}{what}{f', says {one.said_by}' if one.said_by else ''}"
    note = f"{READINGS[one.reading]}; {able}; {'its sheet is written' if one.written else 'a draft waits'}"
    return (
        Link(one.name, f"{PATH}/{one.key}", note),
        one.score,
        one.importance,
        one.satisfaction,
        one.customers,
        one.worth,
    )


def sheet(view: SheetView, currency: str) -> Told:
    """A working-backwards page, to read and to hand on."""
    texts = {name: getattr(view.sheet, name) for name in FIELDS if name != "headline"}
    blocks: list[Block] = [Sentence(_state(view), "note")]
    for name, text in texts.items():
        paragraphs = [one.strip() for one in text.replace("\r\n", "\n").split("\n") if one.strip()]
        blocks.append(Group(FIELDS[name], tuple(Sentence(one) for one in paragraphs or ["Nothing yet."])))
        if name == "announcement" and view.quote:
            said = Quote(view.quote.text, "a customer", said_on=view.quote.happened_at.date())
            blocks.append(Group("A customer says", (said,)))
    if view.evidence:
        columns = (Column("What is known"), Column("", "number"))
        known = view.evidence
        rows = (("score, of 20", known.score), ("importance", known.importance), ("satisfaction", known.satisfaction))
        blocks.append(Table("The evidence today", columns, rows))
    return Told("opportunities", view.sheet.headline, tuple(blocks), currency, view.simulated)


def _state(view: SheetView) -> str:
    if not view.number:
        return f"A draft from what is known of “{view.name}”; nobody has kept it yet."
    kept = next(one for one in view.versions if one.number == view.number)
    newest = "" if view.number == view.versions[0].number else " A newer one was kept since."
    return f"On “{view.name}”. Kept by {kept.by} on {kept.at:%d %B %Y}{f': {kept.why}' if kept.why else '.'}{newest}"
