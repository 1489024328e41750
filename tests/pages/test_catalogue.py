"""The pages of the catalogue: nothing typed is lost, nothing typed is markup, and errors stand beside their field."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from httpx import Client, Response
from starlette.datastructures import FormData
from tests.pages.made_up_catalogue import ODD

from openchair.loyalty.actions import default, of, written
from openchair.server.pages.shop.action_form import row_of

OWNER, WHY = "owner@example.org", "because"


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


class Form(HTMLParser):
    """What the form of an action on a page would send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.inside, self.open, self.text = False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = dict(attrs)
        self.inside |= tag == "form" and got.get("class") == "survey"
        if not self.inside:
            return
        if tag == "input" and (got.get("type") != "checkbox" or "checked" in got):
            self.sent.append((str(got["name"]), got.get("value") or ("on" if got.get("type") == "checkbox" else "")))
        if tag in ("textarea", "select"):
            self.open, self.text = str(got["name"]), ""
        if tag == "option" and "selected" in got:
            self.sent.append((self.open, str(got["value"])))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag != "form"
        if self.inside and tag == "textarea":
            self.sent.append((self.open, self.text.removeprefix("\n")))


def fields(page: str) -> list[tuple[str, str]]:
    """What the form of an action on a page would send."""
    form = Form()
    form.feed(page)
    return form.sent


def send(client: Client, path: str, form: list[tuple[str, str]] | None = None, **more: str) -> Response:
    kept = [(name, value) for name, value in form or [] if name not in more]
    files = [(name, (None, value)) for name, value in (*kept, *more.items())]
    return client.post(f"/catalogue{path}", files=files)


def test_a_form_gives_back_the_action_it_was_made_of(client: Client) -> None:
    """Read from its own page, unchanged, it is the same action; so nothing is lost by editing."""
    for action in (*default(), ODD):
        page = client.get(f"/catalogue/actions/{action.id}")
        assert page.status_code == 200
        row = row_of(FormData([*fields(page.text), ("id", action.id)]), ("en", "ur", "th", "fr"))
        assert of([row]) == (action,)


def test_the_list_says_what_there_is(client: Client) -> None:
    """By pillar: for whom and when, by what, what it takes, how often, and whether it goes out by itself."""
    page = client.get("/catalogue").text
    assert page.count('role="rowheader"') == 41
    assert "birthday" in page
    assert "12 a day" in page
    by_itself = sum(not one.approve for one in (*default(), ODD))
    assert (page.count(">by itself<"), page.count(">once a person says yes<")) == (by_itself, 41 - by_itself)
    assert "<b>aaa" not in page
    assert "&lt;i&gt;" in page
    assert "The beginning" in page


def test_an_action_is_changed_with_a_reason_and_put_back(made_up: Any, client: Client) -> None:
    """A new version with who and why; the list leads back; the past has a button."""
    path = "/actions/note-by-hand"
    form = fields(client.get(f"/catalogue{path}").text)
    saved = send(client, path, form, cost_minor="150", why=WHY)
    assert (saved.status_code, saved.headers["location"]) == (303, "/catalogue?saved=note-by-hand#note-by-hand")
    assert made_up.cataloguing.action("note-by-hand").cost_minor == 150
    assert made_up.cataloguing.view().version.by == OWNER
    assert "It holds from the next decision on" in client.get(saved.headers["location"]).text
    assert client.get("/catalogue?version=0").text.count("which is not in force") == 1
    assert send(client, "/restore", version="0").status_code == 303
    assert made_up.cataloguing.action("note-by-hand").cost_minor == 120
    assert send(client, "/restore", version="77").status_code == 404


WRONG = [
    ("cost_minor", "lots", "cost_minor", "Must be a whole number, not text"),
    ("cost_minor", "-1", "cost_minor", "Must be a whole number of at least 0"),
    ("channels", "pigeon", "channels", "Must be one of person, parcel"),
    ("channels", "", "channels", "Must be given"),
    ("uplift.steady", "7", "uplift.prospect", "Must be a number of at most 1"),
    ("spacing_days", "70", "spacing_days", "Must be at most idea_days"),
    ("undo_hours", "-5", "undo_hours", "Must be a whole number of at least 0"),
    ("plus", "money", "plus", "Must say what an action of the pillar plus does"),
    ("texts.en.title", "Hello {nmae}", "texts.en.title", "May hold {name} and {shop}"),
    ("contents.allergens", "milk", "contents.allergens", "Belongs to what is edible"),
    ("why", " ", "why", "Must have 1 to 500 characters"),
]
"""A field, what is typed there, beside which field it is said, and what."""


