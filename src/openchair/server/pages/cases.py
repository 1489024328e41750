"""Cases: who is unhappy, what they said, what would put it right, and what was done."""

from collections import defaultdict
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.chair.listening.caring import CHANNELS, UNWANTED, VERDICTS
from openchair.chair.listening.views import Case, CaseFigures
from openchair.core.errors import BadInput, Conflict, OpenchairError
from openchair.core.estimate import Estimate, Number
from openchair.server.pages import words
from openchair.server.pages.bars import scale_of
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import render

PAGE = 50
LATELY = 20
WHOSE = {"": "Everyone’s", "mine": "Mine", "nobody": "Nobody’s"}
LABELS = {
    "fixed": "It is put right",
    "explained": "It is explained",
    "not reached": "They were not reached",
    UNWANTED: "They want no answer",
}
"""What a case may close with (caring.VERDICTS), as a person says it."""


def headline(figures: CaseFigures) -> str:
    """How many are owed an answer, in words.

    >>> from openchair.core.estimate import Unknown
    >>> headline(CaseFigures(2, 1, 0, Unknown(""), Unknown(""), Unknown("")))
    'Two people are owed an answer'
    """
    if not figures.open:
        return "Nobody is owed an answer"
    people = "person is" if figures.open == 1 else "people are"
    return f"{words.spelled(figures.open).capitalize()} {people} owed an answer"


def told(number: Number, factor: float = 1.0, unit: str = "", *, sign: bool = False) -> tuple[str, str] | None:
    """A figure and its interval in words; None where it is not known.

    >>> told(Estimate(12.4, 8.0, 20.1, n=30), unit=" hours")
    ('12 hours', '8 to 20')
    >>> told(Estimate(-1.25, -2.0, 0.5, n=30), sign=True)
    ('−1.2', '−2.0 to +0.5')
    """
    if not isinstance(number, Estimate):
        return None
    form = "{:+.1f}" if sign else "{:,.0f}"
    value, low, high = (form.format(factor * x).replace("-", "−") for x in (number.value, number.low, number.high))
    return f"{value}{unit}", f"{low} to {high}"


def cases_routes(house: House) -> list[BaseRoute]:
    """The page, one page a case, and the forms on it."""
    chair = house.chair

    def page(request: Request) -> Response:
        whose = request.query_params.get("whose", "")
        whose = whose if whose in WHOSE else ""
        owner = {"": None, "mine": actor(request).name, "nobody": ""}[whose]
        after = request.query_params.get("after") or None
        found, more = chair.cases.cases(owner=owner, limit=PAGE, after=after)
        figures = chair.cases.figures()
        kept = {"whose": whose} if whose else {}
        return render(
            request,
            "cases.html",
            headline=headline(figures),
            figures=figures,
            told=told,
            cases=found,
            closed=chair.cases.cases(closed=True, limit=LATELY)[0],
            whose=whose,
            ways={name: (label, "/cases?" + urlencode({"whose": name})) for name, label in WHOSE.items()},
            following="/cases?" + urlencode(kept | {"after": found[-1].case_id}) if more and found else "",
            labels=LABELS,
            hours=house.settings.case_hours,
            simulated=chair.simulated,
            day=house.day,
            zone=house.zone,
        )

    def drawn(
        request: Request, status: int = 200, problem: OpenchairError | None = None, typed: Any = None
    ) -> Response:
        by = actor(request)
        case: Case = chair.cases.case(request.path_params["case_id"], by=by)
        dossier = chair.people.dossier(case.customer.customer_id, by=by)
        return render(
            request,
            "case.html",
            status,
            case=case,
            dossier=dossier,
            phones=[name.removeprefix("phone:") for name in dossier.identifiers if name.startswith("phone:")],
            scale=scale_of([dossier.worth]),
            currency=chair.currency,
            me=by.name,
            verdicts={verdict: LABELS[verdict] for verdict in (*VERDICTS, UNWANTED)},
            channels=CHANNELS,
            labels=LABELS,
            problem=problem,
            typed=defaultdict(str, typed or {}),
            simulated=chair.simulated,
            day=house.day,
            zone=house.zone,
        )

    async def answered(request: Request, act: Any) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        said = {name: str(value) for name, value in form.items()}
        case_id = request.path_params["case_id"]
        try:
            await run_in_threadpool(act, case_id, said)
        except (BadInput, Conflict) as wrong:
            return await run_in_threadpool(drawn, request, wrong.status, wrong, said)
        return RedirectResponse(f"/cases/{quote(case_id, safe='')}", 303)

    async def own(request: Request) -> Response:
        by = actor(request)
        return await answered(request, lambda case_id, said: chair.cases.own(case_id, said.get("owner", ""), by=by))

    async def close(request: Request) -> Response:
        by = actor(request)

        def act(case_id: str, said: dict[str, str]) -> object:
            given = {name: said.get(name, "") for name in ("done", "words")}
            return chair.cases.close(
                case_id, said.get("verdict", ""), by=by, channel=said.get("channel", CHANNELS[0]), **given
            )

        return await answered(request, act)

    return [
        Route("/cases", page, name="cases"),
        Route("/cases/{case_id}", drawn),
        Route("/cases/{case_id}/owner", own, methods=["POST"]),
        Route("/cases/{case_id}/close", close, methods=["POST"]),
    ]
