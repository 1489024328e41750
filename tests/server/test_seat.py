"""The customer's own seat: who gets to it and who learns nothing, what is done from there, in every language."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Any, get_args, get_type_hints

import httpx
import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract
from starlette.requests import Request
from tests.mailbox import Mailbox
from tests.server.conftest import Shop, browsing

from openchair.chair.actor import OWNER_AT_HOME, Actor
from openchair.chair.chair import Chair
from openchair.chair.people.seating import CODE_TRIES, LANGUAGES, SeatRefused
from openchair.chair.ports import NotSent
from openchair.chair.views import Merge
from openchair.channels.mail import post
from openchair.core.errors import BadInput, NotAllowed, NotFound, Unsafe
from openchair.core.settings import settings_of
from openchair.decisions import explain
from openchair.dossier import consent, rules
from openchair.dossier.attention import WISHES
from openchair.facts.kinds import LINKS, Contact, Trait
from openchair.loyalty import actions
from openchair.server.app import create_app, state_of
from openchair.server.door.signin import TRIES
from openchair.server.pages.render import HERE
from openchair.server.seat import texts
from openchair.server.seat.acts import ACTS
from openchair.server.seat.routes import address_of
from openchair.server.seat.show import PARTS
from openchair.server.tongue import NAMES, catalogue

STAFF = Actor("bob@example.org", "staff")
Door = Callable[..., httpx.Client]


@pytest.fixture
def door(busy_shop: Shop) -> Iterator[Door]:
    """Opens the shop's door anew, so that no test meets another's wrong tries: a browser before it."""
    with ExitStack() as stack:

        def opened(chair: Chair = busy_shop.chair) -> httpx.Client:
            return stack.enter_context(browsing(create_app(chair, state_of(chair).access, chair.settings)))

        yield opened


@dataclass(frozen=True)
class Sitting:
    """A customer at their seat."""

    chair: Chair
    client: httpx.Client
    who: str

    def act(self, act: str, /, **fields: str) -> httpx.Response:
        """A form of the page."""
        return self.client.post(f"/seat/{act}", data=fields)

    def page(self) -> str:
        """What they see."""
        return self.client.get("/seat").text


_members = iter(range(1, 150))


@pytest.fixture
def sit(busy_shop: Shop, door: Door) -> Callable[..., Sitting]:
    """Seats a customer whom no other test knows."""

    def seated(language: str = "en") -> Sitting:
        who = busy_shop.chair.find(f"member-{next(_members)}")
        client = door()
        path = busy_shop.chair.seats.link(who, by=OWNER_AT_HOME, language=language)
        assert client.post(path).status_code == 303
        return Sitting(busy_shop.chair, client, who)

    return seated


# --- the link ---------------------------------------------------------------------------------------------------------


def test_a_link_is_used_up_by_the_button_and_not_by_looking(busy_shop: Shop, door: Door) -> None:
    """Programs that scan mail open every link; the customer's own click still works, and keeps the seat."""
    chair, path = busy_shop.chair, busy_shop.chair.seats.link("member-0", by=STAFF, language="en")
    scanner, customer, thief = door(), door(), door()
    for _ in range(3):
        assert "Take your seat" in scanner.get(path).text
    assert customer.get("/seat").status_code == 404
    opened = customer.post(path)
    assert (opened.status_code, opened.headers["location"]) == (303, "/seat")
    cookie = opened.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/seat"))
    assert "Welcome to your seat" in customer.get("/seat").text
    assert customer.get(path).headers["location"] == "/seat"
    assert thief.get(path).status_code == thief.post(path).status_code == 404
    (seat,) = chair.seats.links("member-0")
    assert (seat.created_by, seat.opened_at is not None) == ("bob@example.org", True)


