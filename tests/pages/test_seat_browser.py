"""The seat in Chromium, on the sample shop: phone and desk, three languages, light and dark, keyboard, no script."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from openchair.chair.actor import OWNER_AT_HOME, Actor
from openchair.chair.chair import Chair
from openchair.chair.people.seating import LANGUAGES
from openchair.cli.demo import SAMPLE, build
from openchair.cli.wiring import open_home
from openchair.server.app import create_app, state_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CUSTOMERS = 200
TAGS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = ("/seat", "/seat/decisions")
STAFF = Actor("bob@example.org", "staff")


@dataclass(frozen=True)
class Shop:
    """A served sample shop, and someone in it for whom something was decided."""

    chair: Chair
    address: str
    who: str

    def link(self, language: str = "en") -> str:
        """A fresh link to their seat."""
        return self.address + self.chair.seats.link(self.who, by=STAFF, language=language)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, serve_app: Any) -> Iterator[Shop]:
    home, _ = build(Path(tmp_path_factory.mktemp("seat")), SAMPLE, CUSTOMERS, lambda step: None)
    chair = open_home(home)
    decision = next(d for d in chair.decisions(limit=20)[0] if d.status == "proposed")
    who, people = decision.customer_id, chair.people
    for name, value in (("city", "لاہور"), ("children", "two"), ("odd name of a thing", "x" * 300), ("hobby", "ฟุตบอล")):
        people.say(who, name, value, by=STAFF)
    people.say(who, "children", "three", by=OWNER_AT_HOME)
    people.note(who, "Prefers to talk after five. " * 20, by=STAFF)
    people.forbid(who, "peanuts", by=STAFF)
    people.agree(who, "marketing", "e-mail", "yes", by=STAFF, wording="Yes, send me mail.", language="en")
    with serve_app(create_app(chair, state_of(chair).access, chair.settings)) as address:
        yield Shop(chair, address, who)
    state_of(chair).close()


def seated(
    shop: Shop, browser: Browser, language: str = "en", **context: Any
) -> tuple[BrowserContext, Page, list[str]]:
    """A browser at the seat, and the list its troubles go to."""
    opened = browser.new_context(**context)
    opened.set_default_timeout(60_000)
    page, troubles = opened.new_page(), []
    page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    page.on("request", lambda asked: None if asked.url.startswith(shop.address) else troubles.append(asked.url))
    page.goto(shop.link(language))
    page.locator("main button").click()
    page.wait_for_url("**/seat")
    return opened, page, troubles


def violations(page: Page) -> list[str]:
    """What axe finds wrong with a page, each with where."""
    found = Axe().run(page, options=TAGS).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_everyone_can_use_the_seat(
    width: int, scheme: Any, language: str, shop: Shop, browser: Browser, faults: str
) -> None:
    """WCAG 2.2 AA by axe; nothing too wide, too small or unnamed; no script, no request elsewhere."""
    size = {"width": width, "height": 900}
    context, page, troubles = seated(shop, browser, language, viewport=size, color_scheme=scheme)
    wrong = {}
    for path in PAGES:
        page.goto(shop.address + path)
        assert page.evaluate("document.documentElement.lang") == language
        assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ur" else "ltr")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wrong[path] = [*page.evaluate(faults), *violations(page)]
    page.goto(shop.link(language))
    wrong["link"] = [*page.evaluate(faults), *violations(page)]
    context.close()
    assert {path: found for path, found in wrong.items() if found} == {}
    assert not troubles


def test_whoever_is_refused_can_read_that_too(shop: Shop, browser: Browser, faults: str) -> None:
    """The page that says there is no seat."""
    context = browser.new_context(viewport={"width": 390, "height": 800}, locale="th-TH")
    page = context.new_page()
    assert page.goto(f"{shop.address}/seat/nothing").status == 404  # type: ignore[union-attr]
    found = [*page.evaluate(faults), *violations(page)]
    language = page.evaluate("document.documentElement.lang")
    context.close()
    assert (found, language) == ([], "th")


def test_all_is_done_by_keyboard(shop: Shop, browser: Browser) -> None:
    """First the way past the head, then the page in its order; one always sees where one is; what is done is said."""
    context, page, troubles = seated(shop, browser)
    names = []
    for _ in range(6):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert names == ["Skip to the page", "English", "اردو", "ไทย", "What must never happen", "What we know about you"]
    page.get_by_label("Add what must never happen").focus()
    page.keyboard.type("No flowers")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("It holds from this moment").wait_for()
    assert page.locator(".never").get_by_text("No flowers").count() == 1
    context.close()
    assert "no flowers" in {rule.term for rule in shop.chair.people.dossier(shop.who, by=STAFF).hard_rules}
    assert not troubles


def test_all_is_done_without_scripts(shop: Shop, browser: Browser) -> None:
    """Correct, remove, agree, be left in peace, change the language: plain forms."""
    context, page, _ = seated(shop, browser, java_script_enabled=False)
    trait = page.locator(".facts > div", has=page.get_by_text("three", exact=True))
    trait.get_by_text("Correct or remove").click()
    trait.get_by_label("What is right?").fill("four")
    trait.get_by_role("button", name="Correct").click()
    page.get_by_role("status").get_by_text("Your word goes before anybody else’s").wait_for()
    assert page.locator(".facts").get_by_text("four", exact=True).count() == 1
    asked = page.get_by_role("group", name="You may call me with offers and news.")
    asked.get_by_role("button", name="No").click()
    assert asked.get_by_role("button", name="No").get_attribute("aria-pressed") == "true"
    page.get_by_label("Half as often", exact=True).check()
    page.get_by_role("button", name="Keep to this").click()
    assert page.get_by_label("Half as often", exact=True).is_checked()
    page.get_by_role("button", name="اردو").click()
    page.get_by_role("heading", name="ہم آپ کے بارے میں کیا جانتے ہیں").wait_for()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_narrowest_phone_holds_it(language: str, shop: Shop, browser: Browser, faults: str) -> None:
    """At 320 pixels nothing is cut off, in any language, with everything open."""
    context, page, _ = seated(shop, browser, language, viewport={"width": 320, "height": 700})
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = page.evaluate(faults)
    context.close()
    assert found == []


def test_everything_is_read_and_printed(shop: Shop, browser: Browser, faults: str) -> None:
    """The readable copy passes the same checks, and is paper when printed: no buttons, no ways elsewhere."""
    context, page, _ = seated(shop, browser, "ur", viewport={"width": 390, "height": 900})
    page.goto(f"{shop.address}/seat/data")
    # Three of each are like all of them, and axe looks at each against all.
    page.evaluate("document.querySelectorAll('.rows').forEach(l => [...l.children].slice(3).forEach(e => e.remove()))")
    assert [*page.evaluate(faults), *violations(page)] == []
    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="آپ کے بارے میں سب کچھ").is_visible()
    assert not page.locator(".crumb").is_visible()
    assert page.pdf(format="A4").count(b"/Type /Page\n") >= 1
    context.close()
