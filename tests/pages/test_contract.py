"""Every page answers in every state, escapes what people typed, and says what is not known."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from httpx import Client

from openchair.facts.mapping import guess
from openchair.server.pages.shop.imports import mapping_of

STATES = [
    "busy", "before any import", "before the first turn", "nothing to do", "one", "all answered", "long ago", "huge",
]  # fmt: skip


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def test_the_states_tried_are_all_there_are(days: dict[str, Any]) -> None:
    """A new state of the day is tried too."""
    assert list(days) == STATES


@pytest.mark.parametrize("state", STATES)
def test_today_answers_in_every_state(state: str, days: dict[str, Any], made_up: Any, client: Client) -> None:
    """One headline, never an inline style or script."""
    made_up.day = days[state]
    page = client.get("/")
    assert page.status_code == 200
    assert page.text.count("<h1>") == 1
    assert "style=" not in page.text
    assert "onclick" not in page.text


def test_the_headline_counts_people_in_words(days: dict[str, Any], made_up: Any, client: Client) -> None:
    """Four of five still wait for an answer."""
    assert "<h1>Four people are worth a word today</h1>" in client.get("/").text
    made_up.day = days["one"]
    assert "<h1>One person is worth a word today</h1>" in client.get("/").text


def test_simulated_people_are_labelled(days: dict[str, Any], made_up: Any, client: Client) -> None:
    """Wherever simulated people are shown it says so; nowhere else."""
    pages = (
        "/",
        "/customers",
        "/customers/c0001",
        "/plan",
        "/plan/of/made-up-1",
        "/surveys",
        "/surveys/nps",
        "/value",
        "/growth",
        "/loyalty",
        "/learning",
        "/journey",
        "/primary",
        "/opportunities",
        "/opportunities/need-0",
        "/merges",
        "/consents",
        "/audit",
        "/imports",
        "/catalogue",
        "/catalogue/file",
    )
    assert all("sample shop, simulated" in client.get(page).text for page in pages)
    made_up.day = days["before any import"]
    assert "sample shop, simulated" not in client.get("/").text


def test_an_empty_house_teaches_the_next_step(days: dict[str, Any], made_up: Any, client: Client) -> None:
    """Before an import: how to import. Before a turn: how to turn. Nothing to do: why."""
    read, made_up.files = made_up.files, ()
    made_up.day = days["before any import"]
    assert f"openchair --home {made_up.home} import orders.csv" in client.get("/").text
    made_up.files = read
    made_up.day = days["before the first turn"]
    assert f"openchair --home {made_up.home} turn" in client.get("/").text
    made_up.day = days["nothing to do"]
    assert "the best is to wait" in client.get("/").text


def test_what_is_unknown_is_said_and_never_a_number(days: dict[str, Any], made_up: Any, client: Client) -> None:
    """Not enough answers is not a score of 0; one order is no value."""
    made_up.day = days["huge"]
    assert "no answers, 30 more needed" in client.get("/").text
    assert "Not enough is known yet" in client.get("/").text
    assert "2 more needed" in client.get("/customers").text


def test_what_people_typed_is_only_text(client: Client) -> None:
    """A name is never markup."""
    page = client.get("/customers").text
    assert "O’Brien &lt;b&gt;" in page
    assert "<b>& Sons" not in page
    assert "&lt;script" in client.get("/customers?search=<script>alert(1)</script>").text


def test_the_empty_chair_speaks_in_the_customer_s_own_words(client: Client) -> None:
    """The quote is what was said, without what else was asked."""
    assert "<p>“I don’t need more choice. I need someone to notice.”</p>" in client.get("/").text
    assert '<span dir="auto" class="soft">Price? 4</span>' in client.get("/customers/c0001").text


def test_search_sort_and_cursor(made_up: Any, client: Client) -> None:
    """Links keep the search and the order; an unknown order is the usual one."""
    made_up.all = tuple(replace(made_up.all[0], customer_id=f"p{i:03d}", name=f"Pia {i:03d}") for i in range(120))
    first = client.get("/customers?search=pia&order=name").text
    assert "/customers?search=pia&amp;order=name&amp;after=p049" in first
    last = client.get("/customers?search=pia&order=name&after=p099").text
    assert last.count('role="rowheader"') == 20
    assert "Next 50" not in last
    assert "Nobody found" in client.get("/customers?search=zzz").text
    assert client.get("/customers?order=colour").status_code == 200


@pytest.mark.parametrize("number", range(1, 7))
def test_every_dossier_answers(number: int, client: Client) -> None:
    """Long names, right-to-left names, nobody's orders, huge numbers."""
    page = client.get(f"/customers/c{number:04d}")
    assert page.status_code == 200
    assert page.text.count("<h1") == 1


