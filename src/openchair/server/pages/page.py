"""A page is a path, what it shows, and the forms on it; a form is what it does, and where that leads."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.core.errors import BadInput, NotAllowed, OpenchairError
from openchair.core.money import to_minor
from openchair.server.pages.forms import Field
from openchair.server.pages.house import House, actor
from openchair.server.pages.render import back, render

LONGEST = 300
"""Letters of a word in an address, such as a search."""
MOST_FIELDS, LARGEST_FIELD = 1000, 1024 * 1024

Show = Callable[["Visit"], Response]


async def read(request: Request, largest: int = LARGEST_FIELD) -> FormData:
    """The form in a request, a file of it in place of its field. largest: bytes of a field of several parts."""
    return await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=largest)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page.

    path: below that of its page; from / on, whole. do: what it does; a Response that it gives is the answer, else the
    browser goes `to` a place (as the form says in `back`, or that of the page), or, where it is `shown`, sees the page
    with what came of it. What is refused is said on the page, with what was typed, unless it `raises`. read: how the
    body is read.
    """

    path: str
    do: Callable[["Visit"], object]
    to: str = ""
    shown: bool = False
    raises: bool = False
    read: Callable[[Request], Awaitable[FormData]] = read
    fields: tuple[Field, ...] = ()
    """Those that _form.html draws, and `values` reads."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its path, what it shows, and the forms that are sent from it."""

    path: str
    show: Show
    forms: tuple[Form, ...] = ()

    def routes(self, house: House) -> Iterator[BaseRoute]:
        """Its own, and one for each of its forms."""
        yield Route(self.path, lambda request: self.show(Visit(request, house, self)))
        for form in self.forms:
            path = form.path if form.path.startswith("/") else f"{self.path}/{form.path}".rstrip("/")
            yield Route(path, self._taken(house, form), methods=["POST"])

    def _taken(self, house: House, form: Form) -> Callable[[Request], Awaitable[Response]]:
        def take(at: "Visit") -> Response:
            try:
                came = form.do(at)
            except OpenchairError as wrong:
                if form.raises or wrong.status >= 500:
                    raise
                return self.show(replace(at, problem=wrong))
            if isinstance(came, Response):
                return came
            return self.show(replace(at, came=came)) if form.shown else at.back(form.to)

        async def post(request: Request) -> Response:
            at = Visit(request, house, self, form)
            try:
                sent = await form.read(request)
            except OpenchairError as wrong:
                return await run_in_threadpool(self.show, replace(at, problem=wrong))
            try:
                return await run_in_threadpool(take, replace(at, given=sent))
            finally:
                await sent.close()

        return post


@dataclass(frozen=True, slots=True)
class Visit:
    """A page being asked for: by whom, with what in its address and in its form, and what came of that."""

    request: Request
    house: House
    page: Page
    form: Form | None = None
    given: FormData = field(default_factory=FormData)
    problem: OpenchairError | None = None
    came: Any = None

    @property
    def chair(self) -> Chair:
        """The shop's."""
        return self.house.chair

    @property
    def by(self) -> Actor:
        """Who asks."""
        return actor(self.request)

    @property
    def owner(self) -> Actor:
        """Who asks, an owner. Raises NotAllowed for anyone else."""
        if self.by.role != "owner":
            raise NotAllowed("page", value=self.by.name, bound="is for owners of the shop", remedy="Ask one of them.")
        return self.by

    @property
    def here(self) -> str:
        """The page's own address, also while a form below it is answered."""
        return self.page.path.format(
            **{name: quote(str(key), safe="") for name, key in self.request.path_params.items()}
        )

    @property
    def address(self) -> str:
        """The page's address with what was asked of it."""
        return f"{self.here}?{self.request.url.query}" if self.request.url.query else self.here

    @property
    def typed(self) -> dict[str, str]:
        """The form as it was sent; nothing where a field was not."""
        return defaultdict(str, {name: str(value) for name, value in self.given.items()})

    def key(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params.get(name, ""))

    def asked(self, name: str, usual: str = "") -> str:
        """A word of the address."""
        return self.request.query_params.get(name, usual).strip()[:LONGEST]

    def said(self, name: str) -> str:
        """A field of the form."""
        return str(self.given.get(name, ""))

    def some(self, *names: str) -> dict[str, str]:
        """Fields of the form, by name."""
        return {name: self.said(name) for name in names}

    def ticked(self, name: str) -> list[str]:
        """All that was chosen of one field."""
        return [str(one) for one in self.given.getlist(name)]

    def number(self, name: str, called: str = "") -> float | None:
        """A number that was typed; None where nothing was. Raises BadInput."""
        text = self.said(name).strip()
        try:
            return float(text) if text else None
        except ValueError:
            raise BadInput(called or name, value=text, bound="a plain number", remedy="Write 12.5.") from None

    def whole(self, name: str, most: int) -> int | None:
        """A whole number that was typed; None where nothing was. Raises BadInput."""
        number = self.number(name)
        if number is not None and (number != number or number % 1):
            raise BadInput(name, value=self.said(name), bound=f"a whole number from 1 to {most}", remedy="Write 3.")
        return None if number is None else int(number)

    def money(self, name: str) -> float | None:
        """An amount that was typed, in minor units; None where nothing was. Raises BadInput."""
        text = self.said(name).strip()
        return to_minor(text, self.chair.currency) if text else None

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the form as the use case takes them. Raises BadInput."""
        return {one.to or one.path: _READ[one.kind](self, one) for one in (self.form.fields if self.form else ())}

    def back(self, to: str = "") -> Response:
        """On to a place of this server: that in the form, or `to`, a part of the page where it begins with #."""
        there = self.here + to if to[:1] in ("", "#", "?") else to
        return back(self.request, self.said("back") or there)

    def linked(self, **asked: object) -> str:
        """The page's address with this asked of it, as far as it is anything."""
        return f"{self.here}?" + urlencode({name: value for name, value in asked.items() if value})

    def draw(self, template: str, **context: Any) -> Response:
        """A template as the answer, with what every page is given besides."""
        house = self.house
        around: dict[str, Any] = {
            "problem": self.problem,
            "typed": self.typed,
            "came": self.came,
            "sent": self.form.path if self.form else "",
            "forms": {form.path: form.fields for form in self.page.forms},
            "ticked": self.ticked,
            "values": {},
            "choices": {},
            "here": self.here,
            "may": self.by.role == "owner",
            "currency": house.chair.currency,
            "simulated": house.chair.simulated,
            "day": house.day,
            "now": house.moment.now,
            "zone": house.zone,
        }
        return render(self.request, template, self.problem.status if self.problem else 200, **around | context)


_READ: Mapping[str, Callable[[Visit, Field], object]] = {
    "line": lambda at, one: at.said(one.path),
    "hidden": lambda at, one: at.said(one.path),
    "choice": lambda at, one: at.said(one.path),
    "many": lambda at, one: tuple(at.ticked(one.path)),
    "number": lambda at, one: at.number(one.path),
    "whole": lambda at, one: at.whole(one.path, one.most),
    "money": lambda at, one: at.money(one.path),
}
"""How a field is read, by its kind."""


def version_of(text: str) -> int | None:
    """A version's number, as an address or a hidden field has it; None where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
