"""The pages of a survey: looking records nothing, for mail scanners open every link; the button does.

An answer is acknowledged once its commit is durable (`store.sql.post.inbox`): many share one. What comes from a trap
that no person can fall into, a field or a link nobody sees, is kept apart with its reason, and thanked as everyone is.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.chair.intake.sync import refused
from openchair.chair.listening.asking.surveys import SurveyRefused, Surveys
from openchair.chair.listening.views import Invitation
from openchair.chair.ports import Envelope
from openchair.chair.views import Reject
from openchair.core.errors import BadInput
from openchair.listening.asking.answers import LONGEST_TEXT
from openchair.server.door.signin import WAIT_SECONDS, Tries
from openchair.server.intake.ingest import Queue
from openchair.server.pages.house import House
from openchair.server.pages.render import HERE, render
from openchair.server.problems import Refused
from openchair.server.seat.routes import address_of
from openchair.server.survey.forms import CHOOSE, HONEYPOT, TOO_LONG, Asked, asked, too_long
from openchair.server.tongue import NAMES, Tongue, spoken

ANONYMOUS_A_MINUTE = 30
"""Answers of nobody from one network address; a shop's own tablet stays below."""
TRAPPED_A_MINUTE = 60
"""Trapped answers of everybody that are kept; a flood of them must not fill the disk."""
_ANYONE = "anyone"
_FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors *"
)
_ELSEWHERE = {"cross-origin-resource-policy": "cross-origin"}


def survey_routes(house: House, queue: Queue) -> list[BaseRoute]:
    """/survey and all below it. They need no sign-in; the gate before them refuses forms of other sites."""
    door = _Door(house, house.chair.surveys, queue)
    script = (HERE / "static" / "survey-embed.js").read_bytes()

    async def embed(request: Request) -> Response:
        headers = _ELSEWHERE | {"cache-control": "public, max-age=3600"}
        return Response(script, media_type="text/javascript", headers=headers)

    ways = {"/survey/open/{survey_id}": _open, "/survey/frame/{survey_id}": _framed, "/survey/{token}": _invited}
    return [
        Route("/survey/embed.js", embed),
        *(Route(path, door.endpoint(find), methods=["GET", "POST"]) for path, find in ways.items()),
    ]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who answers, where their page is, what its address and its forms carry along, and whether it is in a frame."""

    of: Invitation
    here: str
    carried: Mapping[str, str]
    framed: bool = False


def _invited(surveys: Surveys, request: Request, said: Asked) -> Visit:
    return Visit(surveys.invitation(request.path_params["token"]), request.url.path, {})


def _open(surveys: Surveys, request: Request, said: Asked) -> Visit:
    of, slip = surveys.visit(request.path_params["survey_id"], said.get("slip"))
    return Visit(of, request.url.path, {"slip": slip})


def _framed(surveys: Surveys, request: Request, said: Asked) -> Visit:
    """In a frame of another site whoever answers is nobody, unless the frame's address holds an invitation of ours."""
    token = said.get("invitation")
    try:
        of = surveys.invitation(token)
        if of.survey.survey_id == request.path_params["survey_id"]:
            return Visit(of, request.url.path, {"invitation": token}, True)
    except SurveyRefused:
        pass
    return replace(_open(surveys, request, said), framed=True)


Find = Callable[[Surveys, Request, Asked], Visit]


