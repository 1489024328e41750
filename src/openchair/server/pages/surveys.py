"""Surveys: made and edited, with every language before one's eyes; opened and closed; their links to hand out."""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.chair.listening.views import SendReport
from openchair.core.errors import BadInput, Conflict, NotFound, OpenchairError
from openchair.listening.asking import survey as asking
from openchair.listening.asking.survey import SCALES, Survey
from openchair.server.gate import address_of
from openchair.server.pages import editing
from openchair.server.pages.editing import NEW, Row
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import RIGHT_TO_LEFT, partial, render
from openchair.server.tongue import NAMES, Tongue, spoken

FIELDS = 1000
ASKED = 50
"""Customers that the page offers to ask at once."""
METRICS = {"nps": "NPS, 0 to 10", "csat": "Satisfaction (CSAT), 1 to 5", "ces": "Effort (CES), 1 to 7", "own": "My own"}
KINDS = {"score": "the metric’s score", "scale": "a scale", "choice": "a choice", "text": "words"}
STATUSES = {"draft": "Draft", "live": "Open", "closed": "Closed"}
_BLANK: Row = {
    "id": "", "metric": "own", "language": "en", "cool_down_days": asking.COOL_DOWN_DAYS,
    "title": {"en": ""}, "why": {"en": ""}, "thanks": {"en": ""},
    "questions": [{"key": "question_1", "kind": "text", "text": {"en": ""}}],
}  # fmt: skip


def surveys_routes(house: House) -> list[BaseRoute]:
    """The list, a page for each survey, and the forms on them."""
    page = _Page(house)
    return [
        Route("/surveys", page.list, name="surveys"),
        Route("/surveys/{survey_id}", page.survey),
        Route("/surveys/{survey_id}", page.change, methods=["POST"]),
        Route("/surveys/{survey_id}/preview", page.preview, methods=["POST"]),
        Route("/surveys/{survey_id}/link", page.link, methods=["POST"]),
        Route("/surveys/{survey_id}/send", page.send, methods=["POST"]),
        Route("/surveys/{survey_id}/{status}", page.become, methods=["POST"]),
    ]


