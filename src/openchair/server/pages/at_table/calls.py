"""Calls: whom to ring this week, what to ask, and what was learned."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from openchair.chair.listening.speaking.calling import NOTED, SKIPPED, STATUSES
from openchair.chair.listening.views import Call
from openchair.core.clock import day_of
from openchair.core.errors import BadInput
from openchair.listening.calls import monday
from openchair.server.pages.customers.sheet import next_best
from openchair.server.pages.drawing import words
from openchair.server.pages.page import Form, Page, Visit

PATH = "/calls"
LABELS = {"reached": "Reached", "not reached": "Not reached", SKIPPED: "Skipped"}
"""What becomes of a call (calling.STATUSES), as a person says it."""


def headline(calls: Sequence[Call]) -> str:
    """How many still wait to be called, in words."""
    if not calls:
        return "Nobody is on the list"
    waiting = sum(not call.status for call in calls)
    return words.counted(waiting, "person to call", "people to call") if waiting else (
        "Everyone on the list has been called"
    )  # fmt: skip


def _listed(at: Visit) -> dict[str, Any]:
    """What the list and its sheets both show."""
    this = monday(at.chair.now_or_last().astimezone(at.house.zone).date())
    week = monday(day_of(at.asked("week"))) if at.asked("week") else this
    leader = at.asked("leader", at.by.name)
    if leader == at.by.name:
        # Whoever looks at an open sample shop has no account, and a list all the same.
        at.chair.calls.make([leader])
    found = at.chair.calls.list(by=at.by, week=week, leader=leader)
    calls = [call for call in found if call.reason != NOTED]
    return {
        "calls": calls,
        "noted": [call for call in found if call.reason == NOTED],
        "headline": headline(calls),
        "week": week,
        "this": this,
        "leader": leader,
        "query": urlencode({"week": week.isoformat(), "leader": leader}),
        "labels": LABELS,
    }


def _calls(at: Visit) -> Response:
    around, counts = _listed(at), at.chair.calls.counts()
    week, leader = around["week"], around["leader"]
    on_list = sum(one.listed for one in counts if (one.week, one.leader) == (week, leader))
    leaders = sorted({*(one.leader for one in counts if one.week == week), leader})
    around |= {
        "counts": counts,
        "kept_back": on_list - len(around["calls"]),
        "ways": {name: at.linked(week=week.isoformat(), leader=name) for name in leaders},
        "earlier": at.linked(week=(week - timedelta(weeks=1)).isoformat(), leader=leader),
        "here": at.address,
        "statuses": (*STATUSES, SKIPPED),
        "which": _which(at),
    }
    return at.draw("calls.html", **around)


def _sheets(at: Visit) -> Response:
    around, by = _listed(at), at.by
    waiting = [call for call in around["calls"] if not call.status]
    dossiers = [at.chair.people.dossier(call.customer.customer_id, by=by) for call in waiting]
    pairs = [(call, one, next_best(one)) for call, one in zip(waiting, dossiers, strict=True)]
    return at.draw("sheets.html", **around, pairs=pairs)


def _which(at: Visit) -> str:
    """The call that a form is about, or by what its customer is known."""
    return at.key("call_id") or at.said("customer").strip()


def _note(at: Visit) -> object:
    if not _which(at):
        raise BadInput("customer", value="", bound="must be named", remedy="Write a name they are known by.")
    return at.chair.calls.note(_which(at), at.said("status"), by=at.by, words=at.said("words"))


PAGES = (
    Page(PATH, _calls, (Form("note", _note), Form("{call_id}/note", _note))),
    Page(f"{PATH}/sheets", _sheets),
)
