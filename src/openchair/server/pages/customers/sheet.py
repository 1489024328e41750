"""One customer on one sheet: what must never be done, what to do next and why, what is known; and saying more of it."""

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from starlette.responses import Response

from openchair.chair.views import Decision, Dossier, RuledOut
from openchair.core.errors import BadInput
from openchair.dossier.attention import WISHES
from openchair.dossier.consent import SLOTS
from openchair.dossier.rules import ALLERGENS, DIETS, TERMS
from openchair.dossier.standing import Consent
from openchair.dossier.traits import Trait
from openchair.server.door.gate import address_of
from openchair.server.pages.drawing.bars import scale_of
from openchair.server.pages.page import Form, Page, Visit

SHOWN_AT_FIRST = 12
WAIT = "wait"
"""The action that is none."""
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


def _sheet(at: Visit) -> Response:
    """By customer id or anything they are known by."""
    chair = at.chair
    dossier = chair.people.dossier(at.key("who"), by=at.by, timeline=True)
    customer_id = dossier.customer.customer_id
    best = next_best(dossier)
    channels, answers, others = by_purpose(dossier.consents)
    form = at.form.path if at.form else ""
    return at.draw(
        "customer.html", dossier=dossier, customer=dossier.customer, best=best, terms=TERMS_OF_THE_FORMULA,
        waits=best is not None and best.action == WAIT, groups=grouped(dossier.traits),
        ruled_out=by_reason(best.ruled_out) if best else [],
        earlier=[decision for decision in dossier.decisions if decision is not best],
        allergies=ALLERGIES.get(dossier.food_safety), channels=channels, answers=answers, others=others,
        purposes=[purpose for purpose, _ in answers], slots=SLOTS, vocabulary=VOCABULARY, wishes=WISHES,
        languages=LANGUAGES, merges=chair.merging.merges(customer=customer_id, limit=20)[0],
        links=[link for link in chair.seats.links(customer_id) if link.revoked_at is None],
        typed={form: at.typed} if at.problem else {}, timeline=dossier.timeline[:SHOWN_AT_FIRST],
        rest=dossier.timeline[SHOWN_AT_FIRST:], scale=scale_of([dossier.worth]), simulated=dossier.simulated,
        erase_word=ERASE,
    )  # fmt: skip


def _export(at: Visit) -> Response:
    copy = at.chair.privacy.copy(at.key("who"), by=at.owner)
    return Response(
        msgspec.json.format(msgspec.json.encode(copy), indent=2),
        media_type="application/json",
        headers={"content-disposition": 'attachment; filename="customer.json"', "cache-control": "no-store"},
    )


def _agree(at: Visit, who: str) -> None:
    purpose, _, channel = at.said("slot").partition(":")
    at.chair.people.agree(who, purpose, channel or "any", at.said("answer"), by=at.by, wording=at.said("wording"))


def _say(at: Visit, who: str) -> None:
    at.chair.people.say(who, at.said("name"), at.said("value"), by=at.by, why=at.said("why"))


def _seat(at: Visit, who: str) -> str:
    """A link to their own page, shown this once."""
    language = at.said("language") if "language" in at.given else "en"
    return address_of(at.request, at.house.settings) + at.chair.seats.link(who, by=at.by, language=language)


def _erase(at: Visit, who: str) -> None:
    by = at.owner
    if at.said("sure").strip().lower() != ERASE:
        bound = f"type the word {ERASE}"
        raise BadInput("erase", value=at.said("sure"), bound=bound, remedy="Nothing was erased.")
    at.chair.privacy.erase(who, by=by)


def _form(name: str, do: Callable[[Visit, str], object], to: str = "", *, shown: bool = False) -> Form:
    """A form about the customer whose page it is on."""
    return Form(name, lambda at: do(at, at.key("who")), to, shown)


FORMS = (
    _form("note", lambda at, who: at.chair.people.note(who, at.said("text"), by=at.by), "#notes"),
    _form("trait", _say, "#known"),
    _form("rule", lambda at, who: at.chair.people.forbid(who, at.said("term"), by=at.by), "#rules"),
    _form("lift", lambda at, who: at.chair.people.lift(who, at.said("term"), by=at.by, why=at.said("why")), "#rules"),
    _form("consent", _agree, "#consents"),
    _form(
        "attention",
        lambda at, who: at.chair.people.attend(who, by=at.by, **at.some("wish", "quiet", "timezone")),
        "#attention",
    ),
    _form("revoke", lambda at, who: at.chair.seats.revoke(at.said("seat"), by=at.by), "#seat"),
    _form("merge", lambda at, who: at.chair.merging.merge(who, at.said("other"), by=at.by, why=at.said("why")), "#ids"),
    _form("seat", _seat, shown=True),
    _form("erase", _erase, "/customers"),
)
"""What the forms of the page do, and the part of the page each leads back to."""

PAGES = (Page("/customers/{who}", _sheet, FORMS), Page("/customers/{who}/export.json", _export))
