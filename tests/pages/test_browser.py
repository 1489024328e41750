"""Pages in Chromium: phone and desk, light and dark, with and without scripts."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from openchair.server.pages.render import ROOMS

pytestmark = [pytest.mark.browser]

PAGES = ["/", "/plan", "/plan/of/made-up-1", "/customers", "/customers?search=zzz", "/customers/c0001",
         "/customers/c0003", "/customers/c0004", "/customers/c0005", "/surveys", "/surveys/nps", "/surveys/odd",
         "/cases", "/cases/k3", "/cases/k9",
         "/calls", "/calls/sheets", "/value", "/growth", "/growth?by=worth", "/loyalty", "/journey", "/blocks",
         "/learning", "/focus", "/primary", "/opportunities", "/opportunities/need-0", "/catalogue", "/catalogue/new",
         "/catalogue/file", "/catalogue/actions/odd",
         "/merges", "/consents", "/audit", "/audit?customer=nobody", "/imports", "PREVIEW"]  # fmt: skip


def watched(context: BrowserContext, origin: str) -> tuple[Page, list[str]]:
    """A page and the list its troubles go to: console errors, crashes, requests to anywhere else."""
    page, troubles = context.new_page(), []
    page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda wrong: troubles.append(str(wrong)))
    page.on("request", lambda asked: None if asked.url.startswith(origin) else troubles.append(f"asked {asked.url}"))
    return page, troubles


def uploaded(origin: str) -> str:
    """Where an uploaded file is looked at."""
    return httpx.post(f"{origin}/imports", files={"file": ("orders.csv", b"Email,Total\n")}).headers["location"]


AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def looked_at(page: Page, address: str, *widths: int) -> Iterator[tuple[int, str]]:
    """A page with all its details open, at each of these widths, light and dark; it is loaded once."""
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for width, scheme in product(widths, SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.evaluate("document.getAnimations().forEach(one => one.finish())")  # colours on their way to others
        yield width, scheme


def test_every_page_holds_together(made_up: Any, serve: Any, browser: Browser, faults: str) -> None:
    """No console error, no outside request, nothing too wide or too small, headings in order, everything named."""
    origin, wrong = serve(made_up), {}
    context = browser.new_context()
    page, troubles = watched(context, origin)
    for path in PAGES:
        address = origin + (uploaded(origin) if path == "PREVIEW" else path)
        for look in looked_at(page, address, 320, 390, 820, 1440):
            if found := page.evaluate(faults):
                wrong[path, look] = found
    context.close()
    assert not wrong
    assert not troubles


def test_every_state_of_the_day_holds_together(
    days: Any, made_up: Any, serve: Any, browser: Browser, faults: str
) -> None:
    """Empty, one, huge: at the width of a phone."""
    origin = serve(made_up)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page, troubles = watched(context, origin)
    wrong = {}
    for name, day in days.items():
        made_up.day = day
        page.goto(origin)
        if found := page.evaluate(faults):
            wrong[name] = found
    context.close()
    assert not wrong
    assert not troubles


@pytest.mark.parametrize("width", [390, 1440])
def test_right_to_left_is_the_same_sheet(width: int, made_up: Any, serve: Any, browser: Browser, faults: str) -> None:
    """In a right-to-left language the rooms stand on the other side, and nothing overflows."""
    origin = serve(made_up, "ur")
    context = browser.new_context(viewport={"width": width, "height": 900})
    page, troubles = watched(context, origin)
    for path in PAGES[:-1]:
        page.goto(origin + path)
        assert page.evaluate("document.documentElement.dir") == "rtl"
        assert page.evaluate(faults) == []
    if width > 1000:
        assert page.locator("header.side").bounding_box()["x"] > width / 2
    context.close()
    assert not troubles


def test_approve_changes_the_row_in_place(made_up: Any, serve: Any, browser: Browser) -> None:
    """One click: the row says so, the focus stays there, the page is not left."""
    origin = serve(made_up)
    context = browser.new_context()
    page, troubles = watched(context, origin)
    page.goto(origin)
    page.evaluate("window.stayed = true")
    row = page.locator("#decision-d0001")
    row.get_by_role("button", name="Approve").click()
    row.get_by_text("Approved").wait_for()
    assert page.evaluate("window.stayed")
    # The focus follows once the swap has settled, a moment after the words are there.
    page.wait_for_function("document.activeElement.textContent === 'Approved'")
    assert row.get_by_role("button").count() == 0
    other = page.locator("#decision-d0002")
    other.get_by_role("button", name="Not now").click()
    other.get_by_role("button", name="Approve after all").click()
    other.get_by_text("Approved").wait_for()
    assert [(who, what) for who, what, _ in made_up.marked] == [
        ("d0001", "approved"),
        ("d0002", "dismissed"),
        ("d0002", "approved"),
    ]
    context.close()
    assert not troubles


def test_an_answer_that_comes_too_late_is_explained(made_up: Any, serve: Any, browser: Browser) -> None:
    """The row stays, and the page says why."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(serve(made_up))
    page.locator("#decision-d0004").get_by_role("button", name="Approve").click()
    page.get_by_role("alert").get_by_text("answered elsewhere").wait_for()
    assert page.locator("#decision-d0004").get_by_role("button", name="Approve").count() == 1
    context.close()


