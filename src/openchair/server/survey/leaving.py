"""Leaving: a customer who wants no more of what a letter was about says so here, with one click and without signing in.

A mail program does it with one POST (RFC 8058); a person sees a button first, for mail scanners open every link.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.listening.asking.surveys import SurveyRefused
from openchair.server.pages.house import House
from openchair.server.pages.render import render
from openchair.server.tongue import Tongue, spoken


def leaving_routes(house: House) -> list[BaseRoute]:
    """/survey/{token}/unsubscribe, and /leave/{token} of what carries a decision."""

    def answered(request: Request) -> Response:
        sure, language = request.method == "POST", spoken(request.headers.get("accept-language", ""))
        try:
            kind, known = house.chair.delivering.leave(request.path_params["token"], sure=sure)
        except SurveyRefused:
            tongue = Tongue(language, house.zone)
            text = tongue("The link may have been cut short, or be too old. Ask us for a new one.")
            asked = "/survey/" in request.url.path
            title = tongue("There is no survey here") if asked else tongue("There is nothing here")
            return shown(request, tongue, "said", 404, title=title, text=text, again="")
        tongue, asks = Tongue(spoken(known), house.zone), kind == "survey"
        if not sure:
            return shown(request, tongue, "leave", asks=asks)
        if asks:
            title = tongue("We will ask you no more")
            text = tongue("What you told us before stays with us. You may ask us at any time to erase it.")
        else:
            title = tongue("We will write you no more of this")
            text = tongue("What you order, and what you ask us, we still answer.")
        return shown(request, tongue, "said", title=title, text=text, again="")

    def shown(request: Request, tongue: Tongue, name: str, status: int = 200, **context: object) -> Response:
        request.state.lang = tongue.language
        around = {"_": tongue, "shop": house.settings.name, "framed": False}
        return render(request, f"survey/{name}.html", status, **around, **context)

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answered, request)

    paths = ("/survey/{token}/unsubscribe", "/leave/{token}")
    return [Route(path, endpoint, methods=["GET", "POST"]) for path in paths]
