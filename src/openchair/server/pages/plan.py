"""Plan and approvals: what is planned for today, by action; a yes or no to one, some or all; what there is to spend."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from openchair.chair.acting.planned import PATH, UNITS, became
from openchair.chair.acting.planning import NOT_NOW, SHOWN
from openchair.chair.actor import Actor
from openchair.chair.reports import REPORTS
from openchair.chair.wheel.clear import Settled
from openchair.core.errors import BadInput, OpenchairError
from openchair.core.money import exponent, to_minor
from openchair.decisions.budgets import CHANNELS, SPANS, TITLES
from openchair.server.pages import words
from openchair.server.pages.bars import scale_of
from openchair.server.pages.house import House, actor
from openchair.server.pages.reports import told
from openchair.server.pages.today import SETTLED

FIELDS = SHOWN + 30


def plan_routes(house: House) -> list[Route]:
    """The page, that of one action, and their forms."""
    chair, report = house.chair, REPORTS["plan"]

    def major(name: str, minor: float | None) -> float | str:
        if minor is None:
            return ""
        return (
            round(minor / 10 ** exponent(chair.currency), exponent(chair.currency)) if name in UNITS_OF_MONEY else minor
        )

    def amount(name: str, value: float) -> str:
        if name in UNITS_OF_MONEY:
            return words.money(value, chair.currency)
        return f"{value:,.2f}".rstrip("0").rstrip(".")

    def page(request: Request, problem: OpenchairError | None = None, result: Settled | None = None) -> Response:
        view = chair.planning.report()
        by_hand = chair.delivering.by_hand(limit=SHOWN)
        return told(
            request,
            house,
            report,
            template="plan.html",
            problem=problem,
            plan=view,
            by_hand=by_hand,
            failed=chair.delivering.failed(limit=SHOWN),
            scale=scale_of(group.gain for group in view.groups if group.proposed),
            long_day=words.long_day(view.day),
            stale=view.as_of is not None and view.day < house.day,
            result=became(result.marked, result.status, result.deferred, result.refused) if result else "",
            not_now=NOT_NOW,
            budgets=TITLES,
            channels=CHANNELS,
            spans=SPANS,
            units=UNITS,
            major=major,
            amount=amount,
            settled=SETTLED,
        )

    def one(request: Request, problem: OpenchairError | None = None, result: Settled | None = None) -> Response:
        found = chair.planning.of(request.path_params["action"], shown=SHOWN)
        return told(
            request,
            house,
            report,
            template="plan_action.html",
            problem=problem,
            group=found.group,
            waiting=found.waiting,
            answered=found.answered,
            scale=scale_of(each.gain for each in found.waiting),
            result=became(result.marked, result.status, result.deferred, result.refused) if result else "",
            not_now=NOT_NOW,
            settled=SETTLED,
            now=house.moment.now,
        )

    async def sent(request: Request, do: Callable[[FormData, Actor], Settled | None]) -> Response:
        by = actor(request)
        form = await request.form(max_files=0, max_fields=FIELDS)
        name = str(form.get("of", ""))
        shown = one if name else page
        if name:
            request.path_params["action"] = name
        try:
            result = await run_in_threadpool(do, form, by)
        except OpenchairError as wrong:
            return await run_in_threadpool(shown, request, wrong)
        if result is None:
            return RedirectResponse(PATH, 303)
        return await run_in_threadpool(shown, request, None, result)

    def posts(do: Callable[[FormData, Actor], Settled | None]) -> Callable[[Request], object]:
        async def post(request: Request) -> Response:
            return await sent(request, do)

        return post

    def approve(form: FormData, by: Actor) -> Settled:
        return chair.planning.approve(by=by, decisions=_some(form), action=_action(form), everything=_all(form))

    def dismiss(form: FormData, by: Actor) -> Settled:
        why = str(form.get("other", "")).strip() or str(form.get("why", ""))
        return chair.planning.dismiss(
            by=by, why=why, decisions=_some(form), action=_action(form), everything=_all(form)
        )

    def undo(form: FormData, by: Actor) -> Settled:
        return chair.planning.undo(by=by, decisions=_some(form) or [])

    def done(form: FormData, by: Actor) -> Settled:
        return chair.planning.done(by=by, decisions=_some(form) or [])

    def again(form: FormData, by: Actor) -> None:
        chair.delivering.replay(str(form.get("message", "")) or "none", by=by)

    def allow(form: FormData, by: Actor) -> None:
        given: dict[str, dict[str, float | None]] = {}
        for name in TITLES:
            for span in SPANS:
                text = str(form.get(f"{name}_{span}", "")).strip()
                if text:
                    money = name in UNITS_OF_MONEY
                    given.setdefault(name, {})[span] = to_minor(text, chair.currency) if money else _number(name, text)
        chair.planning.allow(given, by=by, why=str(form.get("why", "")))

    return [
        Route(PATH, page, name="plan"),
        Route(f"{PATH}/of/{{action}}", one, name="plan of an action"),
        Route(f"{PATH}/approve", posts(approve), methods=["POST"]),
        Route(f"{PATH}/dismiss", posts(dismiss), methods=["POST"]),
        Route(f"{PATH}/undo", posts(undo), methods=["POST"]),
        Route(f"{PATH}/done", posts(done), methods=["POST"]),
        Route(f"{PATH}/again", posts(again), methods=["POST"]),
        Route(f"{PATH}/budgets", posts(allow), methods=["POST"]),
    ]


UNITS_OF_MONEY = tuple(name for name, unit in UNITS.items() if unit == "money")


def _some(form: FormData) -> list[str] | None:
    """The decisions that were ticked; None where the form is about an action, or all."""
    return None if _action(form) or _all(form) else [str(one) for one in form.getlist("decision")]


def _action(form: FormData) -> str:
    return str(form.get("action", ""))


def _all(form: FormData) -> bool:
    return form.get("everything") == "yes"


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"budget of {TITLES[name]}", value=text, bound="a plain number", remedy="Write 12.5.") from None
