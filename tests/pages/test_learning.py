"""The page Learning: what it says when deciding pays, when it does not, and when it cannot be known; and its forms."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx import Client
from tests.pages.made_up_learning import LEARNING, NO_LEARNING, about, unsure

from openchair.chair.learning.telling import learning
from openchair.core.blocks import Lines, Sentence, Table
from openchair.core.estimate import Unknown


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def test_it_says_whether_deciding_pays(client: Client) -> None:
    """One headline with money, the lift week by week with its table, the arms, the cost, what might be better."""
    page = client.get("/learning").text
    assert page.count("<h1") == 1 and "Deciding pays: €\xa00.94 more a customer" in page
    for said in ("How does the lift go, week by week?", "Is it looking at the person that pays?", "Spent on discounts",
                 "Which pillar moves customers?", "Given up for the customer’s own good", "Times have changed",
                 "Would another way of choosing bring more?", "What went live, and who said so?"):  # fmt: skip
        assert said in page, said
    assert "<b>aaa" not in page and "<i>try" not in page and "style=" not in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": "costs", "lift": about(-80, 40)}, "Deciding does not pay: it costs"),
        ({"verdict": "nothing", "lift_share": about(0.001, 0.01)}, "Deciding does not pay: it brings 1% more at most"),
        ({"verdict": "unknown"}, "It is not known yet"),
        ({"verdict": "unknown", "lift": Unknown("too few customers in the smaller group", 9)}, "cannot be known yet"),
    ],
)
def test_it_says_so_when_it_does_not_pay(change: dict[str, Any], said: str) -> None:
    """In the headline, and in a sentence that is seen before the rest."""
    told = learning(replace(LEARNING, **change))
    assert said in told.headline
    assert any(getattr(block, "tone", "") == "warning" for block in told.blocks)


@pytest.mark.parametrize(
    ("lift", "said", "tone"),
    [
        (about(55, 40), "Looking at the person pays: € 0.55 more a customer in four weeks than without", "plain"),
        (about(-55, 40), "Looking at the person does not pay: without, a customer brings € 0.55 more", "warning"),
        (about(10, 40), "cannot be told from chance yet. At the present pace it takes about 41 more days.", "plain"),
        (Unknown("too few customers in the smaller group", 9), "cannot be known yet: 431 customers were", "plain"),
    ],
)
def test_it_says_whether_looking_at_the_person_pays(lift: Any, said: str, tone: str) -> None:
    """In a sentence at the top, beside whether deciding does."""
    *others, person = LEARNING.arms
    told = learning(replace(LEARNING, arms=(*others, replace(person, lift=lift))))
    (told_tone,) = (block.tone for block in told.blocks[:4] if isinstance(block, Sentence) and said in block.text)
    assert told_tone == tone


def test_every_number_has_its_uncertainty_or_says_why_not() -> None:
    """Each chart has a question for its title and a band where it is an estimate; days that are not known are said."""
    told = learning(unsure(0.01))
    for chart in told.of(Lines):
        assert isinstance(chart, Lines) and chart.title.endswith("?")
        assert chart.lines[0].low or "no interval" in chart.note
    waits = next(one for one in told.of(Table) if isinstance(one, Table) and one.title == "How long until an answer?")
    assert waits.rows[0] == ("2% more", "more than 10 years") and waits.rows[2] == ("10% more", "now")
    assert any("212 more days" in getattr(block, "text", "") for block in told.blocks)


def test_nothing_yet_teaches(made_up: Any, client: Client) -> None:
    """What will be told, and what is lacking."""
    made_up.learning.known = NO_LEARNING
    page = client.get("/learning").text
    assert "Nothing can be said yet" in page and "drawn by lot anew each quarter" in page


def test_what_is_proved_goes_live_by_a_click(made_up: Any, client: Client) -> None:
    """Only what is proved is offered; what is not is refused on the page itself; one can go back."""
    page = client.get("/learning").text
    offered = page.partition('name="name"')[2].partition("</select>")[0]
    assert 'value="sharper"' in offered and "bolder" not in offered and "by chance" not in offered
    gone = client.post("/learning/promote", data={"name": "sharper", "why": "it pays"})
    assert gone.status_code == 303 and made_up.promoting.live == [("sharper", "it pays")]
    refused = client.post("/learning/promote", data={"name": "bolder"})
    assert refused.status_code == 409 and "not proved" in refused.text
    assert client.post("/learning/back").status_code == 303 and made_up.promoting.live == []
