"""The catalogue: what the shop can do, by pillar; each action to read and to change; the whole as a file; its past."""

from functools import partial
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from openchair.core.errors import BadInput
from openchair.loyalty import actions, plain
from openchair.loyalty.pillars import PILLARS
from openchair.server.pages.page import Form, Page, Visit, read, version_of
from openchair.server.pages.shop import action_form
from openchair.server.pages.shop.action_form import Values
from openchair.server.tongue import NAMES

PATH = "/catalogue"
BLANK: Values = {"approve": True, "purpose": "service", "spacing_days": "14", "idea_days": "60", "good_sd": "0.5"}


def _catalogue(at: Visit) -> Response:
    """Every action, in its pillar."""
    view = at.chair.cataloguing.view(version_of(at.asked("version")))
    by_pillar = [(one, [action for action in view.actions if action.pillar == one.id]) for one in PILLARS.values()]
    return at.draw("catalogue.html", view=view, pillars=by_pillar, saved=at.asked("saved"))


def _action(at: Visit) -> Response:
    """One action, or one to be written; what was typed is never lost."""
    cataloguing, action_id = at.chair.cataloguing, at.key("action_id")
    if at.problem and not at.request.url.path.endswith("/retire"):
        values = action_form.typed(at.given)
    else:
        values = action_form.values_of(cataloguing.action(action_id)) if action_id else BLANK
    return at.draw(
        "action.html", values=values, action_id=action_id,
        wrong=action_form.field_of(at.problem) if isinstance(at.problem, BadInput) else "", number=cataloguing.number,
        groups=action_form.GROUPS, parts=action_form.PARTS, languages=_languages(at), names=NAMES,
    )  # fmt: skip


def _file(at: Visit) -> Response:
    """The whole as YAML, to be edited, with what would change."""
    text = _sent(at) if "do" in at.given else actions.written(at.chair.cataloguing.in_force())
    number, why = at.chair.cataloguing.number, at.said("why")
    return at.draw("catalogue_file.html", text=text, changes=at.came, number=number, why=why)


def _download(at: Visit) -> Response:
    view = at.chair.cataloguing.view(version_of(at.asked("version")))
    headers = {"Content-Disposition": 'attachment; filename="catalogue.yaml"'}
    return Response(actions.written(view.actions), media_type="application/yaml; charset=utf-8", headers=headers)


def _keep(at: Visit) -> Response:
    """Keep the action of a form."""
    cataloguing, action_id = at.chair.cataloguing, at.key("action_id")
    row = action_form.row_of(at.given, _languages(at))
    if action_id:
        row["id"] = action_id
    elif any(one.id == row["id"] for one in cataloguing.in_force()):
        remedy = "Give it another, or change that action."
        raise BadInput("catalogue, action id", value=row["id"], bound="is another action’s", remedy=remedy)
    cataloguing.put(row, **_said(at))
    return RedirectResponse(f"{PATH}?saved={row['id']}#{row['id']}", 303)


def _restore(at: Visit) -> object:
    number = version_of(at.said("version"))
    return at.chair.cataloguing.restore(-1 if number is None else number, by=at.by)


def _take_in(at: Visit) -> object:
    """Say what a file would change, or put it in force."""
    raw = _bytes(at)
    proposed = actions.parse(at.said("yaml")) if raw is None else actions.read(raw)
    if at.said("do") != "keep":
        return at.chair.cataloguing.compare(proposed)
    at.chair.cataloguing.adopt(proposed, **_said(at))
    return RedirectResponse(PATH, 303)


def _bytes(at: Visit) -> bytes | None:
    """A file that was sent in place of the text."""
    sent = at.given.get("file")
    if not (isinstance(sent, UploadFile) and sent.filename):
        return None
    sent.file.seek(0)
    return sent.file.read()


def _sent(at: Visit) -> str:
    raw = _bytes(at)
    return at.said("yaml") if raw is None else raw.decode("utf-8-sig", errors="replace")


def _said(at: Visit) -> dict[str, Any]:
    """Who changes the catalogue, why, and which version was before their eyes."""
    return {"why": at.said("why"), "by": at.by, "over": version_of(at.said("over"))}


def _languages(at: Visit) -> tuple[str, ...]:
    known = next((one.texts for one in at.chair.cataloguing.in_force() if one.id == at.key("action_id")), {})
    return tuple(dict.fromkeys((*NAMES, *known)))


PAGES = (
    Page(PATH, _catalogue, (Form("restore", _restore),)),
    Page(f"{PATH}/file", _file, (Form("", _take_in, shown=True, read=partial(read, largest=4 * plain.LONGEST)),)),
    Page(f"{PATH}/catalogue.yaml", _download),
    Page(f"{PATH}/new", _action, (Form("", _keep),)),
    Page(
        f"{PATH}/actions/{{action_id}}",
        _action,
        (
            Form("", _keep),
            Form("retire", lambda at: at.chair.cataloguing.retire(at.key("action_id"), **_said(at)), PATH),
        ),
    ),
)