def test_over_https_the_cookie_is_bound_to_the_host(busy_shop: Shop, door: Door) -> None:
    """`__Host-` and Secure where people come by https."""
    secure = replace(busy_shop.chair, settings=replace(busy_shop.chair.settings, public_url="https://shop.example"))
    opened = door(secure).post(secure.seats.link("member-0", by=STAFF))
    cookie = opened.headers["set-cookie"].lower()
    assert cookie.startswith("__host-openchair-seat=")
    assert "secure" in cookie
    assert "path=/;" in cookie


def test_whatever_is_wrong_with_a_link_the_answer_is_the_same(busy_shop: Shop, door: Door) -> None:
    """Forged, expired, revoked, opened before, closed by a merge, no link at all: one page; the log knows which."""
    chair, seats, who = busy_shop.chair, busy_shop.chair.seats, busy_shop.chair.find("member-0")
    good, revoked, old, opened = (seats.link(who, by=STAFF, days=days) for days in (30, 30, 1, 30))
    seats.revoke(seats.look(revoked.removeprefix("/seat/")).seat_id, by=OWNER_AT_HOME)
    seats.open(opened.removeprefix("/seat/"))
    later = replace(chair, clock=lambda: busy_shop.chair.clock() + timedelta(days=2))
    middle = len(good) // 2
    forged = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1 :]
    before = chair.privacy.audit(limit=1)[0][0].number
    bad = {"forged": forged, "revoked": revoked, "opened before": opened, "": "/seat", "nowhere": "/seat/a/b"}
    client = door()
    pages = {why: client.get(path) for why, path in bad.items()}
    pages |= {"expired": door(later).get(old), "posted": door().post(forged)}
    assert {page.status_code for page in pages.values()} == {404}
    assert len({page.text for page in pages.values()}) == 1
    assert who not in pages["revoked"].text
    lines = [line for line in chair.privacy.audit(limit=50)[0] if line.number > before and line.act == "seat refused"]
    assert [line.detail.partition(",")[0] for line in reversed(lines)] == [
        "forged", "revoked", "opened before", "expired", "forged",
    ]  # fmt: skip
    assert {line.customer_id for line in lines if not line.detail.startswith("forged")} == {who}
    assert all("127.0.0.1" in line.detail for line in lines)
    assert "Take your seat" in door().get(good).text


def test_a_forged_link_is_not_even_looked_up(busy_shop: Shop) -> None:
    """Any letter changed breaks the seal, whatever the state holds."""
    seats, token = busy_shop.chair.seats, busy_shop.chair.seats.link("member-0", by=STAFF).removeprefix("/seat/")
    assert seats.look(token)
    wrong = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token))]
    for forged in [*wrong, token[:-4], token * 2, "", "é", "a" * 5000]:
        with pytest.raises(SeatRefused) as refused:
            seats.look(forged)
        assert refused.value.why == "forged"
        assert str(refused.value) == str(SeatRefused("expired"))


def test_whoever_tries_too_often_waits(busy_shop: Shop, sit: Callable[..., Sitting]) -> None:
    """One address gets so many tries a minute, and fills no log; who has a seat there is not disturbed."""
    sitting = sit()
    first = busy_shop.chair.privacy.audit(limit=1)[0][0].number
    with httpx.Client(base_url=sitting.client.base_url) as stranger:
        answers = [stranger.get(f"/seat/guess-{n}") for n in range(TRIES + 3)]
    assert [answer.status_code for answer in answers] == [404] * TRIES + [429] * 3
    assert answers[-1].headers["retry-after"] == "60"
    lines = [line for line in busy_shop.chair.privacy.audit(limit=50)[0] if line.number > first]
    assert len([line for line in lines if line.act == "seat refused"]) == TRIES
    assert "Welcome" in sitting.page()


def test_a_closed_seat_is_closed_for_the_browser_that_holds_it(sit: Callable[..., Sitting]) -> None:
    """By the team, or by the customer on a device that is not theirs."""
    by_team, by_customer = sit(), sit()
    (seat,) = by_team.chair.seats.links(by_team.who)
    by_team.chair.seats.revoke(seat.seat_id, by=STAFF)
    assert by_team.client.get("/seat").status_code == 404
    assert "closed" in by_customer.act("leave").text
    assert by_customer.client.get("/seat").status_code == 404


