"""Plan and approvals: what waits by action, one answer or many, budgets, and what cannot be."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Client


@pytest.fixture
def client(made_up: Any, serve: Any) -> Iterator[Client]:
    with Client(base_url=serve(made_up)) as opened:
        yield opened


def test_the_plan_says_what_waits_and_what_is_left(client: Client) -> None:
    """By action, with budgets used and left, what is put off and why, and what is to be done by hand."""
    page = client.get("/plan").text
    assert page.count("<h1") == 1 and "9,962 decisions wait for a yes" in page
    assert "Approve all 9,962" in page and "Approve 9,950" in page
    assert "needs nobody’s yes" in page and "To be done by hand" in page
    assert "€ 490 of € 500 used" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert page.count("tried, to learn") == 1 and "nothing would be learned of it otherwise" in page
    assert "not looked at" not in page, "a capacity that nothing needs is not shown"
    assert "&lt;b&gt;she&lt;/b&gt; is on holiday" in page
    assert "style=" not in page


def test_an_action_shows_its_decisions_with_their_reasons(client: Client) -> None:
    """To be ticked and answered together; what was answered can be taken back where that can be done."""
    page = client.get("/plan/of/made-up-1").text
    assert page.count('type="checkbox"') == 3 and page.count("<h1") == 1
    assert "Take back" in page and "Approve after all" in page
    assert client.get("/plan/of/nothing").status_code == 404


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("approve", {"everything": "yes"}, ("approved", None, "", True, "", "owner@example.org")),
        ("approve", {"action": "made-up-1"}, ("approved", None, "made-up-1", False, "", "owner@example.org")),
        ("approve", {"decision": ["d1", "d2"], "of": "made-up-1"},
         ("approved", ["d1", "d2"], "", False, "", "owner@example.org")),
        ("dismiss", {"action": "made-up-1", "why": "no time", "other": "away"},
         ("dismissed", None, "made-up-1", False, "away", "owner@example.org")),
        ("undo", {"decision": "d1", "of": "made-up-1"}, ("proposed", ["d1"], "", False, "", "owner@example.org")),
        ("done", {"decision": "d1"}, ("sent", ["d1"], "", False, "", "owner@example.org")),
    ],
)  # fmt: skip
def test_answers_are_given_to_one_some_or_all(
    path: str, form: dict[str, Any], said: tuple[Any, ...], made_up: Any, client: Client
) -> None:
    """And the page says how many took it, and why others did not."""
    page = client.post(f"/plan/{path}", data=form)
    assert page.status_code == 200 and made_up.planning.said == [said]
    assert "47 not: must not be done: no calls" in page.text.replace("\N{NO-BREAK SPACE}", " ")


def test_what_cannot_be_is_said_on_the_page(client: Client) -> None:
    """With the value, the bound and the remedy, and the page as it was."""
    page = client.post("/plan/budgets", data={"hours_week": "1"})
    assert page.status_code == 400 and "must not be less than was used already" in page.text
    page = client.post("/plan/budgets", data={"call_day": "some"})
    assert page.status_code == 400 and "a plain number" in page.text
    page = client.post("/plan/approve", data={"decision": "d0004", "of": "made-up-1"})
    assert page.status_code == 409 and "Try again in a moment" in page.text


def test_budgets_are_kept_in_minor_units(made_up: Any, client: Client) -> None:
    """What is left empty has no limit."""
    form = {"money_day": "500", "hours_week": "20.5", "call_day": "", "why": "two of us"}
    assert client.post("/plan/budgets", data=form, follow_redirects=False).status_code == 303
    given = {"money": {"day": 50_000}, "hours": {"week": 20.5}}
    assert made_up.planning.said == [("allow", given, "two of us", "owner@example.org")]


def test_today_says_what_waits_elsewhere(client: Client) -> None:
    """What waits for a yes, what is to be done, who is owed an answer, whom to call; and what went out."""
    page = client.get("/").text.replace("\N{NO-BREAK SPACE}", " ")
    for href, words in (("/plan", "decisions wait for a yes"), ("/plan#by-hand", "to be done by hand"),
                        ("/cases", "unhappy customers"), ("/calls", "customers to call")):  # fmt: skip
        assert f'<a href="{href}"><b>' in page and words in page
    assert "2 overdue" in page and "46 went out or are on their way" in page and "1 could not be sent" in page
