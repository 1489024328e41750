"""The pages of value: one question each, figures that add up, and an empty state that teaches."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx import Client
from tests.pages.made_up_value import AUDIT, GROWTH, NO_AUDIT, NO_GROWTH, NO_VALUE, VALUE

from openchair.chair.value.telling import LEVERS, RESPECTS, audit, growth
from openchair.value.audit import SCALES
from openchair.value.growth import COMPONENTS


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def test_value_shows_the_plane_and_who_moves(client: Client) -> None:
    """All together in the title, a dot a kind of customer, four named quarters, links to whoever is named."""
    page = client.get("/value").text
    assert page.count("<h1") == 1 and "worth €\u00a0147,591 over the next 12 months" in page
    assert page.count("<title>") == 1 + len(VALUE.cells) + len(VALUE.top)
    assert all(f">{name}: {n}<" in page for name, n in (("Champions", 647), ("Advocates", 0), ("Misers", 646)))
    assert "Who moved since 21 October 2026?" in page and 'href="/customers/c0003"' in page
    assert "40% of it, the margin" in page and "BG/NBD foretold best" in page and "no discount is set" in page
    assert "<b>aaa" not in page and "style=" not in page


def test_value_tells_as_much_as_is_known(made_up: Any, client: Client) -> None:
    """No turn: what it will say. Nobody brought: spending alone. One turn: no movers yet."""
    made_up.worth.known = NO_VALUE
    assert "Not yet: the wheel has not turned yet." in client.get("/value").text
    made_up.worth.known = replace(VALUE, quadrants=(), cells=(), turning=(), since=None, calibration=(), chosen="")
    page = client.get("/value").text
    assert "Who sends is not known yet" in page and "Who is worth most?" in page and "a later turn" in page
    assert 'class="plane"' not in page and 'class="trend"' not in page


def test_growth_asks_one_question_and_draws_every_cause(client: Client) -> None:
    """The change in the title, nine causes and their sum drawn, the next lever before the others, no style inline."""
    page = client.get("/growth").text
    assert page.count("<h1") == 1 and "Why did revenue rise by €\u00a053,195?" in page
    assert page.count('class="fall ') == len(COMPONENTS) + 1
    assert page.index(LEVERS["retention"]) < page.index(LEVERS["acquisition"])
    assert "they come before new ones" in page
    assert "not in EUR" in page and "style=" not in page
    assert "<b>aaa" not in page and "&lt;b&gt;aaa" in page
    assert 'href="?by=stage#ways" aria-current="true"' in page


def test_growth_without_a_history_teaches(made_up: Any, client: Client) -> None:
    """What growth is, what is lacking, and what to do; no figure."""
    made_up.growth.known = NO_GROWTH
    page = client.get("/growth").text
    assert "Is revenue growing?" in page and "The history has 1 day." in page and "13 more days" in page
    assert "Import orders" in page and 'class="fall' not in page


def test_growth_of_days_that_cannot_be(client: Client) -> None:
    """The page comes back with the reason, and with what it usually shows."""
    for query in ("from=2026-02-02&to=2026-01-01", "from=yesterday"):
        answer = client.get(f"/growth?{query}")
        assert answer.status_code == 400 and 'role="alert"' in answer.text and "53,195" in answer.text
    assert client.get("/growth?by=worth&moon=1").status_code == 200


def test_a_headline_for_every_way() -> None:
    """Up, down, level, and unknown."""
    said = [growth(replace(GROWTH, after_minor=after)).headline for after in (4_000_000, 3_000_000, 3_927_484)]
    assert said == ["Why did revenue rise by € 725?", "Why did revenue fall by € 9,275?", "What moves revenue?"]
    assert growth(NO_GROWTH).headline == "Is revenue growing?"


def test_loyalty_asks_whether_it_is_bought(client: Client) -> None:
    """Five questions with what was counted; what is not known has no score and no dot; a campaign may have lost."""
    page = client.get("/loyalty").text
    assert "Is loyalty bought or earned? So far partly earned: 1.9 of 3.0" in page and page.count("<h1") == 1
    assert list(RESPECTS) == list(SCALES)
    assert all(question in page for question in RESPECTS.values())
    assert page.count("<circle") == 4 + 2 and "28 more needed" in page
    assert "not by lot" in page and "against whom a lot kept from it" in page and "−€\u00a05,180" in page
    assert "<b>aaa" not in page and "style=" not in page


def test_loyalty_without_orders_teaches(made_up: Any, client: Client) -> None:
    """What the audit asks, what is lacking, what to do."""
    made_up.loyalty.known = NO_AUDIT
    page = client.get("/loyalty").text
    assert "Nothing was sold yet. 28 more days of orders are needed." in page and "Import orders" in page
    made_up.loyalty.known = replace(AUDIT, campaigns=(), brought=AUDIT.campaigns[2].brought, regulars=0, same=None)
    page = client.get("/loyalty").text
    assert "anywhere between nothing and €\u00a02,337,794" in page and "too few were contacted" in page


def test_a_headline_for_every_stage_of_loyalty() -> None:
    """Bought, partly earned, earned, not known."""
    said = [audit(replace(AUDIT, overall=score)).headline.partition("So far ")[2] for score in (1.2, 2.0, 2.8)]
    assert said == ["bought: 1.2 of 3.0", "partly earned: 2.0 of 3.0", "earned: 2.8 of 3.0"]
    assert audit(NO_AUDIT).headline == "Is loyalty bought or earned?"
