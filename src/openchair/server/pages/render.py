"""Templates into responses, and the few files a page needs, served from memory under names that change with them."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import groupby
from math import isnan
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from openchair.chair.focus.customer.naming import called
from openchair.core import figures
from openchair.core.blocks import Block, Link, Unit, table_of
from openchair.core.errors import OpenchairError
from openchair.core.estimate import Estimate, Unknown
from openchair.core.words import count, listed, plural, tongue
from openchair.dossier.stage import every
from openchair.server.pages.drawing import bars, charts, shapes, words

HERE = Path(__file__).resolve().parents[1]
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
ROOMS = (
    ("At the table", (("/", "Today", ""), ("/plan", "Plan and approvals", ""), ("/calls", "Calls", ""),
                      ("/merges", "Reviews", ""))),
    ("Customers", (("/customers", "Customers", ""), ("/listening", "Listening", ""), ("/surveys", "Surveys", ""))),
    ("What matters", (("/primary", "Primary customer", ""), ("/focus", "Focus", ""),
                      ("/opportunities", "Opportunities", ""), ("/journey", "Journey", ""), ("/value", "Value", ""),
                      ("/growth", "Growth", ""), ("/loyalty", "Loyalty", ""), ("/learning", "Learning", ""))),
    ("The house", (("/catalogue", "Catalogue", ""), ("/imports", "Imports", ""), ("/consents", "Consents", ""),
                   ("/audit", "Audit", "owner"))),
)  # fmt: skip
"""By heading: address, name, and the role that alone may enter where not everyone may."""
MOST_ROWS = 200
"""Rows of a table that a page shows."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    media_type: str
    version: str


@cache
def _assets() -> Mapping[str, Asset]:
    own = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir()) if path.is_file()}
    htmx = files("js_lib_htmx").joinpath("static", "htmx", "htmx.min.js").read_bytes()
    return {
        name: Asset(body, mimetypes.guess_type(name)[0] or "text/plain", hashlib.sha256(body).hexdigest()[:12])
        for name, body in {**own, "htmx.min.js": htmx}.items()
    }


def asset(name: str) -> str:
    """The address of a static file; it changes whenever the file does, so browsers may keep it for ever."""
    return f"/static/{name}?v={_assets()[name].version}"


def _static(request: Request) -> Response:
    found = _assets().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    current = request.query_params.get("v") == found.version
    caching = "public, max-age=31536000, immutable" if current else "no-cache"
    return Response(found.body, media_type=found.media_type, headers={"cache-control": caching})


static_route = Route("/static/{name}", _static, name="static")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {one.__name__: one for one in _FILTERS} | _RENAMED
    environment.globals |= {one.__name__: one for one in _FUNCTIONS}
    environment.globals |= {"most_rows": MOST_ROWS, "rooms": ROOMS, "settled": words.SETTLED}
    kinds = {"known": Estimate, "unknown": Unknown, "a_link": Link, "a_date": date}
    environment.tests |= {name: _is(kind) for name, kind in kinds.items()} | {"given": _given}
    return environment


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _written(value: float, unit: Unit, currency: str) -> str:
    return words.kept(figures.written(value, unit, currency))


def _ends(number: Estimate, unit: Unit, currency: str) -> str:
    return words.kept(figures.ends(number, unit, currency))


def _runs(blocks: Sequence[Block]) -> list[tuple[str, list[Block]]]:
    """Blocks of one kind that follow one another, together."""
    return [(kind, list(some)) for kind, some in groupby(blocks, key=lambda block: type(block).__name__)]


def _given(number: float | None) -> bool:
    return number is not None and not isnan(number)


_FUNCTIONS: tuple[Callable[..., Any], ...] = (asset, bars.bar_of, bars.parts, plural, bars.weighed)
_FILTERS: tuple[Callable[..., Any], ...] = (
    words.amount, words.brief, called, figures.chance, count, words.kept, words.money, bars.ranged, bars.scales,
    words.span, words.spent, tongue, shapes.map_of,
)  # fmt: skip
_RENAMED: dict[str, Callable[..., Any]] = {
    "as_table": table_of,
    "chart": charts.chart_of,
    "day": words.day_words,
    "ends": _ends,
    "fall": shapes.fall_of,
    "listing": listed,
    "moment": words.moment_words,
    "plane": shapes.plane_of,
    "rhythm": every,
    "runs": _runs,
    "written": _written,
}


@cache
def _pages() -> Environment:
    return _environment()


def render(request: Request, name: str, status: int = 200, **context: Any) -> Response:
    """A template as a response. Besides `context` it sees path, user, nonce, lang, dir and the shop's name.

    request.state may carry user (who signed in), nonce (of the content policy) and lang; app.state the settings.
    """
    lang = getattr(request.state, "lang", "en")
    settings = getattr(request.app.state, "settings", None)
    around = {
        "path": request.url.path,
        "user": getattr(request.state, "user", None),
        "nonce": getattr(request.state, "nonce", ""),
        "lang": lang,
        "dir": "rtl" if lang in RIGHT_TO_LEFT else "ltr",
        "shop": settings.name if settings else "",
        "simulated": False,
    }
    body = _pages().get_template(name).render(around | context)
    return HTMLResponse(body, status_code=status, headers={"cache-control": "no-store", "vary": "HX-Request"})


def partial(request: Request) -> bool:
    """Whether htmx asked, which wants a piece of a page and not all of it."""
    return "hx-request" in request.headers


def back(request: Request, to: str) -> Response:
    """Send a browser on after a form: to `to` when it is a place of this server, else to the first page."""
    local = to.startswith("/") and to.isprintable() and not to.startswith(("//", "/\\"))
    return RedirectResponse(to if local else "/", status_code=303)


_SAID = {
    403: ("This is not yours to open", "You are signed in, but not as someone who may do this."),
    404: ("There is nothing here", "The page may have moved, or the customer was merged or erased."),
    405: ("That cannot be done here", "The address exists, but not for this kind of request."),
    413: ("That is too much at once", "The file is larger than this server takes."),
    500: ("Something broke on our side", "Nothing you entered was kept by half. The server's log says what happened."),
    503: ("Not just now", "The server cannot store anything at the moment; nothing was lost. Try again in a minute."),
}


def error_page(request: Request, wrong: Exception) -> Response:
    """Any error as a page in the house's look; usable as a Starlette exception handler. It tells no internals."""
    problem = wrong if isinstance(wrong, OpenchairError) and wrong.status < 500 else None
    status = 500
    if isinstance(wrong, OpenchairError):
        status = wrong.status
    elif isinstance(wrong, HTTPException):
        status = wrong.status_code
    title, text = _SAID.get(status, ("This could not be done", "The request was not one the server understands."))
    name = "_problem.html" if partial(request) else "error.html"
    return render(request, name, status, title=title, text=text, problem=problem, code=status)
