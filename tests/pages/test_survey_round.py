"""One round of listening, as its users see it: made, sent by mail, answered in Urdu on a phone, seen by the team."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.mailbox import Mailbox

from openchair.chair.chair import Chair
from openchair.cli.wiring import init_home, open_home
from openchair.core.estimate import Unknown
from openchair.server.app import create_app, state_of
from openchair.server.schedule import Apart

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a chair for the customer"
NADIA = "nadia@example.org"
WORDS = "ڈبہ چار دن دیر سے آیا اور کسی نے جواب نہیں دیا۔"
OTHERS = (10, 10, 9, 9, 9, 10, 8, 7, 9, 3)
"""Scores of those who answered before: NPS 60 of ten."""


@pytest.fixture
def chair(tmp_path: Path, mailbox: tuple[Mailbox, str]) -> Iterator[Chair]:
    """A shop with mail: Nadia speaks Urdu and may be asked; ten others have answered before."""
    init_home(tmp_path / "shop", {"name": "Snack & Co", "currency": "EUR", "quiet_hours": "off", "smtp": mailbox[1],
                                  "turn_at": "off", "sync_seconds": "3600"})  # fmt: skip
    made = open_home(tmp_path / "shop")
    yield made
    state_of(made).close()


def calls() -> list[dict[str, Any]]:
    """What a shop's own system would have sent by now."""
    traits = {"name": "نادیہ رحمان", "email": NADIA, "language": "ur", "consent.email.research": "yes"}
    answered = [
        {"type": "track", "userId": f"m{n}", "event": "Survey Question Answered",
         "properties": {"survey_type": "nps", "score": score, "question": "Would you recommend us?"}}
        for n, score in enumerate(OTHERS)
    ]  # fmt: skip
    return [{"type": "identify", "userId": "nadia", "traits": traits}, *answered]


def test_a_survey_goes_out_comes_back_and_is_acted_on(
    chair: Chair, mailbox: tuple[Mailbox, str], serve_app: Any, browser: Browser
) -> None:
    """From the owner's click on the page Surveys to the open case: nothing by hand in between but clicks."""
    access = state_of(chair).access
    key = access.create_key("shop", ["ingest"])[1]
    owner = browser.new_context(viewport={"width": 1280, "height": 900})
    with serve_app(create_app(chair, access, chair.settings)) as address:
        sent = owner.request.post(f"{address}/v1/batch", data={"batch": calls(), "writeKey": key})
        assert sent.status == 200
        chair.sync()
        chair.turn()
        before = chair.scores.report("nps")
        assert (before.n, round(before.value or 0)) == (10, 60)

        # Made and sent by the owner.
        desk = owner.new_page()
        desk.goto(f"{address}/welcome/{access.invite('owner')}")
        desk.get_by_label("E-mail").fill("ada@example.org")
        desk.get_by_label("Password").fill(PASSWORD)
        desk.get_by_role("button").click()
        desk.get_by_role("link", name="Surveys").click()
        desk.locator("a[href='/surveys/new?from=nps']").first.click()
        desk.get_by_role("button", name="Keep it").click()
        desk.get_by_role("button", name="Open it").click()
        desk.get_by_role("button", name="Who would be asked?").click()
        expect(desk.locator(".made")).to_contain_text("1 customer")
        desk.get_by_role("button", name="Send it").click()
        expect(desk.locator(".made")).to_contain_text("1 customer")
        Apart(chair).deliver()
        (letter,) = mailbox[0].letters
        assert (letter["To"], letter["Content-Language"]) == (NADIA, "ur")

        # Answered by the customer: a look records nothing, the button does.
        body = letter.get_body(("html",))
        assert body is not None
        link = re.findall(r'href="([^"]+/survey/[^"]+score=3)"', str(body.get_content()))[0].replace("&amp;", "&")
        link = address + re.sub(r"^https?://[^/]+", "", link)
        phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="ur-PK", is_mobile=True)
        hand = phone.new_page()
        hand.goto(link)
        assert hand.locator("html").get_attribute("dir") == "rtl" and hand.locator("html").get_attribute("lang") == "ur"
        expect(hand.locator("input[value='3']")).to_be_checked()
        chair.sync()
        assert chair.scores.report("nps").n == 10
        hand.locator("main button").click()
        hand.locator("textarea").first.fill(WORDS)
        hand.locator("main button").click()
        hand.get_by_role("heading").first.wait_for()
        assert hand.evaluate("document.documentElement.scrollWidth <= innerWidth")
        chair.sync()

        # Seen by the team: in the score, in the dossier, among the cases.
        after = chair.scores.report("nps")
        assert (after.n, after.detractors) == (11, 2) and (after.value or 0) < (before.value or 0)
        assert not isinstance(after.response, Unknown | None) and after.response.value == 1.0
        desk.goto(f"{address}/listening")
        expect(desk.locator(".score")).to_contain_text("11 answers")
        desk.get_by_role("link", name="نادیہ رحمان").first.click()
        expect(desk.locator("main")).to_contain_text(WORDS)
        assert "/cases/" in desk.url
        desk.goto(f"{address}/customers/{NADIA}")
        expect(desk.locator("main")).to_contain_text(WORDS)
        desk.goto(f"{address}/cases")
        expect(desk.locator(".cases")).to_contain_text("نادیہ رحمان")
