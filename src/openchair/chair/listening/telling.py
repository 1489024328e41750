"""How a score reads as Markdown: what it is, what it rests on, and whether it changed."""

from openchair.chair.listening.views import ScoreReport
from openchair.core.estimate import Number, Unknown
from openchair.core.words import count, listed, plural
from openchair.listening.scores.metric import METRICS, Metric

_SHOWN = {"nps": "{:z.0f}", "csat": "{:z.0f}%", "ces": "{:.1f}"}


def score(view: ScoreReport) -> str:
    """A score to read out at a meeting or to paste into a message."""
    metric = METRICS[view.metric]
    mark = " (simulated)" if view.simulated else ""
    figure = view.unknown if view.value is None else _figure(metric, view.value, view.low, view.high)
    lines = [
        f"# {metric.title}{mark}, {view.daily[-1].begins:%d %B %Y}",
        "",
        f"**{figure}** over {plural(view.days, 'day', 'days')}",
    ]
    groups = zip(metric.groups, (view.promoters, view.passives, view.detractors), strict=True)
    lines += ["", f"- {plural(view.n, 'answer', 'answers')}: {', '.join(f'{count(n)} {name}' for name, n in groups)}."]
    if view.weighted_on and view.unweighted:
        worth = f"worth {count(view.effective_n or 0)} equal ones"
        lines.append(
            f"- Weighted on {listed(view.weighted_on)}, {worth}; without weights {_number(metric, view.unweighted)}."
        )
    if view.response is not None and not isinstance(view.response, Unknown):
        lines.append(
            f"- {view.response.value:.0%} of {plural(int(view.response.n), 'customer', 'customers')} asked answered."
        )
    if view.change is not None:
        since, known = f"{view.change.since:%d %B %Y}", not isinstance(view.change.difference, Unknown)
        verdict = "changed" if view.change.changed else "no change that is sure" if known else "cannot be told yet"
        lines.append(f"- Since {since}: {verdict}; difference {_number(metric, view.change.difference)}.")
    lines += ["", f"| {view.days} days to | score | answers |", "| --- | --- | --- |"]
    lines += [
        f"| {one.begins} | {_figure(metric, one.value, one.low, one.high)} | {count(one.n)} |"
        for one in view.daily[::-7]
    ]
    if view.parts:
        lines += ["", f"| {view.by} | score | answers | customers |", "| --- | --- | --- | --- |"]
        for part in view.parts:
            people = count(part.customers) if part.customers else ""
            lines.append(
                f"| {part.name.replace('|', '/')} | {_number(metric, part.value)} | {count(part.n)} | {people} |"
            )
    return "\n".join(lines) + "\n"


def _number(metric: Metric, number: Number) -> str:
    if isinstance(number, Unknown):
        return str(number)
    return _figure(metric, number.value, number.low, number.high)


def _figure(metric: Metric, value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return "too few answers"
    most, least, greatest = (_SHOWN[metric.name].format(x).replace("-", "−") for x in (value, low, high))
    return f"{most} ({least} to {greatest})"