def test_a_link_does_not_outlive_a_merge(busy_shop: Shop, sit: Callable[..., Sitting]) -> None:
    """Whoever holds it may be either of the two: a new link shows what is now known to be one person's."""
    left, right = sorted((sit(), sit()), key=lambda sitting: sitting.who)
    chair, now = busy_shop.chair, busy_shop.chair.clock
    merge = Merge("m", left.who, right.who, "person", "same kitchen", None, (), "merged", now(), now(), "bob")
    chair.state.put_merges([merge])
    assert left.client.get("/seat").status_code == right.client.get("/seat").status_code == 404
    token = chair.seats.link(right.who, by=STAFF).removeprefix("/seat/")
    assert chair.seats.look(token).customer_id == left.who
    chair.state.put_merges([replace(merge, status="apart", decided_at=now())])
    with pytest.raises(SeatRefused):
        chair.seats.look(token)


def test_a_link_is_asked_for_in_bounds(busy_shop: Shop) -> None:
    """Unknown people, languages and spans are refused with what is allowed."""
    seats = busy_shop.chair.seats
    with pytest.raises(NotFound):
        seats.link("nobody at all", by=STAFF)
    for wrong in ({"language": "xx"}, {"days": 0}, {"days": 366}):
        with pytest.raises(BadInput):
            seats.link("member-0", by=STAFF, **wrong)
    with pytest.raises(NotFound):
        seats.revoke("0" * 16, by=STAFF)
    with pytest.raises(SeatRefused):
        seats.seat_of("no.session")


# --- the code ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_code(busy_shop: Shop, mailbox: tuple[Mailbox, str]) -> Chair:
    """The shop with codes by e-mail; member-0 has one."""
    settings = replace(busy_shop.chair.settings, seat_code=True, smtp=mailbox[1])
    chair = replace(busy_shop.chair, settings=settings)
    chair.people.say("member-0", "email", "nadia@example.org", by=STAFF)
    return chair


def digits_of(box: Mailbox) -> str:
    return re.findall(r"\b\d{6}\b", str(box.letters[-1].get_content()))[0]


def test_a_code_by_mail_stands_before_the_seat(with_code: Chair, mailbox: tuple[Mailbox, str], door: Door) -> None:
    """Whoever has the link alone sees nothing and changes nothing; the digits sent to the customer open it."""
    client, box = door(with_code), mailbox[0]
    assert client.post(with_code.seats.link("member-0", by=STAFF, language="en")).status_code == 303
    assert box.letters[-1]["To"] == "nadia@example.org"
    asked = client.get("/seat").text
    assert "Is it you?" in asked
    assert "What we know" not in asked
    assert "nadia" not in asked
    assert "Is it you?" in client.post("/seat/forbid", data={"term": "peanuts"}).text
    assert "no peanuts" not in str(with_code.people.dossier("member-0", by=STAFF).hard_rules)
    assert "Is it you?" in client.get("/seat/data.json").text
    assert client.post("/seat/code/again").status_code == 429
    right = digits_of(box)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert client.post("/seat/code", data={"digits": wrong}).status_code == 400
    assert client.post("/seat/code", data={"digits": f"{right[:3]} {right[3:]}"}).headers["location"] == "/seat"
    assert "Welcome" in client.get("/seat").text


def test_five_wrong_codes_close_the_seat(with_code: Chair, mailbox: tuple[Mailbox, str], door: Door) -> None:
    """Also over several codes, and the right one then opens nothing."""
    client = door(with_code)
    client.post(with_code.seats.link("member-0", by=STAFF))
    right = digits_of(mailbox[0])
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    answers = [client.post("/seat/code", data={"digits": wrong}).status_code for _ in range(CODE_TRIES)]
    assert answers == [400] * (CODE_TRIES - 1) + [404]
    assert client.post("/seat/code", data={"digits": right}).status_code == 404


