"""Reviews: what only a person can tell. Who is one and who is not, shared identifiers, decisions to look at again."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.intake import own
from openchair.chair.people.resolving import HOUSE
from openchair.chair.views import Merge, ResolveReport
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound, OpenchairError
from openchair.server.pages import words
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import back, render

PAGE = 20
VERDICTS = {
    "identifier": {"seen": "Seen"},
    "decision": {"upheld": "It stays", "changed": "It was changed"},
    "proposal": {"take": "Take it", "leave": "Leave it"},
}
"""What may be answered to a review that is no merge, by its kind."""
LONGEST = 300


def headline(asked: int, others: int, more: bool) -> str:
    """What waits, in words.

    >>> headline(1, 2, False), headline(0, 0, False), headline(20, 0, True)
    ('Three questions wait for a person', 'Nothing waits for a person', 'More than twenty questions wait for a person')
    """
    waiting = asked + others
    if not waiting:
        return "Nothing waits for a person"
    number = f"more than {words.spelled(waiting)}" if more else words.spelled(waiting)
    return f"{number.capitalize()} {'question waits' if waiting == 1 else 'questions wait'} for a person"


def heaviest(merges: Iterable[Merge]) -> float:
    """The weight that fills half a line, the same for all pairs shown."""
    return max((abs(field.weight) for merge in merges for field in merge.evidence), default=1.0)


def likeliest(merges: Iterable[Merge]) -> list[Merge]:
    """The likeliest first; those who may be two of one house, who are alike in all else, come last.

    >>> from datetime import UTC, datetime
    >>> def pair(because: str, chance: float) -> Merge:
    ...     return Merge("m", "a", "b", "model", because, chance, (), "asked", datetime(2026, 1, 1, tzinfo=UTC))
    >>> [one.probability for one in likeliest([pair(HOUSE, 0.999), pair("name", 0.6), pair("place", 0.9)])]
    [0.9, 0.6, 0.999]
    """
    return sorted(merges, key=lambda merge: (HOUSE in merge.because, -(merge.probability or 0.0)))


def merges_routes(house: House) -> list[BaseRoute]:
    """The one queue of questions to the team, and what was answered, with a way back."""
    chair = house.chair

    def drawn(
        request: Request,
        status: int = 200,
        problem: OpenchairError | None = None,
        report: ResolveReport | None = None,
    ) -> Response:
        customer = request.query_params.get("customer", "").strip()[:LONGEST]
        after = request.query_params.get("after") or None
        asked, more = chair.merging.merges(status="asked", customer=customer, limit=PAGE, after=after)
        merged, _ = chair.merging.merges(status="merged", customer=customer, limit=PAGE)
        apart, _ = chair.merging.merges(status="apart", customer=customer, limit=PAGE)
        reviews = [one for kind in VERDICTS for one in chair.merging.reviews(kind=kind, limit=PAGE)[0]]
        shown = (*asked, *merged, *apart)
        ids = sorted({one for merge in shown for one in (merge.left_id, merge.right_id)})
        kept = {"customer": customer} if customer else {}
        return render(
            request,
            "merges.html",
            status,
            headline=headline(len(asked), len(reviews), more),
            asked=likeliest(asked),
            merged=merged,
            apart=apart,
            reviews=reviews,
            verdicts=VERDICTS,
            unhappy=chair.cases.figures().open,
            largest=heaviest(asked),
            rows={row["customer_id"]: row for row in chair.state.rows_of(ids).to_pylist()},
            known_by={base: own.named(names).partition(":")[2] for base, names in chair.state.known_by(ids).items()},
            customer=customer,
            following="/merges?" + urlencode(kept | {"after": asked[-1].merge_id}) if more else "",
            problem=problem,
            report=report,
            here=f"/merges?{request.url.query}" if request.url.query else "/merges",
            simulated=chair.simulated,
            day=house.day,
            zone=house.zone,
        )

    def page(request: Request) -> Response:
        return drawn(request)

    async def answered(request: Request, act: Any) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        try:
            await run_in_threadpool(act, actor(request), str(form.get("why", "")))
        except (BadInput, Conflict, NotAllowed) as wrong:
            return await run_in_threadpool(drawn, request, wrong.status, wrong)
        return back(request, str(form.get("back", "/merges")))

    async def decide(request: Request) -> Response:
        merge_id, verdict = request.path_params["merge_id"], request.path_params["verdict"]
        acts = {"join": chair.merging.join, "apart": chair.merging.apart}
        if verdict not in acts:
            raise NotFound("answer to a pair", value=verdict, bound=f"one of {', '.join(acts)}")
        return await answered(request, lambda by, why: acts[verdict](merge_id, by=by, why=why))

    async def settle(request: Request) -> Response:
        review_id, verdict = request.path_params["review_id"], request.path_params["verdict"]
        return await answered(request, lambda by, why: chair.merging.settle(review_id, verdict, by=by, why=why))

    def find(request: Request) -> Response:
        try:
            return drawn(request, report=chair.merging.resolve())
        except Conflict as wrong:
            return drawn(request, wrong.status, wrong)

    return [
        Route("/merges", page, name="merges"),
        Route("/merges/find", find, methods=["POST"]),
        Route("/merges/{merge_id}/{verdict}", decide, methods=["POST"]),
        Route("/reviews/{review_id}/{verdict}", settle, methods=["POST"]),
    ]
