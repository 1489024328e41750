"""Calls: whom to ring this week, what to ask, and what was learned."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.listening.calling import NOTED, SKIPPED, STATUSES
from openchair.chair.listening.views import Call
from openchair.core.clock import day_of
from openchair.core.errors import BadInput, Conflict, NotFound, OpenchairError
from openchair.listening.calls import monday
from openchair.server.pages import words
from openchair.server.pages.customer import next_best
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import back, render

LABELS = {"reached": "Reached", "not reached": "Not reached", SKIPPED: "Skipped"}
"""What becomes of a call (calling.STATUSES), as a person says it."""
LONGEST = 200


def headline(calls: Sequence[Call]) -> str:
    """How many still wait to be called, in words."""
    if not calls:
        return "Nobody is on the list"
    waiting = sum(not call.status for call in calls)
    if not waiting:
        return "Everyone on the list has been called"
    return f"{words.spelled(waiting).capitalize()} {'person' if waiting == 1 else 'people'} to call"


def calls_routes(house: House) -> list[BaseRoute]:
    """The list of a leader's week, its sheets to print, and the forms for notes."""
    chair = house.chair

    def listed(request: Request) -> dict[str, Any]:
        """What the list and its sheets both show."""
        by, asked = actor(request), request.query_params
        this = monday(chair.now_or_last().astimezone(house.zone).date())
        week = monday(day_of(asked["week"])) if asked.get("week") else this
        leader = asked.get("leader", by.name)[:LONGEST]
        if leader == by.name:
            # Whoever looks at an open sample shop has no account, and a list all the same.
            chair.calls.make([leader])
        calls = chair.calls.list(by=by, week=week, leader=leader)
        return {
            "calls": [call for call in calls if call.reason != NOTED],
            "noted": [call for call in calls if call.reason == NOTED],
            "headline": headline(calls),
            "week": week,
            "this": this,
            "leader": leader,
            "query": urlencode({"week": week.isoformat(), "leader": leader}),
            "labels": LABELS,
            "simulated": chair.simulated,
            "day": house.day,
            "zone": house.zone,
        }

    def drawn(
        request: Request, status: int = 200, problem: OpenchairError | None = None, typed: Any = None
    ) -> Response:
        around, counts = listed(request), chair.calls.counts()
        week, leader = around["week"], around["leader"]
        on_list = sum(one.listed for one in counts if (one.week, one.leader) == (week, leader))
        leaders = sorted({*(one.leader for one in counts if one.week == week), leader})
        ways = {name: "/calls?" + urlencode({"week": week.isoformat(), "leader": name}) for name in leaders}
        around |= {
            "counts": counts,
            "kept_back": on_list - len(around["calls"]),
            "ways": ways,
            "earlier": "/calls?" + urlencode({"week": _before(week).isoformat(), "leader": leader}),
            "here": f"/calls?{request.url.query}" if request.url.query else "/calls",
            "statuses": (*STATUSES, SKIPPED),
            "problem": problem,
            "typed": defaultdict(str, typed or {}),
        }
        return render(request, "calls.html", status, **around)

    def sheets(request: Request) -> Response:
        around, by = listed(request), actor(request)
        waiting = [call for call in around["calls"] if not call.status]
        dossiers = [chair.people.dossier(call.customer.customer_id, by=by) for call in waiting]
        pairs = [(call, one, next_best(one)) for call, one in zip(waiting, dossiers, strict=True)]
        return render(request, "sheets.html", **around | {"pairs": pairs})

    async def note(request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        said, by = {name: str(value) for name, value in form.items()}, actor(request)
        which = request.path_params.get("call_id") or said.get("customer", "").strip()

        def act() -> object:
            if not which:
                raise BadInput("customer", value="", bound="must be named", remedy="Write a name they are known by.")
            return chair.calls.note(which, said.get("status", ""), by=by, words=said.get("words", ""))

        try:
            await run_in_threadpool(act)
        except (BadInput, Conflict, NotFound) as wrong:
            if wrong.status == 404 and "call_id" in request.path_params:
                raise
            return await run_in_threadpool(drawn, request, wrong.status, wrong, said | {"which": which})
        return back(request, said.get("back", "/calls"))

    return [
        Route("/calls", drawn, name="calls"),
        Route("/calls/sheets", sheets),
        Route("/calls/note", note, methods=["POST"]),
        Route("/calls/{call_id}/note", note, methods=["POST"]),
    ]


def _before(week: date) -> date:
    return week - timedelta(weeks=1)