def test_a_code_grows_old(with_code: Chair) -> None:
    """After ten minutes it is worth nothing, and another may be sent."""
    session = with_code.seats.open(with_code.seats.link("member-0", by=STAFF).removeprefix("/seat/"))
    to, digits = with_code.seats.new_code(session)
    assert to == "nadia@example.org"
    with pytest.raises(NotAllowed):
        with_code.seats.new_code(session)
    later = replace(with_code, clock=lambda: with_code.clock() + timedelta(minutes=11))
    assert not later.seats.enter(session, digits)
    assert later.seats.seat_of(session).code_hash is not None
    assert later.seats.enter(session, later.seats.new_code(session)[1])
    assert later.seats.seat_of(session).code_hash is None


def test_codes_need_mail(with_code: Chair, tmp_path: Path) -> None:
    """Without a mail server the setting is refused; without an e-mail address the link; failing mail says so."""
    with pytest.raises(Unsafe, match="no seat would ever open"):
        settings_of(tmp_path, {"seat_code": "true"}, {})
    with pytest.raises(BadInput, match="no e-mail"):
        with_code.seats.link("member-149", by=STAFF)
    with pytest.raises(NotSent):
        post("smtp://127.0.0.1:1", "Snack shop")("a@example.org", "Hello", "Hello")


def test_mail_goes_out_as_written(mailbox: tuple[Mailbox, str]) -> None:
    """In any letters, in the shop's name; a line break in a subject is no way to add a header."""
    box, url = mailbox
    post(url, 'The "Best" Shop')("a@example.org", "Your digits", "چھ ہندسے: 123456\n")
    letter = box.letters[-1]
    assert (letter["To"], letter["From"]) == ("a@example.org", "The Best Shop <no-reply@127.0.0.1>")
    assert letter.get_content().rstrip() == "چھ ہندسے: 123456"
    with pytest.raises(NotSent):
        post(url, "Shop")("a@example.org", "Hi\nBcc: b@example.org", "x")


# --- what is done from it ---------------------------------------------------------------------------------------------


def _rules(of: Sitting) -> set[str]:
    return {rule.term for rule in of.chair.people.dossier(of.who, by=STAFF).hard_rules}


def _trait(of: Sitting, name: str) -> tuple[str, str] | None:
    found = {t.name: (t.value, t.said_by) for t in of.chair.people.dossier(of.who, by=STAFF).traits}
    return found.get(name)


def test_hard_rules_hold_as_soon_as_they_are_set(sit: Callable[..., Sitting]) -> None:
    """Added, lifted, and "no allergies", each by the customer's own word."""
    sitting = sit()
    assert "We do not know whether you have allergies" in sitting.page()
    assert sitting.act("forbid", term="peanuts").headers["location"] == "/seat?done=rules#rules"
    sitting.act("forbid", term="no calls")
    assert _rules(sitting) == {"peanuts", "no calls"}
    assert sitting.chair.state.customer(sitting.who)["food_safety"] == "declared"
    assert "No peanuts" in sitting.page()
    sitting.act("lift", term="peanuts")
    assert _rules(sitting) == {"no calls"}
    sitting.act("well")
    assert sitting.chair.people.dossier(sitting.who, by=STAFF).food_safety == "none"
    assert sitting.act("forbid", term="everything").status_code == 400


def test_their_word_goes_before_ours(sit: Callable[..., Sitting]) -> None:
    """A trait corrected, then taken back; empty is no correction."""
    sitting = sit()
    sitting.chair.people.say(sitting.who, "city", "Lahore", by=STAFF)
    assert "Lahore" in sitting.page()
    sitting.act("say", name="city", value="Karachi")
    assert _trait(sitting, "city") == ("Karachi", "customer")
    assert sitting.act("say", name="city", value=" ").status_code == 400
    sitting.act("unsay", name="city")
    assert _trait(sitting, "city") is None
    sitting.act("say", name="hobby", value="<b>کرکٹ</b>")
    assert "&lt;b&gt;کرکٹ" in sitting.page()


