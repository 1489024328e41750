"""The page Focus: the map, effort now and wanted, and what a person moves; one round in a browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Client
from playwright.sync_api import Browser
from tests.pages.made_up_focus import ODD


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def test_the_map_shows_what_to_excel_at_and_why(client: Client) -> None:
    """Places, intervals, what is spent, the caveat; nothing that a customer wrote is run."""
    page = client.get("/focus").text
    assert page.count("<h1") == 1 and "Be excellent at" in page and "sample shop, simulated" in page
    assert "5 drivers explain 65% (58% to 71%) of how 412 customers differ" in page
    assert "Drivers go with the outcome" in page and "proven by an experiment" in page and "hurts when bad" in page
    assert "6 spoke of it" in page and 'class="plane"' in page and "style=" not in page
    assert "<b>long" not in page and "&lt;b&gt;long" in page
    assert "12 customers of whom it is known" in client.get("/focus?outcome=retention").text
    assert client.get("/focus?outcome=fame").status_code == 400


def test_a_person_moves_a_driver_and_takes_it_back(made_up: Any, client: Client) -> None:
    """What is sent is kept with who and why; effort is shared out anew; undone, the figures' place is back."""
    moved = {
        "driver": "survey:1", "place": "mediocre", "why": "others do it <i>well</i>", "pillar": ["service", "plus"],
        "cost": "4", "hours": "2.5", "money": "12.50",
    }  # fmt: skip
    sent = client.post("/focus/move", data=moved)
    assert (sent.status_code, sent.headers["location"]) == (303, "/focus")
    page = client.get("/focus").text
    assert "others do it &lt;i&gt;well&lt;/i&gt;" in page
    assert "plus 0.6 times and service 0.6 times" in page
    (kept,) = made_up.focus.chair.state.choices("driver", "survey:1")
    assert '"money_minor":1250' in kept.body and '"hours":2.5' in kept.body and kept.why == moved["why"]
    client.post("/focus/spend", data={"hours": "40", "money": "", "contacts": "100"})
    assert "Hours now" in client.get("/focus").text
    client.post("/focus/undo", data={"driver": "survey:1"})
    assert made_up.focus.report().map[0].place == "excel"
    client.post("/focus/take")
    assert all(one.moved_by for one in made_up.focus.report().map)


@pytest.mark.parametrize(
    "typed",
    [{"why": ""}, {"place": "top"}, {"cost": "nan"}, {"cost": "2.5"}, {"hours": "many"}, {"hours": "inf"},
     {"hours": "-3"}, {"pillar": "fame"}, {"driver": "nothing"}, {"why": "x" * 501}, {"money": "-1"},
     {"money": "1e99"}],
)  # fmt: skip
def test_what_cannot_be_placed_is_said_on_the_page(client: Client, typed: dict[str, str]) -> None:
    """Never a crash: the page says what is allowed, and nothing is kept."""
    sent = client.post("/focus/move", data={"driver": "survey:1", "place": "keep", "why": "so"} | typed)
    assert sent.status_code in (400, 404) and sent.text.count("<h1") == 1 and 'role="alert"' in sent.text
    assert "Placed by a person" not in client.get("/focus").text


def test_a_refused_form_keeps_what_was_typed_with_the_fault_beside_its_field(client: Client) -> None:
    """In that form and in no other; all that was chosen is chosen still."""
    typed = {"driver": "survey:2", "place": "stop", "why": "<i>so</i>", "pillar": ["plus"], "hours": "many"}
    page = client.post("/focus/move", data=typed).text
    assert 'value="many" aria-invalid="true" aria-describedby="move-hours-wrong"' in page
    assert '<span class="hurt" id="move-hours-wrong">A plain number. Write 12.5.</span>' in page
    assert 'value="&lt;i&gt;so&lt;/i&gt;"' in page and 'value="survey:2" selected' in page
    assert 'value="plus" checked' in page and 'value="service" checked' not in page
    assert page.count("aria-invalid") == 1


def test_no_driver_yet_teaches(made_up: Any, client: Client) -> None:
    """What the map is, and where to begin."""
    made_up.focus.chair.state.body = None
    page = client.get("/focus").text
    assert "The focus map places whatever customers meet with" in page and 'href="/surveys"' in page
    assert 'action="/focus/move"' not in page


@pytest.mark.browser
def test_a_round_by_hand(made_up: Any, serve: Any, browser: Browser) -> None:
    """A driver is chosen, placed with a reason, seen on the map, and put back, with the keyboard's own controls."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(serve(made_up) + "/focus")
    page.get_by_label("Driver").select_option("survey:3")
    page.get_by_label("Place", exact=True).select_option("Stop")
    page.get_by_label("Why").fill("we never meant to")
    page.get_by_role("button", name="Place it").click()
    assert page.locator("#move li").inner_text().count("we never meant to") == 1
    (one,) = [one for one in made_up.focus.report().map if one.title == ODD]
    assert one.place == "stop" and one.wanted_share == 0
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("put back").wait_for()
    assert made_up.focus.report().map[2].place == "keep"
    context.close()
