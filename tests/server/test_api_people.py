"""The API of dossiers, rules, consents, merges, seats, privacy and audit: what it records binds, and who may do it."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.server.conftest import OWNER, Shop
from tests.server.test_api import DOCS, get, post, true_to
from tests.server.test_ingest import problem

from openchair.chair.actor import CUSTOMER
from openchair.chair.lease import HEAVY, held
from openchair.chair.views import Audited, Clearance, Merge, Review
from openchair.server.api.customers.people import Link
from openchair.server.api.frame import Page
from openchair.store.sql.team.access import SCOPES

BAR = {"id": "bar", "contents": {"edible": True, "allergens": ["milk"]}, "channel": "parcel"}
FIGS = {"id": "figs", "contents": {"edible": True, "allergens": []}, "channel": "parcel"}


def dossier(shop: Shop, who: str) -> Any:
    """The dossier as a program reads it."""
    return get(shop, f"/customers/{who}", "dossiers")


def signed_in(shop: Shop, role: str) -> httpx.Client:
    """A client in which a person of this role is signed in."""
    client = httpx.Client(base_url=shop.client.base_url, headers=shop.client.headers, timeout=60)
    email, password = f"{role}@example.org", OWNER[1]
    form = {"email": email, "password": password}
    assert client.post(f"/welcome/{shop.access.invite(role, email)}", data=form).status_code == 303
    return client


@pytest.fixture(scope="module")
def people(busy_shop: Shop) -> Iterator[dict[str, httpx.Client]]:
    """An owner and one of the staff, signed in."""
    clients = {role: signed_in(busy_shop, role) for role in ("owner", "staff")}
    yield clients
    for client in clients.values():
        client.close()


def routes() -> list[tuple[str, str, str]]:
    """Method, path and scope of each route that docs/api.md names."""
    rows = re.findall(r"^\| `(\w+) (\S+)` \| (\w+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    return [(method, re.sub(r"\{\w+\}", "x", path), scope) for method, path, scope in rows]


@pytest.mark.slow
def test_each_part_has_the_scope_that_its_page_says(shop: Shop) -> None:
    """A key opens the routes of its own scope, and of no other: for each route and each scope there is."""
    # Nothing long may begin: whoever is let in is told that something is at work, or that the body says nothing.
    with held(shop.chair.state, HEAVY, shop.chair.clock):
        opened = {
            (method, path, scope)
            for method, path, _ in routes()
            for scope in SCOPES
            if shop.client.request(
                method, f"/api/v1{path}", json={} if method == "POST" else None, headers=shop.bearer(scope)
            ).status_code
            != 403
        }
    assert opened == set(routes())
    assert {scope for *_, scope in routes()} == set(SCOPES) - {"ingest"}


def test_staff_may_all_but_what_is_the_owner_s(shop: Shop) -> None:
    """Of those who sign in only owners export, erase and read the audit log; nobody ingests by session."""
    with closing(signed_in(shop, "staff")) as staff, closing(signed_in(shop, "owner")) as owner:
        for method, path, scope in routes():
            if method == "GET":
                assert (staff.get(f"/api/v1{path}").status_code == 403) == (scope in ("privacy", "audit"))
                assert owner.get(f"/api/v1{path}").status_code != 403
        assert staff.delete("/api/v1/customers/x").status_code == 403


def test_a_rule_binds_as_soon_as_it_is_answered(busy_shop: Shop) -> None:
    """On the dossier with whose word it is, before the guard, and in the next decision."""
    assert post(busy_shop, "/customers/member-2/rules", {"term": "milk"}, "rules").status_code == 204
    (rule,) = dossier(busy_shop, "member-2")["hard_rules"]
    assert (rule["term"], rule["said_by"], rule["by"]) == ("milk", "staff", "key rules key")
    ask = {"customer": "member-2", "way": "box", "things": [BAR, FIGS]}
    said = post(busy_shop, "/guard", ask, "rules").json()
    true_to(list[Clearance], said)
    assert [one["verdict"] for one in said] == ["never", "clear"]
    assert "milk" in said[0]["reason"]
    unknown = problem(post(busy_shop, "/guard", ask | {"way": "carrier pigeon"}, "rules"), 400, "bad_input")
    assert "carrier pigeon" in unknown["message"]
    problem(post(busy_shop, "/customers/member-2/rules", {"term": "figs"}, "rules"), 400, "bad_input")


def test_what_nobody_declared_is_not_safe(busy_shop: Shop) -> None:
    """A thing without contents, for someone whose allergies nobody knows: never."""
    ask = {"customer": "member-3", "way": "box", "things": [{"id": "surprise"}]}
    assert post(busy_shop, "/guard", ask, "rules").json()[0]["verdict"] == "never"


def test_only_an_owner_with_a_reason_lifts_a_rule(busy_shop: Shop, people: dict[str, httpx.Client]) -> None:
    """A key may not, staff may not, an owner without a reason may not."""
    path, lift = "/customers/member-4/rules", {"term": "peanuts", "lift": True}
    assert post(busy_shop, path, {"term": "peanuts"}, "rules").status_code == 204
    problem(post(busy_shop, path, {**lift, "why": "a guess"}, "rules"), 403, "not_allowed")
    problem(people["staff"].post(f"/api/v1{path}", json={**lift, "why": "a guess"}), 403, "not_allowed")
    problem(people["owner"].post(f"/api/v1{path}", json=lift), 403, "not_allowed")
    assert [rule["term"] for rule in dossier(busy_shop, "member-4")["hard_rules"]] == ["peanuts"]
    assert people["owner"].post(f"/api/v1{path}", json={**lift, "why": "they told me"}).status_code == 204
    assert dossier(busy_shop, "member-4")["hard_rules"] == []


def test_traits_and_notes_keep_whose_word_they_are(busy_shop: Shop) -> None:
    """Said once for an Idempotency-Key; taken back by an empty value; a note has author and time."""
    path, key = "/customers/member-5", {"Idempotency-Key": "note-1"}
    assert post(busy_shop, f"{path}/traits", {"name": "favourite_team", "value": "Qalandars"}, "dossiers").is_success
    for _ in range(2):
        assert post(busy_shop, f"{path}/notes", {"text": "Ask about the dog"}, "dossiers", **key).status_code == 204
    found = dossier(busy_shop, "member-5")
    (note,), (trait,) = found["notes"], [one for one in found["traits"] if one["name"] == "favourite_team"]
    assert (note["text"], note["author"]) == ("Ask about the dog", "key dossiers key")
    assert (trait["value"], trait["said_by"], trait["by"], trait["group"]) == (
        "Qalandars",
        "staff",
        note["author"],
        "likes",
    )
    assert post(busy_shop, f"{path}/traits", {"name": "favourite_team", "value": ""}, "dossiers").is_success
    assert not [one for one in dossier(busy_shop, "member-5")["traits"] if one["name"] == "favourite_team"]


def test_consents_have_words_and_are_counted(busy_shop: Shop) -> None:
    """A yes with the words it was given to; attention with quiet hours; both on the dossier at once."""
    path = "/customers/member-6"
    agreed = {"purpose": "marketing", "channel": "e-mail", "answer": "yes", "wording": "We may write", "language": "en"}
    before = get(busy_shop, "/consents", "consents")["counts"]
    assert post(busy_shop, f"{path}/consents", agreed, "consents").status_code == 204
    wish = {"wish": "less", "quiet": "21-8", "timezone": "Asia/Karachi"}
    assert post(busy_shop, f"{path}/attention", wish, "consents").status_code == 204
    found = dossier(busy_shop, "member-6")
    (said,) = [one for one in found["consents"] if one["answer"] == "yes"]
    assert {**said, **agreed} == said
    assert found["attention"]["wish"] == "less"
    assert found["attention"]["quiet"] == "21-8"
    everyone = get(busy_shop, "/consents", "consents")
    grown = [(now["yes"] - then["yes"]) for now, then in zip(everyone["counts"], before, strict=True)]
    assert sorted(grown) == [0] * (len(grown) - 1) + [1]
    assert everyone["recent"][0]["value"] == "yes"
    for wrong in (agreed | {"channel": "pigeon"}, agreed | {"answer": "maybe"}):
        problem(post(busy_shop, f"{path}/consents", wrong, "consents"), 400, "bad_input")
    problem(post(busy_shop, f"{path}/attention", {"quiet": "night"}, "consents"), 400, "bad_input")


def test_a_merge_is_taken_back_exactly(busy_shop: Shop) -> None:
    """Two records become one, with the rules of both; apart again each is what it was."""
    assert post(busy_shop, "/customers/member-11/rules", {"term": "no calls"}, "rules").status_code == 204
    before = [dossier(busy_shop, who) for who in ("member-10", "member-11")]
    made = post(busy_shop, "/merges", {"left": "member-10", "right": "member-11", "why": "same house"}, "merges")
    assert made.status_code == 201, made.text
    true_to(Merge, made.json())
    together = dossier(busy_shop, "member-10")
    assert together["identifiers"] == dossier(busy_shop, "member-11")["identifiers"] == ["id:member-10", "id:member-11"]
    assert [rule["term"] for rule in together["hard_rules"]] == ["no calls"]
    listed = get(busy_shop, "/merges", "merges", status="merged", customer="member-11")
    true_to(Page[Merge], listed)
    assert [one["merge_id"] for one in listed["data"]] == [made.json()["merge_id"]]
    undone = post(busy_shop, f"/merges/{made.json()['merge_id']}/unmerge", {"why": "two sisters"}, "merges")
    assert [one["status"] for one in undone.json()] == ["apart"], undone.text
    assert [dossier(busy_shop, who) for who in ("member-10", "member-11")] == before
    itself = {"left": "member-12", "right": "id:member-12"}
    assert "is one customer" in problem(post(busy_shop, "/merges", itself, "merges"), 400, "bad_input")["message"]


def test_a_review_is_answered_once(busy_shop: Shop) -> None:
    """A customer asks a person to look; the answer is kept with who gave it; a second one is refused."""
    chosen = get(busy_shop, "/decisions", limit=1)["data"][0]
    busy_shop.chair.people.ask_review(chosen["customer_id"], chosen["decision_id"], by=CUSTOMER, text="Why me?")
    listed = get(busy_shop, "/reviews", "merges", kind="decision")
    true_to(Page[Review], listed)
    (review,) = listed["data"]
    assert (review["text"], review["subject"]) == ("Why me?", chosen["decision_id"])
    path = f"/reviews/{review['review_id']}"
    problem(post(busy_shop, path, {"verdict": "eaten"}, "merges"), 400, "bad_input")
    settled = post(busy_shop, path, {"verdict": "upheld", "why": "called them"}, "merges").json()
    assert (settled["verdict"], settled["decided_by"]) == ("upheld", "key merges key")
    problem(post(busy_shop, path, {"verdict": "changed"}, "merges"), 409, "conflict")
    assert get(busy_shop, "/reviews", "merges", kind="decision")["data"] == []


def test_a_seat_s_link_is_told_once_and_can_be_taken_back(busy_shop: Shop) -> None:
    """The list holds nothing that opens it; another customer's path takes nothing back."""
    made = post(busy_shop, "/customers/member-13/seats", {"language": "ur", "days": 3}, "seats")
    assert made.status_code == 201, made.text
    assert made.json()["link"].startswith(f"{str(busy_shop.client.base_url).rstrip('/')}/seat/")
    listed = get(busy_shop, "/customers/member-13/seats", "seats")
    true_to(list[Link], listed)
    (link,) = listed
    assert link["language"] == "ur"
    wrong = f"/api/v1/customers/member-14/seats/{link['seat_id']}"
    problem(busy_shop.client.delete(wrong, headers=busy_shop.bearer("seats")), 404, "not_found")
    right = wrong.replace("member-14", "member-13")
    assert busy_shop.client.delete(right, headers=busy_shop.bearer("seats")).status_code == 204
    assert get(busy_shop, "/customers/member-13/seats", "seats")[0]["revoked_at"]
    assert busy_shop.client.get(made.json()["link"]).status_code == 404