@dataclass(frozen=True)
class _Door:
    """Shows what is asked, and takes what is answered."""

    house: House
    surveys: Surveys
    queue: Queue
    tries: Tries = field(default_factory=lambda: Tries(most=ANONYMOUS_A_MINUTE))
    caught: Tries = field(default_factory=lambda: Tries(most=1))
    """Who followed the link that nobody sees, by address and survey."""
    lines: Tries = field(default_factory=lambda: Tries(most=TRAPPED_A_MINUTE))

    def endpoint(self, find: Find) -> Callable[[Request], Awaitable[Response]]:
        """The page of those whom `find` finds."""

        async def endpoint(request: Request) -> Response:
            try:
                said = await asked(request)
                if request.method == "POST":
                    return await self.take(find, request, said)
                return await run_in_threadpool(self.show, find, request, said)
            except SurveyRefused as wrong:
                return await run_in_threadpool(self.lost, request, wrong)
            except Refused as wrong:
                return await run_in_threadpool(self.too_much, request, wrong)

        return endpoint

    # shown

    def show(self, find: Find, request: Request, said: Asked) -> Response:
        """The question, with the score that a link in a mail names chosen already; nothing is recorded by looking."""
        visit = find(self.surveys, request, said)
        if trap := said.get("trap"):
            self.caught.wrong(self._who(request, visit), time.monotonic())
        if said.get("thanks"):
            return self.thanks(request, visit, said)
        return self.page(request, visit, said, trap=trap)

    def page(
        self, request: Request, visit: Visit, said: Asked, status: int = 200, problem: str = "", trap: str = ""
    ) -> Response:
        """What is asked first, or what follows from the score in `given`."""
        survey, tongue = visit.of.survey.definition, self._tongue(request, visit, said)
        score, chosen = said.score("given", survey), said.score("score", survey)
        given = dict(said.answers)
        if chosen is not None:
            given.setdefault(survey.questions[0].key, str(chosen))
        hidden = {**visit.carried, "language": tongue.language, "once": "" if "slip" in visit.carried else _once()}
        return self.answer(
            request, "ask", visit, tongue, status,
            survey=survey,
            score=score,
            chosen=chosen,
            questions=survey.first if score is None else survey.following(score),
            given=given,
            known=visit.of.identifier is not None,
            kept=bool(said.get("kept")),
            problem=tongue(problem, most=LONGEST_TEXT) if problem else "",
            hidden=hidden | {"given": "" if score is None else str(score)},
            trap=trap and "followed the link",
            names=NAMES,
            here=visit.here,
            to=partial(_address, visit.here, {**visit.carried, "language": tongue.language}),
        )  # fmt: skip

    def thanks(self, request: Request, visit: Visit, said: Asked) -> Response:
        """Thank you, and the way back for those who may change what they said."""
        tongue = self._tongue(request, visit, said)
        title = visit.of.survey.definition.thanks[tongue.language]
        again = _address(visit.here, {**visit.carried, "language": tongue.language}) if visit.of.identifier else ""
        return self.answer(request, "said", visit, tongue, title=title, text="", again=again)

    def lost(self, request: Request, wrong: SurveyRefused) -> Response:
        """No survey here: closed or over, or a link that is not ours; never more than that."""
        tongue = self._theirs(request)
        over = wrong.why in ("closed", "expired")
        title = tongue("The time for answering is over") if over else tongue("There is no survey here")
        text = tongue("Thank you for coming. If you have something to tell us, write to us.")
        if not over:
            text = tongue("The link may have been cut short, or be too old. Ask us for a new one.")
        return self.answer(request, "said", None, tongue, 410 if over else 404, title=title, text=text, again="")

    def too_much(self, request: Request, wrong: Refused) -> Response:
        """More than can be kept, or too often: nothing was recorded, and the page says so."""
        tongue, often = self._theirs(request), wrong.status == 429
        title = tongue("Too many answers from here") if often else tongue("That is too much at once")
        text = tongue("Nothing was recorded. Wait a minute, then send it again.")
        if not often:
            text = tongue("Nothing was recorded. Go back, shorten your text, and send it again.")
        response = self.answer(request, "said", None, tongue, wrong.status, title=title, text=text, again="")
        if often:
            response.headers["Retry-After"] = f"{WAIT_SECONDS:.0f}"
        return response

    # taken

    async def take(self, find: Find, request: Request, said: Asked) -> Response:
        """Record what was answered, then ask what follows from it; or say what is wrong, with all that was typed."""
        visit, events, answer = await run_in_threadpool(self._read, find, request, said)
        if answer is not None:
            return answer
        kept = True
        if events:
            new: list[bool] = await asyncio.wrap_future(self.queue.submit(events))
            kept = any(new) or visit.of.identifier is not None
        survey = visit.of.survey.definition
        score = Asked({"score": said.answers.get(survey.questions[0].key, "")}).score("score", survey)
        carried = {**visit.carried, "language": said.get("language")}
        if survey.following(score):
            return RedirectResponse(_address(visit.here, carried, given=score, kept="" if kept else "1"), 303)
        return RedirectResponse(_address(visit.here, carried, thanks=1), 303)

    def _read(self, find: Find, request: Request, said: Asked) -> tuple[Visit, list[Envelope], Response | None]:
        """Who answers, the facts of it, and the page to show instead where there are none to keep."""
        visit, now = find(self.surveys, request, said), time.monotonic()
        if reason := self._trap(request, visit, said, now):
            self._keep_apart(visit, said, reason, now)
            return visit, [], self.thanks(request, visit, said)
        if visit.of.identifier is None:
            where = address_of(request, self.house.settings.secure)
            if self.tries.blocked(where, now):
                raise Refused(429, "too_often", "answers", bound=f"at most {ANONYMOUS_A_MINUTE} a minute")
            self.tries.wrong(where, now)
        survey = visit.of.survey.definition
        try:
            languages = {"language": said.get("language"), "once": said.get("once")}
            events = self.surveys.record(visit.of, said.answers, **languages)
        except BadInput:
            problem = TOO_LONG if too_long(said.answers) else CHOOSE
            return visit, [], self.page(request, visit, said, 400, problem)
        nothing = not any(text.strip() for text in said.answers.values())
        if nothing and said.score("given", survey) is None:
            return visit, [], self.page(request, visit, said, 400, CHOOSE)
        return visit, events, None

    def _trap(self, request: Request, visit: Visit, said: Asked, now: float) -> str:
        """Which trap it fell into; none is nothing."""
        if said.get(HONEYPOT):
            return f"filled in the field that nobody sees: {said.get(HONEYPOT)[:60]}"
        return "followed the link that nobody sees" if self.caught.blocked(self._who(request, visit), now) else ""

    def _keep_apart(self, visit: Visit, said: Asked, reason: str, now: float) -> None:
        if self.lines.blocked(_ANYONE, now):
            return
        self.lines.wrong(_ANYONE, now)
        told = {"survey": visit.of.survey.survey_id, "invitation": visit.of.invitation_id, "answers": said.answers}
        reject = Reject(f"survey/{visit.of.survey.survey_id}", 1, reason, msgspec.json.encode(told).decode())
        report = refused("survey", self.house.chair.clock(), [reject])
        self.house.chair.state.save_import(replace(report, format="survey"), [reject])

    def _who(self, request: Request, visit: Visit) -> str:
        """A visitor as traps know them: by address, so that no scanner speaks for whom the mail was for."""
        known = visit.of.invitation_id if visit.of.identifier else visit.of.survey.survey_id
        return f"{address_of(request, self.house.settings.secure)} {known}"

    # words

    def _tongue(self, request: Request, visit: Visit, said: Asked) -> "_Around":
        accepted = request.headers.get("accept-language", "").split(",")
        wanted = (said.get("language"), visit.of.language, *(one.partition(";")[0].strip() for one in accepted))
        language = visit.of.survey.definition.spoken(*filter(None, wanted))
        return _Around(language, Tongue(spoken(language), self.house.zone))

    def _theirs(self, request: Request) -> "_Around":
        language = spoken(request.query_params.get("language") or request.headers.get("accept-language", ""))
        return _Around(language, Tongue(language, self.house.zone))

    def answer(
        self, request: Request, name: str, visit: Visit | None, tongue: "_Around", status: int = 200, **context: Any
    ) -> Response:
        """A template of a survey in its language."""
        request.state.lang = tongue.language
        framed = visit.framed if visit else request.url.path.startswith("/survey/frame/")
        around = {"_": tongue, "shop": self.house.settings.name, "framed": framed}
        response = render(request, f"survey/{name}.html", status, **around, **context)
        if framed:
            response.headers.update(_ELSEWHERE | {"content-security-policy": _FRAME_POLICY})
        return response


@dataclass(frozen=True, slots=True)
class _Around:
    """Words around a survey in its own language; in English, and marked so, where we do not speak that."""

    language: str
    tongue: Tongue

    def __call__(self, text: str, **params: Any) -> Markup:
        """A text in a page."""
        said = self.tongue(text, **params)
        if self.tongue.language == self.language:
            return said
        return Markup('<span lang="{}" dir="ltr">{}</span>').format(self.tongue.language, said)

    def plain(self, text: str) -> str:
        """A text in an attribute."""
        return self.tongue.plain(text)


def _address(here: str, carried: Mapping[str, str], **more: object) -> str:
    said = {name: value for name, value in {**carried, **more}.items() if value not in (None, "")}
    return f"{here}?{urlencode(said)}" if said else here


def _once() -> str:
    """What makes a form sent twice the same answer, and one shown anew another."""
    return f"{time.time_ns():x}"