class _Page:
    """The pages of surveys."""

    def __init__(self, house: House) -> None:
        self.house, self.chair = house, house.chair

    def list(self, request: Request) -> Response:
        """All surveys, and what one may begin from."""
        kept = self.chair.surveys.all()
        known = {one.survey_id for one in kept}
        offered = [one for one in asking.starter() if one.id not in known]
        return self._drawn(request, "surveys.html", surveys=kept, offered=offered)

    def survey(self, request: Request) -> Response:
        """One survey: what became of it, how it is reached, and the form to change it."""
        survey_id = request.path_params["survey_id"]
        if survey_id == NEW:
            wanted = request.query_params.get("from", "")
            found = next((one for one in asking.starter() if one.id == wanted), None)
            return self._edited(request, editing.form_of(found) if found else _BLANK)
        return self._edited(request, editing.form_of(self.chair.surveys.get(survey_id).definition))

    async def change(self, request: Request) -> Response:
        """Save the form, or only make it longer; what was typed is never lost."""
        form = await _form(request)
        return await run_in_threadpool(self._changed, request, form)

    async def preview(self, request: Request) -> Response:
        """How customers would see what the form holds, in each language."""
        form = await _form(request)
        return await run_in_threadpool(self._previewed, request, form)

    async def link(self, request: Request) -> Response:
        """A link for one customer, shown this once."""
        form = await _form(request)
        return await run_in_threadpool(self._linked, request, form)

    async def send(self, request: Request) -> Response:
        """Say whom it would reach, or put it into the outbox for them."""
        form = await _form(request)
        return await run_in_threadpool(self._sent, request, form)

    def become(self, request: Request) -> Response:
        """Open or close it."""
        survey_id, status = request.path_params["survey_id"], request.path_params["status"]
        acts = {"open": self.chair.surveys.open, "close": self.chair.surveys.close}
        if status not in acts:
            raise NotFound("change of a survey", value=status, bound=f"one of {', '.join(acts)}")
        acts[status](survey_id, by=actor(request))
        return RedirectResponse(f"/surveys/{survey_id}", 303)

    def _changed(self, request: Request, form: Mapping[str, str]) -> Response:
        survey_id = request.path_params["survey_id"]
        row, do = editing.row_of(form, survey_id), form.get("do", "save")
        if do == "question":
            return self._edited(request, editing.with_question(row), form=form)
        if do == "language":
            return self._edited(request, editing.with_language(row, form.get("new_language", "")), form=form)
        if do.startswith("drop "):
            return self._edited(request, editing.without_question(row, do.partition(" ")[2]), form=form)
        if do.startswith("without "):
            return self._edited(request, editing.without_language(row, do.partition(" ")[2]), form=form)
        over = form.get("version", "0")
        try:
            survey = asking.of(row)
            version = 0 if survey_id == NEW else int(over) if over.isdecimal() else -1
            self.chair.surveys.put(survey, by=actor(request), over=version)
        except (BadInput, Conflict) as wrong:
            return self._edited(request, row, wrong.status, problem=wrong, form=form)
        return RedirectResponse(f"/surveys/{survey.id}?saved=1", 303)

    def _previewed(self, request: Request, form: Mapping[str, str]) -> Response:
        row = editing.row_of(form, request.path_params["survey_id"])
        if not partial(request):
            return self._edited(request, row, form=form)
        return self._drawn(request, "survey/_previews.html", **self._shown(request, row))

    def _linked(self, request: Request, form: Mapping[str, str]) -> Response:
        survey = self.chair.surveys.get(request.path_params["survey_id"])
        row, who = editing.form_of(survey.definition), form.get("who", "").strip()[:300]
        try:
            path = self.chair.surveys.link(survey.survey_id, who, by=actor(request), language=form.get("in", ""))
        except (NotFound, Conflict, BadInput) as wrong:
            return self._edited(request, row, wrong.status, problem=wrong, who=who)
        return self._edited(request, row, link=address_of(request, self.house.settings) + path, who=who)

    def _sent(self, request: Request, form: Mapping[str, str]) -> Response:
        survey = self.chair.surveys.get(request.path_params["survey_id"])
        row, sending = editing.form_of(survey.definition), self.chair.sending
        limit, channel = form.get("limit", ""), form.get("channel", "e-mail")
        try:
            if not limit.isdecimal():
                raise BadInput("limit", value=limit, bound="a whole number", remedy="Write 50, say.")
            given: dict[str, Any] = {"channel": channel, "limit": int(limit)}
            if form.get("do") == "send":
                report = sending.send(survey.survey_id, by=actor(request), **given)
            else:
                report = sending.plan(survey.survey_id, **given)
        except (NotFound, Conflict, BadInput) as wrong:
            return self._edited(request, row, wrong.status, problem=wrong, form=None, limit=limit)
        return self._edited(request, row, report=report, was_sent=form.get("do") == "send", limit=limit)

    def _edited(
        self, request: Request, row: Row, status: int = 200, *,
        problem: OpenchairError | None = None, form: Mapping[str, str] | None = None, link: str = "", who: str = "",
        report: SendReport | None = None, was_sent: bool = False, limit: str = "",
    ) -> Response:  # fmt: skip
        survey_id = request.path_params["survey_id"]
        kept = None if survey_id == NEW else self.chair.surveys.get(survey_id)
        return self._drawn(
            request, "survey_edit.html", status,
            kept=kept,
            row=row,
            version=(form or {}).get("version", str(kept.version if kept else 0)),
            problem=problem,
            saved="saved" in request.query_params,
            link=link,
            who=who,
            report=report,
            was_sent=was_sent,
            limit=limit or str(ASKED),
            channels=sorted(self.chair.channels),
            here=f"/surveys/{survey_id}",
            address=address_of(request, self.house.settings),
            metrics=METRICS,
            kinds=KINDS,
            **self._shown(request, row),
        )  # fmt: skip

    def _shown(self, request: Request, row: Row) -> dict[str, Any]:
        """The previews by language, or why there are none."""
        try:
            survey = asking.of(row)
        except BadInput as wrong:
            return {"previews": [], "wrong": wrong}
        return {"previews": [(one, self._preview(request, survey, one)) for one in survey.languages], "wrong": None}

    def _preview(self, request: Request, survey: Survey, language: str) -> str:
        """The page as customers see it, whole, with what follows from each score below."""
        tongue = Tongue(spoken(language), self.house.zone)
        turned: dict[str, Any] = {"lang": language, "dir": "rtl" if language in RIGHT_TO_LEFT else "ltr", "_": tongue}
        response = render(request, "survey/preview.html", survey=survey, framed=False, **turned)
        return bytes(response.body).decode()

    def _drawn(self, request: Request, name: str, status: int = 200, **context: Any) -> Response:
        house = {"simulated": self.chair.simulated, "day": self.house.day, "zone": self.house.zone}
        return render(request, name, status, names=NAMES, scales=SCALES, statuses=STATUSES, **house, **context)


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=FIELDS)
    return {name: str(value) for name, value in form.items()}
