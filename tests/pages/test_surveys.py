"""The pages on which surveys are made: nothing typed is lost, nothing typed is markup, every language is shown."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Client

from openchair.listening.asking.survey import of, starter
from openchair.server.pages.customers import survey_form

BY = "owner@example.org"


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def fields(page: str) -> dict[str, str]:
    """What the form of a page would send."""
    form = page.partition('<form method="post" action="/surveys/')[2].partition("</form>")[0]
    found = dict(re.findall(r'<input (?:id="[^"]*" |type="hidden" )*name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', form))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        found[name] = re.search(r'value="([^"]*)" selected', options)[1]  # type: ignore[index]
    return {name: html.unescape(value) for name, value in found.items()}


@pytest.mark.parametrize("id", ["nps", "after-order", "after-contact", "odd"])
def test_a_form_gives_back_the_survey_it_was_made_of(id: str, made_up: Any, client: Client) -> None:
    """Read from its own page, unchanged, it is the same survey; so nothing is lost by editing."""
    page = client.get(f"/surveys/{id}")
    assert page.status_code == 200
    assert of(survey_form.row_of(fields(page.text), id)) == made_up.surveys.those[id].definition


def test_the_list_says_how_each_survey_stands(made_up: Any, client: Client) -> None:
    """Asked, answered and the response with its interval, which is not made up where nobody was asked."""
    page = client.get("/surveys").text
    assert "1,240" in page
    assert "32%" in page
    assert page.count("nobody asked yet") == 3
    assert "&lt;b&gt;Odd&lt;/b&gt;" in page
    assert "/surveys/new?from=" not in page
    made_up.surveys.those.clear()
    empty = client.get("/surveys").text
    assert "Ask your customers" in empty
    assert empty.count("/surveys/new?from=") == len(starter())


def test_a_survey_is_saved_as_typed_or_comes_back_as_typed(made_up: Any, client: Client) -> None:
    """Saved, it leads back; refused, by its check or because another was quicker, it keeps every word."""
    form = fields(client.get("/surveys/nps").text) | {"title.en": "Would you tell a friend? <i>"}
    saved = client.post("/surveys/nps", data=form | {"do": "save"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/surveys/nps?saved=1")
    assert made_up.surveys.did == [("put", "nps", BY)]
    assert "Kept as version 3" in client.get("/surveys/nps?saved=1").text
    again = client.post("/surveys/nps", data=form | {"do": "save", "title.en": "Mine & yours"})
    assert (again.status_code, "Mine &amp; yours" in again.text) == (409, True)
    wrong = client.post("/surveys/nps", data=form | {"q1.from": "12", "why.th": "", "version": "3"})
    assert wrong.status_code == 400
    assert "survey why.th" in wrong.text.lower()
    assert 'value="12"' in wrong.text
    for bad in ({}, {"count": "999999"}, {"languages": "en " * 500}, {"version": "x", **form}, {"do": "without en"}):
        assert client.post("/surveys/nps", data=bad).status_code in (200, 400, 409)
    assert client.post("/surveys/none", data=form).status_code == 404
    assert client.post("/surveys/nps/burn").status_code == 404


def test_a_new_survey_grows_by_questions_and_languages(made_up: Any, client: Client) -> None:
    """From a starter or from nothing; each button adds what it says and keeps the rest."""
    form = fields(client.get("/surveys/new").text) | {"id": "taste", "title.en": "Taste", "do": "question"}
    longer = fields(client.post("/surveys/new", data=form).text)
    assert (longer["count"], longer["title.en"], longer["q1.key"]) == ("2", "Taste", "question_2")
    wider = fields(client.post("/surveys/new", data=longer | {"do": "language", "new_language": "UR"}).text)
    assert (wider["languages"], wider["title.en"], wider["title.ur"]) == ("en ur", "Taste", "")
    narrow = fields(client.post("/surveys/new", data=wider | {"do": "without en"}).text)
    assert (narrow["languages"], narrow["language"]) == ("ur", "ur")
    texts = {name: "کیا؟" for name in narrow if name.endswith(".ur")}
    shorter = fields(client.post("/surveys/new", data=narrow | texts | {"do": "drop 0"}).text)
    assert (shorter["count"], shorter["q0.key"]) == ("1", "question_2")
    made = client.post("/surveys/new", data=shorter | {"do": "save"})
    assert made.headers["location"] == "/surveys/taste?saved=1"
    assert len(made_up.surveys.those["taste"].definition.questions) == 1
    assert "Would you recommend us?" in client.get("/surveys/new?from=nps").text
    choice = fields(client.get("/surveys/new?from=after-order").text)
    assert choice["q1.options.th"].splitlines()[0] == "สินค้า"


def test_the_preview_is_shown_in_each_language_with_and_without_scripts(client: Client) -> None:
    """A piece for htmx, the whole page for a button; what cannot be asked says why; nothing in it is live."""
    form = fields(client.get("/surveys/nps").text)
    piece = client.post("/surveys/nps/preview", data=form, headers={"HX-Request": "true"})
    assert "<h1" not in piece.text.partition("<iframe")[0]
    assert re.findall(r'title="Preview in (\w+)" sandbox="allow-same-origin"', piece.text) == ["en", "ur", "th"]
    whole = client.post("/surveys/nps/preview", data=form | {"title.ur": "نیا عنوان"})
    assert whole.text.count("نیا عنوان") > 1
    wrong = client.post("/surveys/nps/preview", data=form | {"title.ur": ""}, headers={"HX-Request": "true"})
    assert (wrong.status_code, "survey title.ur" in wrong.text) == (200, True)
    odd = client.get("/surveys/odd").text
    assert "<script>alert" not in html.unescape(odd.partition("srcdoc=")[2].partition('" loading')[0])


def test_a_survey_is_opened_closed_and_handed_out(made_up: Any, client: Client) -> None:
    """The link and the tag stand there once it is open; a link for one customer is shown this once."""
    assert "/survey/open/after-order" not in client.get("/surveys/after-order").text
    assert client.post("/surveys/after-order/open").headers["location"] == "/surveys/after-order"
    page = client.get("/surveys/after-order").text
    assert "/survey/open/after-order" in page
    assert "/survey/embed.js&#34; data-survey=&#34;after-order&#34;" in page or 'data-survey="after-order"' in page
    linked = client.post("/surveys/after-order/link", data={"who": "ada@example.org"})
    assert "/survey/token-of-ada@example.org" in linked.text
    assert client.post("/surveys/after-order/link", data={"who": "nobody"}).status_code == 404
    client.post("/surveys/after-order/close")
    assert [did[0] for did in made_up.surveys.did] == ["open", "link", "close"]