def test_unknown_allergies_differ_from_none(client: Client) -> None:
    """Unknown asks; declared binds."""
    assert "allergies not known" in client.get("/customers/c0003").text
    assert "allergies not known" not in client.get("/customers/c0001").text


def test_the_latest_answers_are_on_the_dossier(client: Client) -> None:
    """Score and words with their question, in their own language; what was typed is only text."""
    page = client.get("/customers/c0001").text
    assert '<p dir="auto" lang="ur">بہت &lt;b&gt;اچھا&lt;/b&gt; ڈبہ</p>' in page
    assert "<b>9</b> NPS" in page
    assert "<b>4.5</b>" in page
    assert 'id="answers"' not in client.get("/customers/c0003").text


def test_approving_without_scripts_comes_back_to_the_row(made_up: Any, client: Client) -> None:
    """A plain form: the answer is kept with who gave it, and the browser returns."""
    form = {"title": "Call", "customer": "Nadia", "back": "/"}
    answer = client.post("/decisions/d0001/approved", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/#decision-d0001")
    assert made_up.marked == [("d0001", "approved", "owner@example.org")]
    assert "Three people" in client.get("/").text


def test_approving_with_scripts_gives_only_the_piece(made_up: Any, client: Client) -> None:
    """htmx gets the row's new answer, not a page."""
    form = {"back": "/"}
    piece = client.post("/decisions/d0001/dismissed", data=form, headers={"HX-Request": "true"})
    assert piece.status_code == 200
    assert "<html" not in piece.text
    assert ">Not now<" in piece.text
    assert "Approve after all: Call, and swap the bars for the fig boxes, Made-up Nadia" in piece.text


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"])
def test_a_form_never_sends_a_person_elsewhere(elsewhere: str, client: Client) -> None:
    """Only places of this server are returned to."""
    answer = client.post("/decisions/d0001/approved", data={"back": elsewhere}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_answers_that_cannot_be_given(client: Client) -> None:
    """No such decision, no such answer, answered elsewhere: each says so in the house's look."""
    assert client.post("/decisions/nobody/approved").status_code == 404
    assert client.post("/decisions/d0001/sent").status_code == 404
    conflict = client.post("/decisions/d0004/approved")
    assert conflict.status_code == 409
    assert "answered elsewhere" in conflict.text
    piece = client.post("/decisions/d0004/approved", headers={"HX-Request": "true"})
    assert "<html" not in piece.text


def test_error_pages_tell_no_internals(made_up: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """404 names what was looked for; 500 names nothing."""
    assert "nobody here is known by that" in client.get("/customers/nobody").text
    assert client.get("/nowhere").status_code == 404

    def broken(*_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(made_up, "today", broken)
    page = client.get("/")
    assert page.status_code == 500
    assert "secret" not in page.text
    assert "Something broke" in page.text


def test_static_files_are_kept_for_ever_under_their_own_address(client: Client) -> None:
    """Every address of a page's files carries a version, and with it they never change."""
    page = client.get("/").text
    for name in ("openchair.css", "openchair.js", "htmx.min.js", "favicon.svg"):
        address = page.partition(f"/static/{name}?v=")[2].partition('"')[0]
        assert len(address) == 12
        answer = client.get(f"/static/{name}?v={address}")
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(f"/static/{name}?v=other").headers["cache-control"] == "no-cache"
    assert client.get("/static/render.py").status_code == 404
    assert client.get("/static/..%2Fapp.py").status_code == 404


def test_pages_are_not_stored_by_browsers(client: Client) -> None:
    """Customers' data stay on the server."""
    assert client.get("/customers").headers["cache-control"] == "no-store"


def said(client: Client, address: str, **form: str) -> str:
    """Send a form; where it leads."""
    answer = client.post(address, data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_what_must_never_be_done_stands_before_all_else(client: Client) -> None:
    """Rules with whose word they are, before the next best action; then what is known, with its source."""
    page = client.get("/customers/c0001").text
    places = [
        page.index(text) for text in ("Never peanuts", "they said so", "No flowers", "Next best", "To know before")
    ]
    assert places == sorted(places)
    assert "noted by <bdi>Bilal</bdi>" in page
    assert "sources disagree" in page
    assert "“We may write" not in client.get("/customers/c0003").text.partition("When and how they said so")[0]


def test_forms_of_a_customer_are_said_to_the_chair(made_up: Any, client: Client) -> None:
    """Each form says one thing, signed by whoever is signed in, and leads back to its part of the page."""
    here, by = "/customers/c0001", "owner@example.org"
    assert said(client, f"{here}/note", text="Ask about the dog") == f"{here}#notes"
    assert said(client, f"{here}/trait", name="team", value="Qalandars") == f"{here}#known"
    assert said(client, f"{here}/rule", term="milk") == f"{here}#rules"
    assert said(client, f"{here}/lift", term="milk", why="a mistake") == f"{here}#rules"
    assert said(client, f"{here}/consent", slot="marketing:e-mail", answer="yes", wording="w") == f"{here}#consents"
    assert said(client, f"{here}/attention", wish="less") == f"{here}#attention"
    assert said(client, f"{here}/merge", other="c0002") == f"{here}#ids"
    assert said(client, f"{here}/revoke", seat="s1") == f"{here}#seat"
    assert made_up.people.said == [
        ("note", "c0001", "Ask about the dog", by),
        ("say", "c0001", "team", "Qalandars", by),
        ("forbid", "c0001", "milk", by),
        ("lift", "c0001", "milk", "a mistake", by),
        ("agree", "c0001", "marketing", "e-mail", "yes", "w", by),
        ("attend", "c0001", "less", by),
        ("merge", "c0001", "c0002", by),
        ("revoke", "s1", by),
    ]
    assert client.post(f"{here}/fly").status_code == 404


def test_a_form_that_was_refused_keeps_what_was_typed(client: Client) -> None:
    """The page comes back with the reason, and the form open as it was sent."""
    answer = client.post("/customers/c0001/lift", data={"term": "peanuts", "why": ""})
    assert answer.status_code == 403
    assert "needs an owner with a reason" in answer.text
    kept = client.post("/customers/c0001/note", data={"text": " "})
    assert kept.status_code == 400
    assert '<details class="add" open><summary>Write a note' in kept.text


def test_a_link_to_a_seat_is_shown_this_one_time(made_up: Any, client: Client) -> None:
    """Made in their language, told once; no page that is loaded later holds it."""
    page = client.post("/customers/c0001/seat", data={"language": "ur"}).text
    assert "/seat/token-for-c0001" in page
    assert ("link", "c0001", "ur", "owner@example.org") in made_up.people.said
    assert "token-for" not in client.get("/customers/c0001").text


def test_only_an_owner_exports_erases_lifts_and_audits(made_up: Any, serve: Any, client: Client) -> None:
    """Staff are not offered it, and are refused when they ask; an owner types the word."""
    assert client.get("/customers/c0001/export.json").json() == {"dossier": {"name": "c0001"}}
    assert client.post("/customers/c0001/erase", data={"sure": "yes"}).status_code == 400
    assert said(client, "/customers/c0001/erase", sure="Erase") == "/customers"
    assert made_up.people.said == [("erase", "c0001", "owner@example.org")]
    with Client(base_url=serve(made_up, role="staff")) as staff:
        page = staff.get("/customers/c0001").text
        assert not [word for word in ("Erase them", "export.json", ">Lift<", 'href="/audit"') if word in page]
        assert staff.get("/customers/c0001/export.json").status_code == 403
        assert staff.post("/customers/c0001/erase", data={"sure": "erase"}).status_code == 403
        assert staff.get("/audit").status_code == 403


def test_reviews_are_side_by_side_and_can_be_taken_back(made_up: Any, client: Client) -> None:
    """Each field of a pair with its weight; one answer each way; what was done has a way back."""
    page = client.get("/merges").text
    assert "<h1>Four questions wait for a person</h1>" in page
    assert page.count('<rect class="for"') == 3
    assert page.count('<rect class="against"') == 1
    assert "email:info@bigoffice.example" in page
    assert "Sisters &lt;b&gt;" in page
    assert said(client, "/merges/m0001/join", why="same house", back="/merges") == "/merges"
    assert said(client, "/merges/m0003/apart", back="/customers/c0001#ids") == "/customers/c0001#ids"
    assert said(client, "/reviews/r2/upheld", why="called them", back="https://elsewhere.example") == "/"
    assert made_up.people.said == [
        ("join", "m0001", "same house", "owner@example.org"),
        ("apart", "m0003", "owner@example.org"),
        ("settle", "r2", "upheld", "called them", "owner@example.org"),
    ]
    assert client.post("/merges/m0001/eat").status_code == 404
    assert "15 pairs compared: 0 merged, 2 to ask about" in client.post("/merges/find").text


def test_consents_are_counted_and_the_newest_words_shown(client: Client) -> None:
    """Yes, no and not asked with their shares; whose word it was, and to which words."""
    page = client.get("/consents").text
    assert "marketing by e-mail" in page
    assert "under 1%" in page
    assert "We may write &lt;b&gt;" in page


def test_the_audit_log_is_read_by_customer_and_person(client: Client) -> None:
    """Filters that find nothing say so; what was written down is only text."""
    assert "said favourite_team" in client.get("/audit").text
    assert ">Made-up Nadia</a>" in client.get("/audit").text
    assert "&lt;b&gt;" in client.get("/audit").text
    assert "said favourite_team" not in client.get("/audit?who=Bilal").text
    assert "No line is like that" in client.get("/audit?customer=nobody").text
    assert client.get("/audit?after=x").status_code == 200


def test_empty_pages_teach(made_up: Any, client: Client) -> None:
    """What will stand there, and how it comes."""
    made_up.people.quiet = True
    assert "Nothing waits for a person" in client.get("/merges").text
    assert "Nobody was asked yet" in client.get("/consents").text
    assert "Nobody has looked yet" in client.get("/audit").text
    assert "Not heard yet" in client.get("/customers/c0003").text


def upload(client: Client, name: str, content: bytes) -> Any:
    return client.post("/imports", files={"file": (name, content)}, follow_redirects=False)


def test_a_file_is_looked_at_before_it_is_read(made_up: Any, client: Client) -> None:
    """Upload, correct the mapping, confirm; afterwards nothing of it is left in the waiting folder."""
    sent = upload(client, "../../my orders.csv", b"Email,Total\na@example.org,1\n")
    assert sent.status_code == 303
    there = sent.headers["location"]
    page = client.get(there)
    assert "say which column holds day" in page.text
    assert "Import this file" not in page.text
    assert "Import this file" in client.get(f"{there}?map.day=When").text
    refused = client.post(f"{there}/confirm", data={"map.customer": "Email"})
    assert refused.status_code == 400
    assert "Name the column with the day" in refused.text
    done = client.post(f"{there}/confirm", data={"map.customer": "Email", "map.day": "When"}, follow_redirects=False)
    assert done.headers["location"] == "/imports#import-i9"
    assert made_up.read == [("my orders.csv", {"customer": "Email", "day": "When"})]
    assert list((made_up.home / "uploads").iterdir()) == []
    assert client.get(there).status_code == 404


def test_not_in_this_file_is_an_answer() -> None:
    """A wrong guess is taken back by choosing no column; it is not guessed again."""
    sample = pa.table({"Email": ["ada@example.org"], "Date": ["2026-01-02"], "Total": ["12.50"]})
    assert guess(sample.column_names, sample)["email"] == "Email"
    assert "email" not in guess(sample.column_names, sample, mapping_of({"map.email": "", "map.amount": "Total"}))


def test_a_file_can_be_forgotten(made_up: Any, client: Client) -> None:
    """Removed at once, by the person."""
    there = upload(client, "a.csv", b"Email\n").headers["location"]
    assert client.post(f"{there}/remove", follow_redirects=False).headers["location"] == "/imports"
    assert list((made_up.home / "uploads").iterdir()) == []


def test_files_that_cannot_be_taken(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong ending, none chosen, not a file at all, too large: each names the bound and the remedy."""
    wrong = upload(client, "run.exe", b"MZ")
    assert wrong.status_code == 400
    assert "its name must end in .csv" in wrong.text
    assert "none was chosen" in client.post("/imports", files={"other": ("", b"")}).text
    assert client.post("/imports", content=b"hello").status_code == 400
    there = upload(client, "broken.csv", b"\x00\x01").headers["location"]
    assert "it is not text" in client.get(there).text
    monkeypatch.setattr("openchair.server.pages.shop.imports.LARGEST_BYTES", 1000)
    large = upload(client, "large.csv", b"x" * 100_000)
    assert large.status_code == 413
    assert "openchair import FILE" in large.text


@pytest.mark.parametrize("token", ["nobody", "..", "%2e%2e", "a" * 24])
def test_only_tokens_of_waiting_files_are_paths(token: str, made_up: Any, client: Client) -> None:
    """No address reaches another folder of the home."""
    (Path(made_up.home) / "uploads").mkdir()
    (Path(made_up.home) / "state.db").write_text("secret")
    assert client.get(f"/imports/{token}").status_code in (404, 200)
    assert "secret" not in client.get(f"/imports/{token}").text


def test_rejected_rows_come_as_harmless_csv(client: Client) -> None:
    """No cell runs in a spreadsheet."""
    answer = client.get("/imports/i1/rejects.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "file,line,reason,row"
    assert ",'=cmd" in answer.text
    assert client.get("/imports/other/rejects.csv").status_code == 404