@pytest.mark.parametrize("name", [*LINKS, "Email", " user-id ", "note"])
def test_nobody_becomes_somebody_else(name: str, sit: Callable[..., Sitting]) -> None:
    """An identifier said at a seat would tie it to whoever has that identifier: the team must change it."""
    sitting = sit()
    assert sitting.act("say", name=name, value="victim@example.org").status_code == 403
    assert sitting.act("unsay", name=name).status_code == 403
    assert sitting.chair.state.said("traits", sitting.who) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_consent_keeps_the_words_it_was_given_to(language: str, sit: Callable[..., Sitting]) -> None:
    """In the language in which they were read; and a no takes effect like a yes."""
    sitting = sit(language)
    slot = ("marketing", "e-mail")
    for answer in ("yes", "no"):
        sitting.act("agree", answer=f"marketing/e-mail/{answer}", language=language)
        dossier = sitting.chair.people.dossier(sitting.who, by=STAFF)
        said = next(c for c in dossier.consents if (c.purpose, c.channel) == slot)
        words = catalogue(language).get(texts.WORDINGS[slot], texts.WORDINGS[slot])
        assert (said.answer, said.said_by, said.wording, said.language) == (answer, "customer", words, language)
        bit = consent.yes(*slot) if answer == "yes" else consent.no(*slot)
        assert sitting.chair.state.customer(sitting.who)["consents"] & bit
    assert sitting.act("agree", answer="marketing/pigeon/yes", language=language).status_code == 400


def test_how_often_and_when(sit: Callable[..., Sitting]) -> None:
    """Wish, quiet hours and clock hold at once; named no hours, the shop's hold again."""
    sitting = sit()
    fields = {"wish": "important", "from": "20", "until": "9", "timezone": "Asia/Karachi"}
    sitting.act("attend", **fields)
    now = sitting.chair.people.dossier(sitting.who, by=STAFF).attention
    assert (now.wish, now.quiet, now.timezone) == ("important", "20-9", "Asia/Karachi")
    assert re.search(r'value="important"\s+checked', sitting.page())
    sitting.act("attend", **fields | {"from": "", "wish": "less"})
    now = sitting.chair.people.dossier(sitting.who, by=STAFF).attention
    assert now.wish == "less"
    assert now.quiet != "20-9"
    assert sitting.act("attend", **fields | {"timezone": "Mars/North"}).status_code == 400


def _proposed(chair: Chair) -> Any:
    """A decision to do something that nobody has answered yet."""
    return next(d for d in chair.decisions(limit=50)[0] if d.status == "proposed")


def test_a_decision_is_told_stopped_and_looked_at(busy_shop: Shop, door: Door) -> None:
    """With its reasons; a veto is what came of it; the question waits for a person of the team."""
    chair, decision = busy_shop.chair, _proposed(busy_shop.chair)
    client = door()
    client.post(chair.seats.link(decision.customer_id, by=STAFF, language="en"))
    sitting = Sitting(chair, client, decision.customer_id)
    (known,) = [one for one in actions.default() if one.id == decision.action]
    assert known.texts["en"].title in sitting.page().replace("&#39;", "'")
    assert "Please do not do this" in sitting.page()
    assert re.search(r"You usually order every \d+ days|Orders from you so far: \d+", sitting.page())
    sitting.act("review", decision=decision.decision_id, text="Why me?")
    (asked,) = [r for r in chair.state.reviews(kind="decision")[0] if r.subject == decision.decision_id]
    assert (asked.text, asked.opened_by) == ("Why me?", "the customer")
    sitting.act("veto", decision=decision.decision_id)
    assert chair.decision(decision.decision_id).status == "vetoed"
    assert "You stopped this." in sitting.page()
    assert "Please do not do this" not in client.get("/seat/decisions").text
    said = chair.state.said("contacts", decision.customer_id)
    assert [(row["status"], row["decision_id"]) for row in said] == [("vetoed", decision.decision_id)]


