"""A working-backwards page as a person edits it: drafted, kept, gone back to, taken away, and never overwritten."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from openchair.chair.chair import Chair
from openchair.cli.wiring import init_home, open_home
from openchair.server.app import create_app, state_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a chair for the customer"
WISH = "We need a box that comes when somebody is at home in the evening."


@pytest.fixture
def chair(tmp_path: Path) -> Iterator[Chair]:
    """A shop whose server turns no wheel by itself."""
    init_home(tmp_path / "shop", {"name": "Figs & Co", "currency": "EUR", "turn_at": "off",
                                  "sync_seconds": "3600"})  # fmt: skip
    made = open_home(tmp_path / "shop")
    yield made
    state_of(made).close()


def test_a_sheet_goes_round(chair: Chair, serve_app: Any, browser: Browser) -> None:
    """From the list to the draft, through two versions and back to the first; another's edit is not overwritten."""
    access = state_of(chair).access
    key = access.create_key("shop", ["ingest"])[1]
    said = [
        {"type": "track", "userId": f"m{n}", "event": "Survey Question Answered",
         "properties": {"survey_type": "nps", "score": 7, "comment": WISH if n % 4 else "The price is far too high."}}
        for n in range(40)
    ]  # fmt: skip
    page = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True).new_page()
    with serve_app(create_app(chair, access, chair.settings)) as address:
        assert page.request.post(f"{address}/v1/batch", data={"batch": said, "writeKey": key}).status == 200
        chair.sync()
        chair.turn()
        page.goto(f"{address}/welcome/{access.invite('owner')}")
        page.get_by_label("E-mail").fill("ada@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button").click()
        page.goto(f"{address}/opportunities")
        page.locator("th a:visible").first.click()
        expect(page.get_by_text("A draft from what is known")).to_be_visible()
        expect(page.locator("blockquote", has_text=WISH)).to_be_visible()
        there = page.url
        page.get_by_label("Headline").fill("Boxes <b>when</b> you are home")
        page.get_by_label("Why, in a few words").fill("plainer")
        page.get_by_role("button", name="Keep as a new version").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Boxes <b>when</b> you are home")
        page.get_by_label("What must be true").fill("It costs less\nthan it keeps")
        other = page.context.new_page()
        other.goto(there)
        other.get_by_label("Headline").fill("Somebody else's")
        other.get_by_role("button", name="Keep as a new version").click()
        page.get_by_role("button", name="Keep as a new version").click()
        expect(page.get_by_role("alert")).to_contain_text("is not the newest")
        expect(page.get_by_label("What must be true")).to_have_value("It costs less\nthan it keeps")
        page.get_by_role("button", name="Keep as a new version").click()
        expect(page.get_by_text("than it keeps").first).to_be_visible()
        page.get_by_role("button", name="Restore version 1").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Boxes <b>when</b> you are home")
        expect(page.locator("#versions li")).to_have_count(4)
        with page.expect_download() as taken:
            page.get_by_role("link", name="As Markdown").click()
        assert Path(taken.value.path()).read_text("utf-8").startswith("# Boxes \\<b\\>when\\</b\\> you are home")
        wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert wide
