"""How a score is told: what it is, what it rests on, whether it changed, and for whom it is which."""

from openchair.chair.listening.views import ScoreReport
from openchair.core.blocks import Block, Column, Empty, Figure, Line, Lines, Sentence, Table, Told, Unit
from openchair.core.estimate import Estimate, Number, Unknown
from openchair.core.figures import cell, chance, interval, written
from openchair.core.words import count, listed, plural
from openchair.listening.scores.metric import METRICS

_UNITS: dict[str, tuple[Unit, float]] = {"nps": ("points", 1.0), "csat": ("share", 0.01), "ces": ("number", 1.0)}
"""How each is written, and what it is multiplied by for that."""


def score(view: ScoreReport) -> Told:
    """A score with its parts."""
    metric, (unit, scale) = METRICS[view.metric], _UNITS[view.metric]

    def scaled(number: Number) -> Number:
        if isinstance(number, Unknown):
            return number
        return Estimate(number.value * scale, number.low * scale, number.high * scale, number.n)

    def at(value: float | None) -> float | None:
        return None if value is None else value * scale

    value: Number = Unknown(view.unknown, view.needed)
    headline = f"{metric.title}: not enough is known yet"
    if view.value is not None and view.low is not None and view.high is not None:
        value = scaled(Estimate(view.value, view.low, view.high, view.n))
        headline = f"{metric.title}: {interval(value, unit, '')}"
    groups = zip(metric.groups, (view.promoters, view.passives, view.detractors), strict=True)
    said = [f"{plural(view.n, 'answer', 'answers')}: {', '.join(f'{count(n)} {name}' for name, n in groups)}."]
    if view.weighted_on and isinstance(view.unweighted, Estimate):
        bare = written(view.unweighted.value * scale, unit, "")
        said.append(
            f"Weighted on {listed(view.weighted_on)}, worth {count(view.effective_n or 0)} equal ones; without weights "
            f"{bare}."
        )
    if isinstance(view.response, Estimate):
        asked = plural(int(view.response.n), "customer", "customers")
        said.append(f"{chance(view.response.value)} of {asked} asked answered.")
    span = plural(view.days, "day", "days")
    blocks: list[Block] = [
        Figure(metric.title, value, unit, f"over {span} up to {cell(view.as_of, 'text', '')}"),
        Sentence(" ".join(said)),
    ]
    if not view.n:
        more = f": {plural(view.needed, 'more answer is', 'more answers are')} needed" if view.needed else ""
        blocks = [Empty("Nobody has answered yet", f"{metric.title} is told from what customers answer{more}.",
                        "Ask your customers", "/surveys")]  # fmt: skip
    if view.change is not None:
        moved = view.change.difference
        sure = "changed" if view.change.changed else "no change that is sure"
        verdict = "cannot be told yet" if isinstance(moved, Unknown) else sure
        blocks.append(
            Sentence(
                f"Since {cell(view.change.since, 'text', '')}: {verdict}; "
                f"difference {interval(scaled(moved), unit, '')}."
            )
        )
    points = view.daily[::-7][::-1]
    if any(one.value is not None for one in points):
        drawn = Line(
            metric.title,
            tuple(at(one.value) for one in points),
            tuple(at(one.low) for one in points),
            tuple(at(one.high) for one in points),
        )
        labels = tuple(f"{one.begins.day} {one.begins:%b}" for one in points)
        blocks.append(Lines(f"Is it changing? The {span} up to each day", labels, (drawn,), unit, x_title="Up to"))
    if view.parts:
        ends = (metric.lowest * scale, metric.highest * scale)
        columns = (
            Column(view.by.capitalize()), Column("Answers", "count"), Column("Customers", "count"),
            Column("Score", unit, drawn=True, ends=ends),
        )  # fmt: skip
        rows = tuple((one.name, one.n, one.customers or None, scaled(one.value)) for one in view.parts)
        blocks.append(Table("Who is happy, who is not?", columns, rows))
    return Told(view.metric, headline, tuple(blocks), "", view.simulated)