def test_search_answers_as_you_type(made_up: Any, serve: Any, browser: Browser) -> None:
    """The list follows, the field keeps the focus, the address can be shared, nothing is kept in the browser."""
    origin = serve(made_up)
    context = browser.new_context()
    page, troubles = watched(context, origin)
    page.goto(origin + "/customers")
    page.get_by_role("searchbox").press_sequentially("nad", delay=20)
    page.locator("#people tbody tr").nth(1).wait_for(state="detached")
    page.wait_for_url("**/customers?search=nad&order=worth")
    assert page.evaluate("document.activeElement.id") == "search"
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    context.close()
    assert not troubles


def test_the_mapping_is_corrected_in_place(made_up: Any, serve: Any, browser: Browser) -> None:
    """Choosing the missing column offers the import; confirming reads the file."""
    origin = serve(made_up)
    context = browser.new_context()
    page, troubles = watched(context, origin)
    page.goto(origin + "/imports")
    page.set_input_files("#file", {"name": "orders.csv", "mimeType": "text/csv", "buffer": b"Email,Total\n"})
    page.get_by_role("button", name="Look at it").click()
    assert page.get_by_role("button", name="Import this file").count() == 0
    page.get_by_label("day").select_option("When")
    page.get_by_role("button", name="Import this file").click()
    page.wait_for_url("**/imports#import-i9")
    said = {"customer": "Email", "amount": "Total", "day": "When", "order": "", "item": ""}
    assert made_up.read == [("orders.csv", said)]
    context.close()
    assert not troubles


def test_everything_works_without_scripts(made_up: Any, serve: Any, browser: Browser) -> None:
    """Approve, search, sort, upload and confirm are plain forms and links."""
    origin = serve(made_up)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(origin)
    page.locator("#decision-d0001").get_by_role("button", name="Approve").click()
    page.wait_for_url("**/#decision-d0001")
    assert page.locator("#decision-d0001").get_by_text("Approved").count() == 1
    page.goto(origin + "/customers")
    page.get_by_role("searchbox").fill("nad")
    page.get_by_role("button", name="Search").click()
    assert page.get_by_role("row").count() == 2
    page.get_by_role("link", name="Name").click()
    assert "order=name" in page.url
    page.goto(origin + "/imports")
    page.set_input_files("#file", {"name": "orders.csv", "mimeType": "text/csv", "buffer": b"Email,Total\n"})
    page.get_by_role("button", name="Look at it").click()
    page.get_by_label("day").select_option("When")
    page.get_by_role("button", name="Show again").click()
    page.get_by_role("button", name="Import this file").click()
    page.wait_for_url("**/imports#import-i9")
    context.close()


def test_the_keyboard_goes_in_reading_order(made_up: Any, serve: Any, browser: Browser) -> None:
    """First the way past the rooms, then the rooms, then the page; and one always sees where one is."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(serve(made_up))
    names = []
    rooms = [name for _, some in ROOMS for _, name, _ in some]
    for _ in range(len(rooms) + 10):
        page.keyboard.press("Tab")
        names.append(page.evaluate("(document.activeElement.ariaLabel || document.activeElement.textContent).trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert names[:-7] == ["Skip to the page", "Openchair", *rooms, "Sign out"]
    assert [name.partition(" ")[0] for name in names[-7:-3]] == ["17", "3", "5", "8"], "what waits on the table"
    assert names[-2:] == ["Made-up Nadia", "Open dossier"]
    context.close()


@pytest.mark.parametrize("who", ["c0001", "c0003", "c0004", "c0005"])
def test_a_dossier_prints_on_one_sheet(who: str, made_up: Any, serve: Any, browser: Browser) -> None:
    """A4, without rooms, buttons and forms, however much is known: what must never be done stands on it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{serve(made_up)}/customers/{who}")
    sheets = page.pdf(format="A4").count(b"/Type /Page\n")
    page.emulate_media(media="print")
    assert page.locator(".side, button, form, .add").locator("visible=true").count() == 0
    assert page.locator(".never li").locator("visible=true").count() == page.locator(".never li").count()
    context.close()
    assert sheets == 1


@pytest.mark.slow
def test_every_page_keeps_wcag_2_2_aa(made_up: Any, serve: Any, browser: Browser) -> None:
    """Axe finds nothing, with every form and detail open, on a phone and at a desk, light and dark."""
    origin, wrong = serve(made_up), {}
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    for path in PAGES:
        address = origin + (uploaded(origin) if path == "PREVIEW" else path)
        for look in looked_at(page, address, 390, 1440):
            found = Axe().run(page, options=AXE)
            assert found.response["passes"]
            if found.violations_count:
                wrong[path, look] = found.generate_report()
    context.close()
    assert not wrong