@pytest.mark.slow
def test_everything_of_one_customer_is_given_and_erased(busy_shop: Shop) -> None:
    """A key that may: export has their facts, afterwards nobody is there, and the log says who did it, not to whom."""
    copy = get(busy_shop, "/customers/member-20/export", "privacy")
    assert copy["dossier"]["identifiers"] == ["id:member-20"]
    assert len(copy["facts"]["purchases"]) == copy["dossier"]["customer"]["orders"]
    path = "/api/v1/customers/member-20"
    gone = busy_shop.client.delete(path, headers=busy_shop.bearer("privacy"))
    assert gone.status_code == 200, gone.text
    assert gone.json() == {"purchases": len(copy["facts"]["purchases"])}
    problem(busy_shop.client.get(path, headers=busy_shop.bearer("dossiers")), 404, "not_found")
    line = get(busy_shop, "/audit", "audit")["data"][0]
    assert (line["who"], line["act"], line["customer_id"]) == ("key privacy key", "erased", None)


def test_every_reading_is_in_the_audit_log(busy_shop: Shop, people: dict[str, httpx.Client]) -> None:
    """Whose dossier was read, by which key or person; filtered by either; page by page."""
    found = dossier(busy_shop, "member-30")
    assert people["staff"].get("/api/v1/customers/member-30").status_code == 200
    lines = get(busy_shop, "/audit", "audit", customer="member-30")
    true_to(Page[Audited], lines)
    assert [line["who"] for line in lines["data"]] == ["staff@example.org", "key dossiers key"]
    assert {line["customer_id"] for line in lines["data"]} == {found["customer"]["customer_id"]}
    first = get(busy_shop, "/audit", "audit", customer="member-30", limit=1)
    assert first["has_more"]
    rest = get(busy_shop, "/audit", "audit", customer="member-30", starting_after=first["data"][0]["number"])
    assert rest["data"] == lines["data"][1:]
    assert len(get(busy_shop, "/audit", "audit", customer="member-30", who="staff@example.org")["data"]) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/customers/nobody/traits", {"name": "a", "value": "b"}),
        ("/customers/nobody/notes", {"text": "b"}),
        ("/customers/nobody/rules", {"term": "milk"}),
        ("/guard", {"customer": "nobody", "way": "box", "things": [BAR]}),
        ("/customers/nobody/consents", {"purpose": "marketing", "channel": "e-mail", "answer": "no"}),
        ("/customers/nobody/attention", {"wish": "less"}),
        ("/customers/nobody/seats", {}),
        ("/merges", {"left": "nobody", "right": "member-1"}),
        ("/merges/nothing/unmerge", {}),
        ("/merges/nothing/apart", {}),
        ("/reviews/nothing", {"verdict": "seen"}),
    ],
)
def test_nobody_is_a_404(busy_shop: Shop, path: str, body: dict[str, Any]) -> None:
    """What is said of someone who is not here is refused by name."""
    scope = {route: scope for _, route, scope in routes()}[re.sub("nobody|nothing", "x", path)]
    assert re.search("nobody|nothing", problem(post(busy_shop, path, body, scope), 404, "not_found")["message"])
