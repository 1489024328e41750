"""Delivery over HTTP: pulled and reported with a key, reported by a signed event, left by one click."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from tests.channels.test_webhook import SECRET
from tests.cli.conftest import run, told
from tests.people.conftest import OWNER
from tests.sending.conftest import Asking, Road
from tests.server.conftest import listening

from openchair.chair.ports import Undeliverable
from openchair.chair.sealing import LATE_SECONDS, signed
from openchair.server.app import create_app, state_of

MEMBER = 5


@dataclass
class Served:
    """The shop behind its server, with keys by scope."""

    shop: Asking
    client: httpx.Client
    keys: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None, scope: str = "outbox", **query: Any) -> httpx.Response:
        """An answer of the API."""
        bearer = {"Authorization": f"Bearer {self.keys[scope]}"}
        return self.client.request(method, f"/api/v1/outbox{path}", json=body, params=query, headers=bearer)

    def tell(self, body: bytes, late: float = 0, secret: str = SECRET, **headers: str) -> httpx.Response:
        """A signed event to the hook."""
        at = self.shop.clock.now
        seal = signed("evt_1", at.replace(microsecond=0), body, secret)
        seal["webhook-timestamp"] = str(int(seal["webhook-timestamp"]) - int(late))
        return self.client.post("/hooks/outbox", content=body, headers={**seal, **headers})


@pytest.fixture
def served(acting: Asking) -> Iterator[Served]:
    """The shop with a road for e-mail alone."""
    acting.road = Road()
    settings = replace(acting.chair.settings, webhook_secret=SECRET)
    acting.chair = replace(acting.chair, channels={"e-mail": acting.road}, settings=settings)
    access = state_of(acting.chair).access
    keys = {scope: access.create_key(scope, [scope])[1] for scope in ("outbox", "read")}
    app = create_app(acting.chair, access, acting.chair.settings)
    with listening(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Served(acting, client, keys)


def test_pulled_and_reported(served: Served) -> None:
    """Another system is given a message, nobody else is, and what it says of it is kept once for an idempotency key."""
    one = served.shop.approved(MEMBER, "letter")
    assert served.ask("GET", "", scope="read", channel="letter").status_code == 403
    (letter,) = served.ask("GET", "", channel="letter", limit=5).json()
    assert (letter["message_id"], letter["to"], letter["channel"]) == (one, f"id:member-{MEMBER}", "letter")
    assert len(letter["why"]) == 3
    assert served.ask("GET", "", channel="letter").json() == []
    for _ in range(2):
        answer = served.ask("POST", f"/{one}/status", {"status": "delivered"})
        assert (answer.status_code, answer.json()) == (200, {"message_id": one, "status": "sent"})
    assert served.shop.status(MEMBER, "letter") == ("delivered", "sent")


def test_dead_letters_over_the_api(served: Served) -> None:
    """Listed with why, sent again under the same id, taken back while they wait."""
    one = served.shop.approved(MEMBER, "letter")
    served.ask("GET", "", channel="letter")
    assert (
        served.ask("POST", f"/{one}/status", {"status": "failed", "why": "no such street"}).json()["status"] == "failed"
    )
    (dead,) = served.ask("GET", "/failed").json()
    assert (dead["message_id"], dead["why"], dead["tries"]) == (one, "no such street", 1)
    assert "address" not in dead
    assert served.ask("POST", "/replay", {"message_id": one}).json() == {"replayed": 1}
    assert served.ask("POST", "/replay").json() == {"replayed": 0}
    assert served.ask("DELETE", f"/{one}").status_code == 204
    assert served.ask("DELETE", f"/{one}").status_code == 409
    assert served.shop.status(MEMBER, "letter") == ("dismissed", "dropped")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/0123456789abcdef/status", {"status": "delivered"}, 404),
        ("/%00/status", {"status": "delivered"}, 404),
        ("/..%2f..%2fx/status", {"status": "delivered"}, 404),
        ("/{one}/status", {"status": "eaten"}, 400),
        ("/{one}/status", {"status": "delivered", "happened_at": "yesterday"}, 400),
        ("/{one}/status", {"status": "delivered", "happened_at": "2026-07-01T10:00:00"}, 400),
        ("/{one}/status", {"status": "delivered", "happened_at": 1e30}, 400),
        ("/{one}/status", {"status": "delivered", "why": "x" * 3000}, 400),
        ("/{one}/status", {"status": "delivered"}, 409),
        ("/replay", {"message_id": "x" * 50}, 400),
    ],
)
def test_bad_reports_are_answered(served: Served, path: str, body: dict[str, Any], status: int) -> None:
    """With what was given and what is allowed; nothing is kept of them."""
    one = served.shop.approved(MEMBER, "e-mail")
    answer = served.ask("POST", path.format(one=one), body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert served.shop.status(MEMBER, "e-mail") == ("approved", "waiting")


@pytest.mark.parametrize(
    "query",
    [
        {"channel": "pigeon"},
        {},
        {"channel": "letter", "limit": 0},
        {"channel": "letter", "seconds": 1},
        {"channel": "letter", "limit": "\x00"},
    ],
)
def test_bad_questions_are_answered(served: Served, query: dict[str, Any]) -> None:
    """A channel of nobody, too few, too short."""
    assert served.ask("GET", "", **query).status_code == 400
    assert served.ask("GET", "", channel="e-mail").status_code == 409


def test_a_signed_event_says_what_became_of_it(served: Served) -> None:
    """Without a key; forged, changed, late or unsigned it is refused, and so is one that says nothing."""
    one = served.shop.approved(MEMBER, "e-mail")
    served.shop.chair.delivering.deliver()
    body = json.dumps({"type": "message.opened", "data": {"message_id": f"msg_{one}"}}).encode()
    other = SECRET.replace("A", "B", 3)
    for forged in (
        served.tell(body, secret=other),
        served.tell(body, late=LATE_SECONDS + 5),
        served.tell(body, late=1),
        served.tell(body, **{"webhook-signature": ""}),
        served.tell(body, **{"webhook-timestamp": "9" * 40}),
        served.tell(body, **{"webhook-timestamp": "nan"}),
        served.client.post("/hooks/outbox", content=body),
    ):
        assert forged.status_code == 401, forged.text
        assert forged.json()["code"] == "not_signed"
    assert served.shop.status(MEMBER, "e-mail") == ("sent", "sent")
    for _ in range(2):
        assert served.tell(body).json() == {"message_id": f"msg_{one}", "status": "sent"}
    assert served.shop.status(MEMBER, "e-mail") == ("opened", "sent")
    for bad, status in (
        (b"{}", 400), (b"[]", 400), (b"\xff", 400), (b"", 400), (b'{"type": "message.eaten", "data": {}}', 400),
        (body.replace(b"opened", b"eaten"), 400), (body.replace(one.encode(), b"0" * 16), 404),
        (body.replace(b'"}}', b'", "happened_at": "2026-07-01T10:00:00"}}'), 400), (b" " * 70_000, 413),
    ):  # fmt: skip
        assert served.tell(bad).status_code == status, bad[:60]
    assert served.client.get("/hooks/outbox").status_code in (404, 405)


def test_no_secret_no_hook(served: Served) -> None:
    """Where no webhook_secret is set nothing is believed, also not what is signed with nothing."""
    chair = replace(served.shop.chair, settings=replace(served.shop.chair.settings, webhook_secret=""))
    with listening(create_app(chair, state_of(chair).access, chair.settings)) as url:
        headers = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,"}
        assert httpx.post(f"{url}/hooks/outbox", content=b"{}", headers=headers).status_code == 401


def test_one_click_and_no_more_like_it(served: Served) -> None:
    """A mail program posts without a page of ours; a person sees in their language what the button does."""
    served.shop.approved(MEMBER, "e-mail")
    served.shop.chair.delivering.deliver()
    path = served.shop.road.letters[0].leave[1].removeprefix("http://127.0.0.1:8010")

    def told() -> list[str]:
        rows = served.shop.chair.state.said("traits", served.shop.id(MEMBER))
        return [row["value"] for row in rows if row["name"] == "consent.e-mail.service"]

    looked = served.client.get(path)
    assert looked.status_code == 200
    assert 'lang="ur"' in looked.text
    assert "ایسے مزید پیغام نہیں؟" in looked.text
    assert told() == []
    for _ in range(2):
        assert served.client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert told() == ["no"]
    for forged in ("/leave/AAAA", "/leave/" + "A" * 3000, path[:-3] + "AA="):
        assert served.client.post(forged, data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert served.client.get("/leave/").status_code == 404


def test_the_plans_page_sends_again(served: Served) -> None:
    """What was given up stands there with its reason, as letters and nothing else; one click and it waits again."""
    one = served.shop.approved(MEMBER, "e-mail")
    served.shop.road.wrong = [Undeliverable("mail", bound="550 <b>no such user</b>")]
    served.shop.chair.delivering.deliver()
    token = state_of(served.shop.chair).access.invite("owner")
    origin = {"Origin": str(served.client.base_url).rstrip("/")}
    signing = {"email": "ada@example.org", "password": "a chair for the customer"}
    assert served.client.post(f"/welcome/{token}", data=signing, headers=origin).status_code == 303
    assert served.client.get("/api/v1/outbox", params={"channel": "letter"}).status_code == 403  # not by a mere link
    assert served.client.get("/api/v1/outbox/failed").status_code == 200
    page = served.client.get("/plan").text
    assert "What did not get through" in page
    assert "550 &lt;b&gt;no such user&lt;/b&gt;" in page
    assert f"Member {MEMBER}" in page
    for message, status in (("", "failed"), ("x", "failed"), (one, "waiting")):
        answer = served.client.post("/plan/again", data={"message": message}, headers=origin)
        assert answer.status_code == 303
        assert served.shop.status(MEMBER, "e-mail")[1] == status
    assert "What did not get through" not in served.client.get("/plan").text


def test_the_command_line_lists_and_sends_again(acting: Asking) -> None:
    """What waits for the team and what was given up, as text and as JSON."""
    acting.approved(MEMBER, "letter")
    one = acting.approved(MEMBER, "person")
    acting.chair.delivering.pull("person", limit=1, seconds=60)
    acting.chair.delivering.report(one, "failed", by=OWNER, why="moved away")
    home = acting.chair.home
    (home / "catalogue.yaml").unlink(missing_ok=True)
    shown = told("outbox", home=home)
    assert [todo["channel"] for todo in shown["by_hand"]] == ["letter"]
    assert [dead["why"] for dead in shown["failed"]] == ["moved away"]
    text = run("outbox", home=home).stdout
    assert "1 decision waits to be done by hand" in text
    assert f"{one}  person   decision" in text
    assert told("outbox", "replay", one, home=home) == {"replayed": 1}
    assert "0 messages wait again" in run("outbox", "replay", home=home).stdout
