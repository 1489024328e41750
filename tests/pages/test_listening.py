"""The page Listening and a theme's own page, behind a made-up chair."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx import Client
from tests.pages.made_up_listening import HEARD, NOTHING, NPS


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def test_the_headline_says_the_score_and_what_is_spoken_of(client: Client) -> None:
    """One sentence, in the customers' own words; the interval and the answers stand beside the figure."""
    page = client.get("/listening").text
    assert '<h1 dir="auto">Customers score us 41, and speak most of “late box”</h1>' in page
    assert "36 to 46" in page and "312 answers, worth 268" in page and "without weights 44" in page
    assert "Since 1 November: up 4 (−3 to +11); this could be chance." in page
    assert "sample shop, simulated" in page and "style=" not in page


def test_too_few_answers_give_no_number(made_up: Any, client: Client) -> None:
    """What is unknown is said, with how many more answers are needed and where to ask."""
    made_up.scores.nps = NOTHING
    page = client.get("/listening").text
    assert "Not enough is known yet" in page and "7 more answers are needed" in page and 'href="/surveys"' in page
    assert '<h1 dir="auto">Customers speak most of “late box”</h1>' in page


def test_an_unheard_shop_is_told_what_to_do(made_up: Any, client: Client) -> None:
    """Neither a score nor a theme: the page teaches the next step."""
    made_up.scores.nps = NOTHING
    made_up.voices.all = replace(HEARD, themes=(), wishes=(), customers=0, messages=0)
    page = client.get("/listening").text
    assert '<h1 dir="auto">Nobody has been heard yet</h1>' in page and "No theme yet" in page


@pytest.mark.parametrize("by", ["stage", "worth", "language", "product", "<b>", "nonsense"])
def test_the_score_is_taken_apart_by_what_is_asked(by: str, client: Client) -> None:
    """Four ways on the page; anything else is the first of them, and never an error."""
    page = client.get("/listening", params={"by": by})
    assert page.status_code == 200
    shown = by if by in ("stage", "worth", "language", "product") else "stage"
    assert f'href="/listening?by={shown}#parts-title" aria-current="true"' in page.text
    assert "−18" in page.text and "6 more needed" in page.text


def test_shares_are_of_customers_with_their_interval(client: Client) -> None:
    """A theme shows whom it concerns, what it may cost, and somebody's words; unknown is no number."""
    page = client.get("/listening").text
    assert "22%" in page and "19 to 25" in page and "€\u00a09,400" in page and "5,100 to 14,000" in page
    assert "The box came four days late." in page and "more than before" in page
    assert "less to decide" in page and "The same customers hope more than others: a kitchen without junk." in page


def test_a_theme_shows_its_words_and_lets_a_person_correct_them(made_up: Any, client: Client) -> None:
    """Quotes lead to the dossier; a script in them is text; a corrected reading and a name are signed."""
    page = client.get("/listening/themes/t1").text
    assert 'href="/customers/c0001"' in page and "&lt;script&gt;" in page and "<script>alert" not in page
    assert 'lang="ur"' in page and "Urdu" in page and "said by Bilal" in page
    said = {"reading": "need", "back": "/listening/themes/t1"}
    answer = client.post("/listening/readings/v1/1", data=said)
    assert (answer.status_code, answer.headers["location"]) == (303, "/listening/themes/t1")
    assert client.post("/listening/themes/t1/name", data={"name": "boxes that come late"}).status_code == 303
    assert made_up.voices.said == [
        ("correct", "v1", 1, "need", "owner@example.org"),
        ("rename", "t1", "boxes that come late", "owner@example.org"),
    ]


def test_what_cannot_be_is_refused_where_it_was_asked(client: Client) -> None:
    """An empty name keeps the page and says why; an unknown theme is not there; no form leads elsewhere."""
    refused = client.post("/listening/themes/t1/name", data={"name": " "})
    assert refused.status_code == 400 and "Write a few words." in refused.text
    assert client.get("/listening/themes/none").status_code == 404
    away = client.post("/listening/readings/v1/1", data={"reading": "pain", "back": "//elsewhere.example"})
    assert away.headers["location"] == "/"


def test_a_line_has_gaps_where_too_few_answered(client: Client) -> None:
    """Weeks without a value break the line in two; nothing is drawn across them."""
    assert [point.value for point in NPS.trend].count(None) == 2
    page = client.get("/listening").text
    line = page.partition('class="line" d="')[2].partition('"')[0]
    assert line.count("M") == 2
