"""Surveys: made and edited, with every language before one's eyes; opened and closed; their links to hand out."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from openchair.core.errors import BadInput
from openchair.listening.asking import survey as asking
from openchair.listening.asking.survey import Survey
from openchair.server.door.gate import address_of
from openchair.server.pages.customers import survey_form
from openchair.server.pages.customers.survey_form import NEW, Row
from openchair.server.pages.page import Form, Page, Visit, version_of
from openchair.server.pages.render import RIGHT_TO_LEFT, partial, render
from openchair.server.tongue import NAMES, Tongue, spoken

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


def _surveys(at: Visit) -> Response:
    """All surveys, and what one may begin from."""
    kept = at.chair.surveys.all()
    known = {one.survey_id for one in kept}
    offered = [one for one in asking.starter() if one.id not in known]
    return at.draw("surveys.html", surveys=kept, offered=offered, statuses=STATUSES)


def _survey(at: Visit) -> Response:
    """One survey: what became of it, how it is reached, and the form to change it, which never loses what was typed."""
    survey_id = at.key("survey_id")
    kept = None if survey_id == NEW else at.chair.surveys.get(survey_id)
    row = _row(at, kept.definition if kept else None)
    form = at.form.path if at.form else ""
    return at.draw(
        "survey_edit.html", kept=kept, row=row, version=at.typed.get("version", str(kept.version if kept else 0)),
        saved="saved" in at.request.query_params, link=at.came if form == "link" and at.came else "",
        who=at.said("who").strip(), report=at.came if form == "send" else None, was_sent=at.said("do") == "send",
        limit=at.said("limit") or str(ASKED), channels=sorted(at.chair.channels),
        address=address_of(at.request, at.house.settings), metrics=METRICS, kinds=KINDS, names=NAMES, statuses=STATUSES,
        **_shown(at, row),
    )  # fmt: skip


def _row(at: Visit, kept: Survey | None) -> Row:
    """What stands in the form: what was sent, made longer or shorter where asked to; what is kept; a beginning."""
    if "languages" not in at.given:
        wanted = at.asked("from")
        found = kept or next((one for one in asking.starter() if one.id == wanted), None)
        return survey_form.form_of(found) if found else _BLANK
    row = survey_form.row_of(at.typed, at.key("survey_id"))
    do, _, what = at.said("do").partition(" ")
    change = _CHANGES.get(do)
    return change(row, at.said("new_language") if do == "language" else what) if change else row


def _change(at: Visit) -> Response:
    """Save the form, or only make it longer."""
    if at.said("do").partition(" ")[0] in _CHANGES:
        return _survey(at)
    survey = asking.of(survey_form.row_of(at.typed, at.key("survey_id")))
    version = 0 if at.key("survey_id") == NEW else version_of(at.said("version") or "0")
    at.chair.surveys.put(survey, by=at.by, over=-1 if version is None else version)
    return RedirectResponse(f"/surveys/{survey.id}?saved=1", 303)


def _preview(at: Visit) -> Response:
    """How customers would see what the form holds, in each language."""
    if not partial(at.request):
        return _survey(at)
    row = survey_form.row_of(at.typed, at.key("survey_id"))
    return at.draw("survey/_previews.html", names=NAMES, **_shown(at, row))


def _link(at: Visit) -> str:
    """A link for one customer, shown this once."""
    survey = at.chair.surveys.get(at.key("survey_id"))
    path = at.chair.surveys.link(survey.survey_id, at.said("who").strip(), by=at.by, language=at.said("in"))
    return address_of(at.request, at.house.settings) + path


def _send(at: Visit) -> object:
    """Say whom it would reach, or put it into the outbox for them."""
    survey_id, limit = at.key("survey_id"), at.said("limit")
    if not limit.isdecimal():
        raise BadInput("limit", value=limit, bound="a whole number", remedy="Write 50, say.")
    given: dict[str, Any] = {"channel": at.typed.get("channel", "e-mail"), "limit": int(limit)}
    if at.said("do") == "send":
        return at.chair.sending.send(survey_id, by=at.by, **given)
    return at.chair.sending.plan(survey_id, **given)


def _shown(at: Visit, row: Row) -> dict[str, Any]:
    """The previews by language, or why there are none."""
    try:
        survey = asking.of(row)
    except BadInput as wrong:
        return {"previews": [], "wrong": wrong}
    return {"previews": [(one, _as_seen(at, survey, one)) for one in survey.languages], "wrong": None}


def _as_seen(at: Visit, survey: Survey, language: str) -> str:
    """The page as customers see it, whole, with what follows from each score below."""
    tongue = Tongue(spoken(language), at.house.zone)
    turned: dict[str, Any] = {"lang": language, "dir": "rtl" if language in RIGHT_TO_LEFT else "ltr", "_": tongue}
    response = render(at.request, "survey/preview.html", survey=survey, framed=False, **turned)
    return bytes(response.body).decode()


_CHANGES = {
    "question": lambda row, _: survey_form.with_question(row),
    "language": survey_form.with_language,
    "drop": survey_form.without_question,
    "without": survey_form.without_language,
}
"""What a button makes of the form, by its first word; the second says of what."""

PAGES = (
    Page("/surveys", _surveys),
    Page(
        "/surveys/{survey_id}",
        _survey,
        (
            Form("", _change),
            Form("preview", _preview),
            Form("link", _link, shown=True),
            Form("send", _send, shown=True),
            Form("open", lambda at: at.chair.surveys.open(at.key("survey_id"), by=at.by), raises=True),
            Form("close", lambda at: at.chair.surveys.close(at.key("survey_id"), by=at.by), raises=True),
        ),
    ),
)
