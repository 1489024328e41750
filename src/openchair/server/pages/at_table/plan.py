"""Plan and approvals: what is planned for today, by action; a yes or no to one, some or all; what there is to spend."""

from typing import Any

from starlette.responses import Response

from openchair.chair.acting.planned import PATH, UNITS, became
from openchair.chair.acting.planning import NOT_NOW, SHOWN
from openchair.chair.reports import REPORTS
from openchair.core.money import exponent, to_minor
from openchair.decisions.budgets import CHANNELS, SPANS, TITLES
from openchair.server.pages.drawing import words
from openchair.server.pages.drawing.bars import scale_of
from openchair.server.pages.page import Form, Page, Visit
from openchair.server.pages.report import told

MONEY = tuple(name for name, unit in UNITS.items() if unit == "money")
"""Budgets in money."""


def _plan(at: Visit) -> Response:
    """The page, or that of the action whose form was sent."""
    if at.said("of"):
        return _action(at)
    view, currency = at.chair.planning.report(), at.chair.currency
    digits = exponent(currency)

    def amount(name: str, value: float) -> str:
        return words.money(value, currency) if name in MONEY else f"{value:,.2f}".rstrip("0").rstrip(".")

    def major(name: str, minor: float | None) -> float | str:
        return "" if minor is None else round(minor / 10**digits, digits) if name in MONEY else minor

    return told(
        at, REPORTS["plan"], template="plan.html", plan=view, by_hand=at.chair.delivering.by_hand(limit=SHOWN),
        failed=at.chair.delivering.failed(limit=SHOWN),
        scale=scale_of(group.gain for group in view.groups if group.proposed), long_day=words.long_day(view.day),
        stale=view.as_of is not None and view.day < at.house.day, result=_result(at), not_now=NOT_NOW, budgets=TITLES,
        channels=CHANNELS, spans=SPANS, units=UNITS, major=major, amount=amount,
    )  # fmt: skip


def _action(at: Visit) -> Response:
    found = at.chair.planning.of(at.key("action") or at.said("of"), shown=SHOWN)
    return told(
        at, REPORTS["plan"], template="plan_action.html",
        group=found.group,
        waiting=found.waiting,
        answered=found.answered,
        scale=scale_of(each.gain for each in found.waiting),
        result=_result(at),
        not_now=NOT_NOW,
    )  # fmt: skip


def _result(at: Visit) -> str:
    """What became of an answer, in words."""
    came = at.came
    return became(came.marked, came.status, came.deferred, came.refused) if came else ""


def _which(at: Visit) -> dict[str, Any]:
    """What an answer is to: the decisions that were ticked, or an action, or everything."""
    action, everything = at.said("action"), at.said("everything") == "yes"
    some = None if action or everything else at.ticked("decision")
    return {"decisions": some, "action": action, "everything": everything}


def _dismiss(at: Visit) -> object:
    return at.chair.planning.dismiss(by=at.by, why=at.said("other").strip() or at.said("why"), **_which(at))


def _allow(at: Visit) -> None:
    given: dict[str, dict[str, float | None]] = {}
    for name, title in TITLES.items():
        for span in SPANS:
            typed = f"{name}_{span}"
            if text := at.said(typed).strip():
                money = name in MONEY
                amount = to_minor(text, at.chair.currency) if money else at.number(typed, f"budget of {title}")
                given.setdefault(name, {})[span] = amount
    at.chair.planning.allow(given, by=at.by, why=at.said("why"))


def _some(at: Visit) -> list[str]:
    return _which(at)["decisions"] or []


PAGES = (
    Page(
        PATH,
        _plan,
        (
            Form("approve", lambda at: at.chair.planning.approve(by=at.by, **_which(at)), shown=True),
            Form("dismiss", _dismiss, shown=True),
            Form("undo", lambda at: at.chair.planning.undo(by=at.by, decisions=_some(at)), shown=True),
            Form("done", lambda at: at.chair.planning.done(by=at.by, decisions=_some(at)), shown=True),
            Form("again", lambda at: at.chair.delivering.replay(at.said("message") or "none", by=at.by)),
            Form("budgets", _allow),
        ),
    ),
    Page(f"{PATH}/of/{{action}}", _action),
)