def test_nobody_answers_for_another(busy_shop: Shop, sit: Callable[..., Sitting]) -> None:
    """A decision about someone else is not there."""
    other, sitting = _proposed(busy_shop.chair), sit()
    if other.customer_id == sitting.who:
        sitting = sit()
    for act in ("veto", "review"):
        assert sitting.act(act, decision=other.decision_id).status_code == 404
    assert busy_shop.chair.decision(other.decision_id).status == "proposed"


def test_everything_can_be_taken_along(sit: Callable[..., Sitting]) -> None:
    """As JSON for a program, as a page to read; both hold what was said and bought."""
    sitting = sit()
    sitting.act("say", name="favourite_food", value="انجیر")
    answer = sitting.client.get("/seat/data.json")
    assert "attachment" in answer.headers["content-disposition"]
    everything = answer.json()
    assert everything["facts"]["purchases"][0]["item_name"] == "Chilli mango"
    assert "انجیر" in answer.text
    page = sitting.client.get("/seat/data")
    assert page.status_code == 200
    assert "Chilli mango" in page.text
    assert "انجیر" in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_erasing_takes_the_word_for_it(language: str, busy_shop: Shop, sit: Callable[..., Sitting]) -> None:
    """Typed wrong nothing happens; typed right they are gone, and so is the seat."""
    sitting = sit(language)
    assert sitting.act("erase", typed="perhaps").status_code == 400
    assert busy_shop.chair.state.find(sitting.who) == sitting.who
    gone = sitting.act("erase", typed=f" {catalogue(language).get('erase', 'erase')} ")
    assert gone.status_code == 200
    assert catalogue(language).get("Goodbye, and thank you", "Goodbye, and thank you") in gone.text
    assert busy_shop.chair.state.find(sitting.who) is None
    assert sitting.client.get("/seat").status_code == 404


def test_another_site_cannot_act_for_them(sit: Callable[..., Sitting]) -> None:
    """The cookie alone is not enough: a form must come from the seat itself."""
    sitting = sit()
    stranger = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    forged = sitting.client.post("/seat/forbid", data={"term": "peanuts"}, headers=stranger)
    assert forged.status_code == 403
    assert _rules(sitting) == set()


def test_the_seat_opens_nothing_but_itself(sit: Callable[..., Sitting]) -> None:
    """A customer at their seat is no member of the team."""
    client = sit().client
    assert client.get("/customers").status_code == 303
    assert client.get("/api/v1/customers").status_code == 401


def test_every_act_is_of_a_part_that_answers() -> None:
    """An act leads back to a part of the page, which says that it was done."""
    assert len(ACTS) >= 9
    assert {act.part for act in ACTS.values()} <= set(PARTS) & set(texts.DONE)


# --- languages --------------------------------------------------------------------------------------------------------

TEMPLATES = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true"}


