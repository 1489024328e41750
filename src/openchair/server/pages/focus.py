"""Focus: the map, and the forms by which a person places a driver, puts it back, and says what there is to spend."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from openchair.chair.actor import Actor
from openchair.chair.focus.drivers.telling import PATH
from openchair.chair.reports import REPORTS
from openchair.core.errors import BadInput, OpenchairError
from openchair.core.money import exponent, to_minor
from openchair.focus.placing import TITLES
from openchair.loyalty.pillars import PILLARS
from openchair.server.pages.house import House, actor
from openchair.server.pages.reports import told

FIELDS = 20


def focus_routes(house: House) -> list[Route]:
    """The page and its forms."""
    chair, report = house.chair, REPORTS["focus"]

    def page(request: Request, problem: OpenchairError | None = None) -> Response:
        return told(
            request,
            house,
            report,
            template="focus.html",
            problem=problem,
            places=TITLES,
            pillars={pillar.id: pillar.title for pillar in PILLARS.values()},
            major=lambda minor: round(minor / 10 ** exponent(chair.currency), exponent(chair.currency)),
        )

    async def sent(request: Request, do: Callable[[FormData, Actor], object]) -> Response:
        by = actor(request)
        form = await request.form(max_files=0, max_fields=FIELDS)
        try:
            await run_in_threadpool(do, form, by)
        except OpenchairError as wrong:
            return await run_in_threadpool(page, request, wrong)
        return RedirectResponse(PATH, 303)

    def money(form: FormData) -> float | None:
        text = str(form.get("money", "")).strip()
        return to_minor(text, chair.currency) if text else None

    def move(form: FormData, by: Actor) -> object:
        return chair.focus.move(
            str(form.get("driver", "")),
            str(form.get("place", "")),
            why=str(form.get("why", "")),
            by=by,
            pillars=tuple(map(str, form.getlist("pillar"))),
            cost=_whole(form, "cost"),
            hours=_number(form, "hours"),
            money_minor=money(form),
        )

    def spend(form: FormData, by: Actor) -> object:
        given = {name: _number(form, name) for name in ("hours", "contacts")}
        return chair.focus.spend(by=by, money_minor=money(form), why=str(form.get("why", "")), **given)

    async def moved(request: Request) -> Response:
        return await sent(request, move)

    async def undone(request: Request) -> Response:
        return await sent(request, lambda form, by: chair.focus.undo(str(form.get("driver", "")), by=by))

    async def taken(request: Request) -> Response:
        return await sent(request, lambda form, by: chair.focus.take(by=by))

    async def spent(request: Request) -> Response:
        return await sent(request, spend)

    return [
        Route(PATH, page, name="focus"),
        Route(f"{PATH}/move", moved, methods=["POST"]),
        Route(f"{PATH}/undo", undone, methods=["POST"]),
        Route(f"{PATH}/take", taken, methods=["POST"]),
        Route(f"{PATH}/spend", spent, methods=["POST"]),
    ]


def _number(form: FormData, name: str) -> float | None:
    """A number that was typed; None where nothing was. Raises BadInput."""
    text = str(form.get(name, "")).strip()
    try:
        return float(text) if text else None
    except ValueError:
        raise BadInput(name, value=text, bound="a plain number", remedy="Write 12.5.") from None


def _whole(form: FormData, name: str) -> int | None:
    number = _number(form, name)
    if number is None:
        return None
    if number != number or number % 1:
        raise BadInput(name, value=form.get(name), bound="a whole number from 1 to 5", remedy="Write 3.")
    return int(number)