def test_what_is_wrong_is_said_beside_its_field(client: Client) -> None:
    """With what is allowed; the form keeps what was typed, and nothing is kept of it in the shop."""
    form = fields(client.get("/catalogue/actions/note-by-hand").text)
    for field, value, beside, said in WRONG:
        answer = send(client, "/actions/note-by-hand", form, **{"title": "Typed <b>", "why": WHY, field: value})
        assert answer.status_code == 400, field
        assert re.search(rf'name="{re.escape(beside)}"[^>]* aria-invalid="true" aria-describedby="wrong"', answer.text)
        assert answer.text.count('id="wrong"') == 1
        assert said in answer.text
        assert "Typed &lt;b&gt;" in answer.text
    assert "Typed" not in client.get("/catalogue").text


def test_a_new_one_is_written_and_taken_out(made_up: Any, client: Client) -> None:
    """Its name is its own; taken out it is gone, with a reason."""
    form = fields(client.get("/catalogue/actions/note-by-hand").text)
    assert "is another action’s" in send(client, "/new", form, id="note-by-hand", why=WHY).text
    assert send(client, "/new", form, id="Tea!", why=WHY).status_code == 400
    made = send(client, "/new", form, id="tea", title="Tea at the counter", why=WHY)
    assert made.status_code == 303
    assert made_up.cataloguing.action("tea").title == "Tea at the counter"
    assert send(client, "/actions/tea/retire", why="").status_code == 400
    assert send(client, "/actions/tea/retire", why=WHY).status_code == 303
    assert client.get("/catalogue/actions/tea").status_code == 404


def test_two_who_edit_at_once_are_told(client: Client) -> None:
    """What the second typed stays on the page."""
    form = fields(client.get("/catalogue/actions/note-by-hand").text)
    assert send(client, "/actions/round-table/retire", why=WHY).status_code == 303
    late = send(client, "/actions/note-by-hand", form, title="Mine", why=WHY)
    assert (late.status_code, 'value="Mine"' in late.text) == (409, True)


def test_the_whole_is_a_file(made_up: Any, client: Client) -> None:
    """Downloaded, edited, looked at, kept; what is no catalogue is refused and stays in the field."""
    file = client.get("/catalogue/catalogue.yaml")
    assert file.headers["content-disposition"] == 'attachment; filename="catalogue.yaml"'
    changed = file.text.replace("cost_minor: 900\n", "cost_minor: 950\n", 1)
    looked = send(client, "/file", yaml=changed, do="look")
    assert "1 action would change" in looked.text
    assert "900 → 950" in looked.text
    assert made_up.cataloguing.number == 0
    assert send(client, "/file", yaml=changed, do="keep", why="", over="0").status_code == 400
    assert send(client, "/file", yaml=changed, do="keep", why=WHY, over="0").status_code == 303
    assert send(client, "/file", yaml=changed, do="keep", why=WHY, over="0").status_code == 409
    mine = written(default()).encode()
    up = client.post(
        "/catalogue/file",
        files={"file": ("c.yaml", mine), "yaml": (None, "x"), "do": (None, "keep"), "why": (None, "y")},
    )
    assert (up.status_code, made_up.cataloguing.in_force()) == (303, default())
    for wrong in (b"\x89PNG\r\n\x1a\n\x00", b"a: &a [*a]", b"\t- id", b"[[action]]", b"x" * 5_000_000):
        told = client.post("/catalogue/file", files={"file": ("c.yaml", wrong), "do": (None, "look")})
        assert told.status_code == 400
        assert 'role="alert"' in told.text
    assert "&lt;script&gt;" in send(client, "/file", yaml="<script>", do="look").text


def test_staff_read_and_owners_write(made_up: Any, serve: Any) -> None:
    """Nothing is offered to those who may not, and what they send is refused."""
    with Client(base_url=serve(made_up, role="staff")) as staff:
        for path in ("", "/actions/note-by-hand", "/file"):
            page = staff.get(f"/catalogue{path}").text
            assert not [word for word in ("Keep as a new version", "Put back", "Take it out") if word in page]
        form = fields(staff.get("/catalogue/actions/note-by-hand").text)
        assert send(staff, "/actions/note-by-hand", form, cost_minor="1", why=WHY).status_code == 403
        assert send(staff, "/actions/note-by-hand/retire", why=WHY).status_code == 403
        assert send(staff, "/file", yaml=written(default()), do="keep", why=WHY).status_code == 403
    assert made_up.cataloguing.number == 0
