"""The page Journey: the map, what hurts and whom, and what a person says of steps."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Client
from tests.pages.made_up_journey import JOURNEY, MOMENTS, NO_JOURNEY

from openchair.chair.journey.telling import journey


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def test_the_journey_shows_where_it_hurts_most_and_whom(client: Client) -> None:
    """What is at stake, the words of who was lost, what was done and what came of it; nothing typed is run."""
    page = client.get("/journey").text
    assert page.count("<h1") == 1 and "Proof Requested loses the most" in page and "sample shop, simulated" in page
    assert 'href="/customers/c0001"' in page and "Why do you ask &lt;b&gt;me&lt;/b&gt;?" in page
    assert "asked for no proof below € 100" in page and "Lost since, against before" in page
    assert 'href="/journey/lost?step=Proof%20Requested"' in page and 'class="flow"' in page
    assert "1 robot is set apart" in page and "<i>aaa" not in page and "style=" not in page


def test_every_step_has_a_moment_to_correct(made_up: Any, client: Client) -> None:
    """Who said it or what it was guessed from; what is sent is kept in the name of who sent it."""
    page = client.get("/journey").text
    assert page.count('action="/journey/moments"') == len(MOMENTS) and "guessed from its place" in page
    assert page.count("guess again") == 1 and "7 names tell no moment" in page
    sent = client.post("/journey/moments", data={"step": "Box Delivered", "moment": "repeat"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/journey#moments")
    client.post("/journey/tackled", data={"step": "Proof Requested", "what": "asked for less"})
    assert [told[:2] for told in made_up.journey.told] == [
        ("Box Delivered", "repeat"), ("Proof Requested", "asked for less"),
    ]  # fmt: skip
    wrong = client.post("/journey/moments", data={"step": "Box Delivered", "moment": "sideways"})
    assert wrong.status_code == 400 and "Choose one of these." in wrong.text and wrong.text.count("<h1") == 1


def test_who_was_lost_at_a_step_is_listed(client: Client) -> None:
    """With their words and links to them; a step that nobody took is an error of whoever asked."""
    page = client.get("/journey/lost", params={"step": "Proof Requested"}).text
    assert "Who was lost at Proof Requested?" in page and page.count('href="/customers/c000') == 2
    assert client.get("/journey/lost?step=nowhere").status_code == 400


def test_no_steps_yet_teaches(made_up: Any, client: Client) -> None:
    """What the journey is and what it needs; no figure, no form."""
    made_up.journey.known = NO_JOURNEY
    page = client.get("/journey").text
    assert "The journey follows each need" in page and "<select" not in page and 'class="flow"' not in page


def test_what_is_told_says_what_the_view_knows() -> None:
    """A step in which no excess is known has no colour; shares of all that is at stake add up to 1."""
    (drawn,) = (block for block in journey(JOURNEY).blocks if type(block).__name__ == "Flow")
    pains = {stop.name: stop.pain for stop in drawn.stops}  # type: ignore[union-attr]
    assert pains["Product Viewed"] is None and pains["Proof Requested"] == 1.0 and pains["Box Delivered"] == 0.0
    assert journey(NO_JOURNEY).headline == "Where does it hurt?"
