"""One customer on one sheet: what must never be done, what to do next and why, what is known; and saying more of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from openchair.chair.actor import Actor
from openchair.chair.chair import Chair
from openchair.chair.views import Decision, Dossier, RuledOut
from openchair.core.errors import BadInput, Conflict, NotAllowed, NotFound
from openchair.dossier.attention import WISHES
from openchair.dossier.consent import SLOTS
from openchair.dossier.rules import ALLERGENS, DIETS, TERMS
from openchair.dossier.standing import Consent
from openchair.dossier.traits import Trait
from openchair.server.gate import address_of
from openchair.server.pages.bars import scale_of
from openchair.server.pages.house import House, actor, owner
from openchair.server.pages.render import render
from openchair.server.pages.today import SETTLED, WAIT

SHOWN_AT_FIRST = 12
ALLERGIES = {
    "unknown": ("unsaid", "allergies not known"),
    "none": ("", "no allergies, as far as they said"),
}
# The engagement formula: what the customer wants + the pillars of loyalty + the relationship.
TERMS_OF_THE_FORMULA = ("what they want", "why this way", "between us")
GROUPS = {"likes": "Likes", "life": "Life", "reach": "How to reach them", "other": "Also known"}
NAMES = ("name", "first_name", "last_name")
"""Traits that the head of the page says."""
VOCABULARY = {
    "Allergies": ALLERGENS,
    "Food and drink": (*DIETS, "no alcohol"),
    "Contact and gifts": tuple(t for t in TERMS if t not in (*ALLERGENS, *DIETS, "no alcohol") and "other" not in t),
}
LANGUAGES = {"en": "English", "ur": "Urdu", "th": "Thai"}
ERASE = "erase"
"""The word that is typed to have a customer erased."""

Form = Mapping[str, str]
Act = Callable[[Chair, str, Form, Actor], object]
ACTS: Mapping[str, tuple[Act, str]] = {
    "note": (lambda chair, who, said, by: chair.people.note(who, said.get("text", ""), by=by), "notes"),
    "trait": (
        lambda chair, who, said, by: chair.people.say(
            who, said.get("name", ""), said.get("value", ""), by=by, why=said.get("why", "")
        ),
        "known",
    ),
    "rule": (lambda chair, who, said, by: chair.people.forbid(who, said.get("term", ""), by=by), "rules"),
    "lift": (
        lambda chair, who, said, by: chair.people.lift(who, said.get("term", ""), by=by, why=said.get("why", "")),
        "rules",
    ),
    "consent": (
        lambda chair, who, said, by: chair.people.agree(
            who, *_slot(said.get("slot", "")), said.get("answer", ""), by=by, wording=said.get("wording", "")
        ),
        "consents",
    ),
    "attention": (
        lambda chair, who, said, by: chair.people.attend(
            who, by=by, wish=said.get("wish", ""), quiet=said.get("quiet", ""), timezone=said.get("timezone", "")
        ),
        "attention",
    ),
    "revoke": (lambda chair, who, said, by: chair.seats.revoke(said.get("seat", ""), by=by), "seat"),
    "merge": (
        lambda chair, who, said, by: chair.merging.merge(who, said.get("other", ""), by=by, why=said.get("why", "")),
        "ids",
    ),
}
"""What a form of the page does, and the part of the page it leads back to."""


def _slot(text: str) -> tuple[str, str]:
    purpose, _, channel = text.partition(":")
    return purpose, channel or "any"


def next_best(dossier: Dossier) -> Decision | None:
    """The newest decision, when there is one."""
    return max(dossier.decisions, key=lambda decision: decision.day, default=None)


def by_reason(ruled_out: Sequence[RuledOut]) -> list[tuple[str, list[RuledOut]]]:
    """Actions that were not possible, gathered by reason, the most frequent first."""
    frequent = Counter(one.reason for one in ruled_out).most_common()
    return [(reason, [one for one in ruled_out if one.reason == reason]) for reason, _ in frequent]


def grouped(traits: Sequence[Trait]) -> dict[str, list[Trait]]:
    """Traits by the title of their group; what somebody said stands before what was inferred."""
    told = sorted((t for t in traits if t.name not in NAMES), key=lambda t: (t.said_by == "inferred", t.name))
    return {title: some for group, title in GROUPS.items() if (some := [t for t in told if t.group == group])}


def by_purpose(consents: Sequence[Consent]) -> tuple[list[str], list[tuple[str, list[Consent | None]]], list[Consent]]:
    """Consents as a table: the channels, a row of answers for each purpose; and those that concern no channel.

    A word on any channel is told only where there is one.
    """
    channels = list(dict.fromkeys(one.channel for one in consents if one.channel != "any"))
    purposes = list(dict.fromkeys(one.purpose for one in consents if one.channel != "any"))
    at = {(one.purpose, one.channel): one for one in consents}
    rows = [(purpose, [at.get((purpose, channel)) for channel in channels]) for purpose in purposes]
    others = [one for one in consents if one.channel == "any"]
    return channels, rows, [one for one in others if one.purpose not in purposes or one.answer != "unknown"]


def customer_routes(house: House) -> list[BaseRoute]:
    """The page of one customer, by customer id or anything they are known by, and the forms on it."""
    chair = house.chair

    def drawn(request: Request, status: int = 200, **more: Any) -> Response:
        dossier = chair.people.dossier(request.path_params["who"], by=actor(request), timeline=True)
        customer_id = dossier.customer.customer_id
        best = next_best(dossier)
        channels, answers, others = by_purpose(dossier.consents)
        around = {
            "dossier": dossier,
            "customer": dossier.customer,
            "best": best,
            "terms": TERMS_OF_THE_FORMULA,
            "waits": best is not None and best.action == WAIT,
            "groups": grouped(dossier.traits),
            "ruled_out": by_reason(best.ruled_out) if best else [],
            "earlier": [decision for decision in dossier.decisions if decision is not best],
            "allergies": ALLERGIES.get(dossier.food_safety),
            "channels": channels,
            "answers": answers,
            "others": others,
            "purposes": [purpose for purpose, _ in answers],
            "slots": SLOTS,
            "vocabulary": VOCABULARY,
            "wishes": WISHES,
            "languages": LANGUAGES,
            "merges": chair.merging.merges(customer=customer_id, limit=20)[0],
            "links": [link for link in chair.seats.links(customer_id) if link.revoked_at is None],
            "link": "",
            "problem": None,
            "typed": {},
            "timeline": dossier.timeline[:SHOWN_AT_FIRST],
            "rest": dossier.timeline[SHOWN_AT_FIRST:],
            "scale": scale_of([dossier.worth]),
            "currency": chair.currency,
            "simulated": dossier.simulated,
            "day": house.day,
            "zone": house.zone,
            "settled": SETTLED,
            "now": house.moment.now,
            "here": request.url.path,
            "erase_word": ERASE,
        }
        return render(request, "customer.html", status, **around | more)

    def page(request: Request) -> Response:
        return drawn(request)

    async def act(request: Request) -> Response:
        name = request.path_params["act"]
        if name not in ACTS:
            raise NotFound("form", value=name, bound=f"one of {', '.join(ACTS)}")
        said = await _said(request)
        do, place = ACTS[name]
        who = request.path_params["who"]
        try:
            await run_in_threadpool(do, chair, who, said, actor(request))
        except (BadInput, Conflict, NotAllowed) as wrong:
            return await run_in_threadpool(drawn, request, wrong.status, problem=wrong, typed={name: said})
        return RedirectResponse(f"/customers/{quote(who, safe='')}#{place}", 303)

    async def seat(request: Request) -> Response:
        said = await _said(request)
        who = request.path_params["who"]

        def made() -> str:
            return chair.seats.link(who, by=actor(request), language=said.get("language", "en"))

        link = address_of(request, house.settings) + await run_in_threadpool(made)
        return await run_in_threadpool(drawn, request, link=link)

    def export(request: Request) -> Response:
        copy = chair.privacy.copy(request.path_params["who"], by=owner(request))
        return Response(
            msgspec.json.format(msgspec.json.encode(copy), indent=2),
            media_type="application/json",
            headers={"content-disposition": 'attachment; filename="customer.json"', "cache-control": "no-store"},
        )

    async def erase(request: Request) -> Response:
        said, by = await _said(request), owner(request)
        if said.get("sure", "").strip().lower() != ERASE:
            wrong = BadInput(
                "erase", value=said.get("sure"), bound=f"type the word {ERASE}", remedy="Nothing was erased."
            )
            return await run_in_threadpool(drawn, request, 400, problem=wrong)
        await run_in_threadpool(chair.privacy.erase, request.path_params["who"], by=by)
        return RedirectResponse("/customers", 303)

    return [
        Route("/customers/{who}", page, name="customer"),
        Route("/customers/{who}/export.json", export),
        Route("/customers/{who}/seat", seat, methods=["POST"]),
        Route("/customers/{who}/erase", erase, methods=["POST"]),
        Route("/customers/{who}/{act}", act, methods=["POST"]),
    ]


async def _said(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=20)
    return {name: str(value) for name, value in form.items()}