def spoken() -> set[str]:
    """Every text that the seat says, from its templates, its code and its tables."""
    sources = [(babel_extract, path, TEMPLATES) for path in (HERE / "templates" / "seat").glob("*.html")]
    sources += [("python", path, {}) for path in (HERE / "seat").glob("*.py")]
    found = set()
    for method, path, options in sources:
        with path.open("rb") as opened:
            messages = extract(method, opened, {"_": (1,), "plain": (1,), "tongue": (1,)}, options=options)
            found |= {text if isinstance(text, str) else text[0] for _, text, _, _ in messages}
    tables = {text for table in texts.TABLES for text in table.values()}
    return found | tables | set(texts.VOCABULARY) | set(PARTS.values()) | set(explain.TOLD.values())


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_text_is_translated(language: str) -> None:
    """None is missing, none is left over, and each has its parameters."""
    with (HERE / "locale" / language / "seat.po").open("rb") as opened:
        catalogue_ = {str(m.id): str(m.string) for m in read_po(opened, locale=language) if m.id}
    said = spoken()
    assert len(said) > 200
    assert sorted(said - set(catalogue_)) == []
    assert sorted(set(catalogue_) - said) == []

    def named(text: str) -> set[str]:
        return {field for _, field, _, _ in Formatter().parse(text) if field}

    assert [text for text, there in catalogue_.items() if not there.strip() or named(text) != named(there)] == []


def test_everything_that_can_be_shown_has_words() -> None:
    """Each rule, purpose, channel, wish, speaker, status and action of the house."""
    assert set(texts.TERMS) == set(rules.TERMS)
    offered = {term for terms in texts.VOCABULARY.values() for term in terms}
    assert set(rules.TERMS) - offered == {"other allergy", "other diet", "other rule", "under age"}
    assert set(texts.WORDINGS) == set(consent.SLOTS)
    assert set(texts.PURPOSES) == {purpose for purpose, _ in consent.SLOTS}
    assert set(texts.WISHES) == set(WISHES)
    assert set(texts.SPEAKERS) == set(get_args(get_type_hints(Trait)["said_by"]))
    assert set(texts.STATUSES) == {"proposed", *get_args(get_type_hints(Contact)["status"])}
    assert all(set(action.texts) == set(LANGUAGES) for action in actions.default())
    assert set(texts.TELL_US) <= set(texts.TRAITS)
    assert set(NAMES) == set(LANGUAGES)


def test_the_language_is_theirs_to_change(sit: Callable[..., Sitting]) -> None:
    """The page turns with it, and stays so."""
    sitting = sit("en")
    sitting.act("language", language="ur")
    assert '<html lang="ur" dir="rtl">' in sitting.page()
    sitting.act("language", language="tlh")
    assert '<html lang="ur" dir="rtl">' in sitting.page()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_light(language: str, sit: Callable[..., Sitting]) -> None:
    """Under 60 KB with its style, without a script, in every language; nothing comes from elsewhere."""
    sitting = sit(language)
    for name in texts.TELL_US:
        sitting.act("say", name=name.replace(" ", "_"), value="something of some length")
    page, sheet = sitting.client.get("/seat").content, (HERE / "static" / "seat.css").read_bytes()
    assert len(page) + len(sheet) < 60_000
    assert b"<script" not in page
    assert not re.findall(rb'(?:src|href)="(?:https?:)?//', page)


def test_the_sheet_has_the_house_colours_and_names_no_side() -> None:
    """One taste: the colours of openchair.css, whose contrast is tested; right-to-left is the same sheet."""
    house, seat = ((HERE / "static" / name).read_text() for name in ("openchair.css", "seat.css"))
    tokens = [re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", sheet.partition("@media print")[0]) for sheet in (house, seat)]
    assert tokens[0] == tokens[1] != []
    assert not re.findall(r"[\w-]*(?:left|right|(?<!-)\bwidth|(?<!-)\bheight)\s*:(?!\s*\d+px\))", seat)
    assert "url(" not in seat


@pytest.mark.parametrize(
    ("client", "forwarded", "proxied", "where"),
    [
        ("203.0.113.7", "", False, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", False, "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", True, "203.0.113.9"),
        ("10.0.0.1", "", True, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", False, "2001:db8:1:2"),
    ],
)
def test_tries_are_counted_by_address(client: str, forwarded: str, proxied: bool, where: str) -> None:
    """What a stranger writes into a header counts only where our own proxy wrote it last; a network is one address."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "headers": headers, "client": (client, 1), "path": "/", "method": "GET"})
    assert address_of(request, proxied) == where
