"""The same pages on the real thing: the sample shop, its chair, the whole server, its first owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from openchair.cli.demo import SAMPLE, build
from openchair.cli.wiring import open_home
from openchair.server.app import create_app, state_of
from openchair.server.pages.render import ROOMS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CUSTOMERS = 400


@dataclass(frozen=True)
class Shop:
    """A served sample shop and the link to become its owner."""

    address: str
    welcome: str


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, serve_app: Any) -> Iterator[Shop]:
    home, _ = build(Path(tmp_path_factory.mktemp("demo")), SAMPLE, CUSTOMERS, lambda step: None)
    chair = open_home(home)
    access = state_of(chair).access
    with serve_app(create_app(chair, access, chair.settings)) as address:
        yield Shop(address, f"{address}/welcome/{access.invite('owner')}")


@pytest.fixture(scope="module")
def page(shop: Shop, browser: Browser) -> Iterator[Page]:
    """A browser in which the owner is signed in; at its end nothing may have gone wrong in it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(120_000)
    opened, troubles = context.new_page(), []
    opened.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda wrong: troubles.append(str(wrong)))
    opened.on("request", lambda asked: None if asked.url.startswith(shop.address) else troubles.append(asked.url))
    opened.goto(shop.welcome)
    opened.get_by_label("E-mail").fill("owner@example.org")
    opened.get_by_label("Password").fill("a sentence only I would say")
    opened.get_by_role("button").click()
    opened.wait_for_url(f"{shop.address}/")
    yield opened
    context.close()
    assert not troubles


def test_today_has_people_reasons_and_ranges(shop: Shop, page: Page) -> None:
    """A page that answers, with decisions on it, and says that it is simulated."""
    page.goto(shop.address)
    assert "worth a word today" in page.get_by_role("heading", level=1).inner_text()
    rows = page.locator(".acts tbody tr")
    assert 1 <= rows.count() <= 20
    assert rows.locator(".why li").count() >= rows.count()
    assert rows.locator("svg.range").count() == rows.count()
    assert page.get_by_text("sample shop, simulated").count() >= 1
    assert page.locator(".lens").count() == 3


def test_approving_is_kept(shop: Shop, page: Page) -> None:
    """The row changes in place, and is still so when the page is loaded again."""
    page.goto(shop.address)
    row = page.locator(".acts tbody tr").first
    row.get_by_role("button", name="Approve").click()
    row.get_by_text("Approved").wait_for()
    page.reload()
    assert page.locator(".acts tbody .status.approved").count() >= 1


def test_a_customer_is_found_and_read(shop: Shop, page: Page) -> None:
    """From the list to the dossier: value, timeline, decision and why."""
    page.goto(f"{shop.address}/customers")
    assert page.locator("#people tbody tr").count() == 50
    page.get_by_role("link", name="Next 50").click()
    assert page.locator("#people tbody tr").count() == 50
    page.locator("#people tbody a").first.click()
    assert page.locator(".time li").count() >= 1
    assert page.get_by_text("How this was chosen").count() == 1


def test_what_is_said_on_the_sheet_stands_on_it(shop: Shop, page: Page) -> None:
    """A rule first of all, a note with its author, a consent; and the audit log has the line of each."""
    page.goto(f"{shop.address}/customers?order=recent")
    page.locator("#people tbody a").first.click()
    page.get_by_text("Add a hard rule").click()
    page.get_by_label("What must never be done").select_option("lupin")
    page.get_by_role("button", name="Add it").click()
    page.locator(".never").get_by_text("Never lupin").wait_for()
    page.get_by_text("Write a note").click()
    page.get_by_label("What the next person should know").fill("Ask about the garden")
    page.get_by_role("button", name="Keep it").last.click()
    page.locator("#notes .notes").get_by_text("Ask about the garden").wait_for()
    assert "owner@example.org" in page.locator("#notes .notes").inner_text()
    page.get_by_text("Record a yes or no").click()
    page.get_by_label("To", exact=True).select_option("automatic orders:any")
    page.get_by_label("They said").select_option("no")
    page.get_by_role("button", name="Record it").click()
    page.locator("#consents .tight .answer.no").wait_for()
    page.goto(f"{shop.address}/audit")
    told = page.locator(".audit tbody").inner_text()
    assert all(f"said {name}" in told for name in ("forbid", "note", "consent.automatic_orders"))
    page.goto(f"{shop.address}/consents")
    assert "automatic orders" in page.locator(".consents tbody").inner_text()


def test_a_file_goes_in_through_the_page(shop: Shop, page: Page) -> None:
    """Upload, say what was not guessed, confirm; the row that could not be read comes back as CSV."""
    orders = b"Order,Email,Date,Total\n1,ada@example.org,2026-01-02,12.50\n2,ada@example.org,2026-02-03,free\n"
    page.goto(f"{shop.address}/imports")
    page.set_input_files("#file", {"name": "orders.csv", "mimeType": "text/csv", "buffer": orders})
    page.get_by_role("button", name="Look at it").click()
    page.get_by_label("amount").select_option("Total")
    page.get_by_role("button", name="Import this file").click()
    page.wait_for_url("**/imports#import-*")
    cells = page.locator(".imports tbody tr").first.locator("td").all_inner_texts()
    assert cells[1:4] == ["2", "1", "0"]
    link = page.get_by_role("link", name="1 rejected rows of orders.csv as CSV").get_attribute("href")
    assert "free" in page.request.get(f"{shop.address}{link}").text()


def test_a_call_is_noted_and_heard(shop: Shop, page: Page) -> None:
    """The list of whoever signed in; a note is kept, counted, and leads to the customer."""
    page.goto(f"{shop.address}/calls")
    assert "people to call" in page.get_by_role("heading", level=1).inner_text()
    row = page.locator(".callers tbody tr").first
    name = row.locator("th a").first.inner_text()
    row.get_by_text("Note the call").click()
    row.get_by_label("What they said, in their words").fill("Less <b>sugar</b>, please")
    row.get_by_role("button", name="Keep the note").click()
    page.locator(".callers tbody tr").first.get_by_text("Reached").wait_for()
    assert page.locator(".tally tbody tr").first.locator("td").all_inner_texts()[2:] == ["30", "1", "1"]
    page.locator(".callers tbody tr").first.get_by_role("link", name=name).click()
    page.wait_for_url(f"{shop.address}/customers/*")


def test_what_breaks_is_told_in_the_house_s_look(shop: Shop, page: Page) -> None:
    """Nobody by that name: a page with a way back. Read without scripts' console, where a 404 is an error."""
    answer = page.request.get(f"{shop.address}/customers/nobody")
    assert answer.status == 404
    assert "Back to Today" in answer.text()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_real_pages_hold_together(width: int, scheme: Any, shop: Shop, page: Page, faults: str) -> None:
    """Nothing too wide, too small, unnamed or out of order on real records either."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(shop.address)
    someone = page.locator(".acts .who a").first.get_attribute("href")
    rooms = [address for _heading, some in ROOMS for address, _name, _role in some]
    for path in (*rooms, "/customers?order=recent", someone, "/cases", "/calls/sheets"):
        answer = page.goto(f"{shop.address}{path}")
        assert answer and answer.ok, path
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate(faults) == [], path
