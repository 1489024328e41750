"""The catalogue: what the shop can do, by pillar; each action to read and to change; the whole as a file; its past."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.core.errors import BadInput, OpenchairError
from openchair.loyalty import actions, plain
from openchair.loyalty.changes import Change
from openchair.loyalty.pillars import PILLARS
from openchair.server.pages import action_form
from openchair.server.pages.action_form import Values
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import render
from openchair.server.tongue import NAMES

PATH = "/catalogue"
BLANK: Values = {"approve": True, "purpose": "service", "spacing_days": "14", "idea_days": "60", "good_sd": "0.5"}


def catalogue_routes(house: House) -> list[BaseRoute]:
    """The list, a page for each action, the page of the file, and their forms."""
    page = _Page(house)
    return [
        Route(PATH, page.list, name="catalogue"),
        Route(f"{PATH}/file", page.file, name="catalogue as a file"),
        Route(f"{PATH}/file", page.posts(page.taken_in), methods=["POST"]),
        Route(f"{PATH}/catalogue.yaml", page.download),
        Route(f"{PATH}/restore", page.posts(page.restored), methods=["POST"]),
        Route(f"{PATH}/new", page.new),
        Route(f"{PATH}/new", page.posts(page.kept), methods=["POST"]),
        Route(f"{PATH}/actions/{{action_id}}", page.action, name="action"),
        Route(f"{PATH}/actions/{{action_id}}", page.posts(page.kept), methods=["POST"]),
        Route(f"{PATH}/actions/{{action_id}}/retire", page.posts(page.retired), methods=["POST"]),
    ]


class _Page:
    """The pages of the catalogue."""

    def __init__(self, house: House) -> None:
        self.house, self.cataloguing = house, house.chair.cataloguing

    def list(self, request: Request, problem: OpenchairError | None = None) -> Response:
        """Every action, in its pillar."""
        view = self.cataloguing.view(_number(request.query_params.get("version", "")))
        by_pillar = [(one, [action for action in view.actions if action.pillar == one.id]) for one in PILLARS.values()]
        saved = request.query_params.get("saved", "")
        return self._drawn(request, "catalogue.html", problem, view=view, pillars=by_pillar, saved=saved)

    def action(self, request: Request) -> Response:
        """One action."""
        action_id = request.path_params["action_id"]
        return self._form(request, action_form.values_of(self.cataloguing.action(action_id)), action_id)

    def new(self, request: Request) -> Response:
        """An action to be written."""
        return self._form(request, BLANK, "")

    def file(self, request: Request) -> Response:
        """The whole as YAML, to be edited."""
        return self._file(request, actions.written(self.cataloguing.in_force()))

    def download(self, request: Request) -> Response:
        """The whole as a file."""
        view = self.cataloguing.view(_number(request.query_params.get("version", "")))
        headers = {"Content-Disposition": 'attachment; filename="catalogue.yaml"'}
        return Response(actions.written(view.actions), media_type="application/yaml; charset=utf-8", headers=headers)

    def kept(self, request: Request, form: FormData) -> Response:
        """Keep the action of a form; what was typed is never lost."""
        action_id = request.path_params.get("action_id", "")
        row = action_form.row_of(form, self._languages(action_id))
        try:
            if action_id:
                row["id"] = action_id
            elif any(one.id == row["id"] for one in self.cataloguing.in_force()):
                remedy = "Give it another, or change that action."
                raise BadInput("catalogue, action id", value=row["id"], bound="is another action’s", remedy=remedy)
            self.cataloguing.put(row, why=str(form.get("why", "")), by=actor(request), over=_over(form))
        except OpenchairError as wrong:
            return self._form(request, action_form.typed(form), action_id, wrong)
        return RedirectResponse(f"{PATH}?saved={row['id']}#{row['id']}", 303)

    def retired(self, request: Request, form: FormData) -> Response:
        """Take an action out."""
        action_id = request.path_params["action_id"]
        try:
            self.cataloguing.retire(action_id, why=str(form.get("why", "")), by=actor(request), over=_over(form))
        except OpenchairError as wrong:
            shown = action_form.values_of(self.cataloguing.action(action_id))
            return self._form(request, shown, action_id, wrong)
        return RedirectResponse(PATH, 303)

    def restored(self, request: Request, form: FormData) -> Response:
        """Put an older version in force again."""
        try:
            number = _number(str(form.get("version", "")))
            self.cataloguing.restore(-1 if number is None else number, by=actor(request))
        except OpenchairError as wrong:
            return self.list(request, wrong)
        return RedirectResponse(PATH, 303)

    def taken_in(self, request: Request, form: FormData) -> Response:
        """Say what a file would change, or put it in force."""
        text, why = str(form.get("yaml", "")), str(form.get("why", ""))
        try:
            sent = form.get("file")
            if isinstance(sent, UploadFile) and sent.filename:
                raw = sent.file.read()
                text = raw.decode("utf-8-sig", errors="replace")
                proposed = actions.read(raw)
            else:
                proposed = actions.parse(text)
            if form.get("do") == "keep":
                self.cataloguing.adopt(proposed, why=why, by=actor(request), over=_over(form))
                return RedirectResponse(PATH, 303)
            return self._file(request, text, changes=self.cataloguing.compare(proposed), why=why)
        except OpenchairError as wrong:
            return self._file(request, text, wrong, why=why)

    def posts(self, do: Callable[[Request, FormData], Response]) -> Callable[[Request], Any]:
        """A route that reads a form and gives it to `do`."""

        async def post(request: Request) -> Response:
            async with request.form(max_files=1, max_fields=300, max_part_size=4 * plain.LONGEST) as form:
                return await run_in_threadpool(do, request, form)

        return post

    def _languages(self, action_id: str) -> tuple[str, ...]:
        known = next((one.texts for one in self.cataloguing.in_force() if one.id == action_id), {})
        return tuple(dict.fromkeys((*NAMES, *known)))

    def _form(
        self, request: Request, values: Values, action_id: str, problem: OpenchairError | None = None
    ) -> Response:
        at = action_form.field_of(problem) if isinstance(problem, BadInput) else ""
        return self._drawn(
            request, "action.html", problem,
            values=values, action_id=action_id, at=at, number=self.cataloguing.number,
            groups=action_form.GROUPS, parts=action_form.PARTS, languages=self._languages(action_id),
        )  # fmt: skip

    def _file(
        self, request: Request, text: str, problem: OpenchairError | None = None,
        *, changes: tuple[Change, ...] | None = None, why: str = "",
    ) -> Response:  # fmt: skip
        number = self.cataloguing.number
        return self._drawn(request, "catalogue_file.html", problem, text=text, changes=changes, number=number, why=why)

    def _drawn(self, request: Request, name: str, problem: OpenchairError | None, **context: Any) -> Response:
        chair, user = self.house.chair, getattr(request.state, "user", None)
        around = {"simulated": chair.simulated, "day": self.house.day, "zone": self.house.zone, "names": NAMES}
        may = bool(user and user.role == "owner")
        status = problem.status if problem else 200
        return render(request, name, status, problem=problem, may=may, currency=chair.currency, **around, **context)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _over(form: FormData) -> int | None:
    return _number(str(form.get("over", "")))
