"""Cases and Calls as pages: who is owed a word, and whom to ring."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Client

BY = "owner@example.org"


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def sent(client: Client, address: str, **form: str) -> Any:
    return client.post(address, data=form, follow_redirects=False)


def test_cases_stand_with_their_clock_and_what_would_put_them_right(client: Client) -> None:
    """The longest overdue first, whose they are, a figure with its interval, and what became of those closed."""
    page = client.get("/cases").text
    assert "<h1>Four people are owed an answer</h1>" in page
    assert '<span class="hurt">overdue since' in page
    assert "nobody’s yet" in page
    assert "19 hours" in page
    assert "12 to 30" in page
    assert "nothing in the catalogue fits" in page
    assert "2 → 9" in page
    assert "sample shop, simulated" in page
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_cases_of_one_owner(client: Client) -> None:
    """Everyone's, mine, nobody's; where none is like that the page says so."""
    assert "ڈبہ دیر سے" in client.get("/cases?whose=nobody").text
    assert "crumbs" not in client.get("/cases?whose=nobody").text
    assert "None of these is like that" in client.get("/cases?whose=mine").text


def test_a_case_says_what_must_never_be_done_and_is_closed_with_what_was(made_up: Any, client: Client) -> None:
    """Rules before words, words before the remedy; each form is signed and leads back to the case."""
    page = client.get("/cases/k3").text
    places = [page.index(text) for text in ("Never peanuts", "crumbs", "What would put it right", "Close the case")]
    assert places == sorted(places)
    assert sent(client, "/cases/k3/owner", owner="Ada").headers["location"] == "/cases/k3"
    form = {"verdict": "fixed", "done": "New box", "channel": "letter", "words": "Thank you"}
    assert sent(client, "/cases/k3/close", **form).status_code == 303
    assert made_up.cases.said == [
        ("own", "k3", "Ada", BY),
        ("close", "k3", "fixed", "letter", "New box", "Thank you", BY),
    ]


def test_what_was_typed_is_kept_where_a_case_cannot_be_closed(client: Client) -> None:
    """Without a verdict, or closed by another meanwhile: the reason, and the words again as text."""
    refused = sent(client, "/cases/k3/close", verdict="", words="<b>Thanks</b>", done="A box")
    assert refused.status_code == 400
    assert "&lt;b&gt;Thanks&lt;/b&gt;</textarea>" in refused.text
    assert sent(client, "/cases/k9/close", verdict="fixed").status_code == 409
    assert client.get("/cases/nothing").status_code == 404


def test_a_closed_case_says_what_came_of_it(client: Client) -> None:
    """What was done, what they said meanwhile, and how they answered next; no form is left."""
    page = client.get("/cases/k9").text
    assert "Sent a new box by hand." in page
    assert "Still late" in page
    assert "Their next answer: 9, after 2." in page
    assert "Close the case" not in page


def test_calls_say_why_and_what_to_ask(client: Client) -> None:
    """The reason with its figures, two questions, the number, the rules; what was reached, and calls on no list."""
    page = client.get("/calls").text
    assert "<h1>Three people to call</h1>" in page
    assert "usually buys every 19 days" in page
    assert 'href="tel:+442079460018"' in page
    assert "never: peanuts" in page
    assert "2 others were chosen and may not be called now" in page
    assert "On no list" in page
    assert "<script>alert" not in page
    rows = page[page.index("Calls made") :]
    assert rows.count("<tr>") == 6


def test_notes_are_kept_and_lead_back_to_the_list(made_up: Any, client: Client) -> None:
    """A call on the list, and one on none; a note for nobody is refused with what was typed."""
    assert sent(client, "/calls/a1/note", status="reached", words="Figs", back="/calls").headers["location"] == "/calls"
    assert (
        sent(client, "/calls/note", status="not reached", customer="nadia@example.org", back="//x").status_code == 303
    )
    assert made_up.calls.said == [
        ("note", "a1", "reached", "Figs", BY),
        ("note", "nadia@example.org", "not reached", "", BY),
    ]
    lost = sent(client, "/calls/note", status="reached", customer="nobody", words="<i>Hm</i>")
    assert lost.status_code == 404
    assert "&lt;i&gt;Hm&lt;/i&gt;" in lost.text
    assert sent(client, "/calls/note", status="reached").status_code == 400
    assert sent(client, "/calls/a1/note", status="").status_code == 400
    long = sent(client, "/calls/a1/note", status="reached", words="x" * 1_000_000)
    assert long.status_code == 400
    assert "at most 20,000 characters" in long.text


def test_every_customer_to_call_has_a_sheet(client: Client) -> None:
    """Those who wait, each with rules, questions and what is known; nothing of those who were reached."""
    page = client.get("/calls/sheets").text
    assert page.count('class="callsheet"') == 3
    assert page.count("What has changed since you last ordered?") == 2
    assert "Never peanuts" in page


def test_weeks_that_are_none_and_weeks_gone_by(client: Client) -> None:
    """A day that is no date is refused in words; a week without a list says so."""
    assert client.get("/calls?week=soon").status_code == 400
    assert "There was no list that week" in client.get("/calls?week=2025-01-01").text


def test_empty_pages_teach(made_up: Any, client: Client) -> None:
    """What opens a case, and how a list is made."""
    made_up.cases.quiet = made_up.calls.quiet = True
    assert "Cases open by themselves" in client.get("/cases").text
    assert "at least a tenth by chance" in client.get("/calls").text
    assert "wait for an answer" not in client.get("/merges").text


def test_reviews_lead_to_the_cases(client: Client) -> None:
    """Cases are questions to the team too, on a page of their own."""
    assert '<a href="/cases">4 unhappy customers wait</a>' not in client.get("/merges").text
    assert "4 unhappy customers wait for an answer" in client.get("/merges").text
