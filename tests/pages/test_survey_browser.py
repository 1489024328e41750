"""A survey in Chromium: made on the page, answered in Urdu on a phone by keyboard, framed in another site's page."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from openchair.chair.actor import OWNER_AT_HOME
from openchair.chair.chair import Chair
from openchair.cli.wiring import init_home, open_home
from openchair.listening.asking.survey import starter
from openchair.server.app import create_app, state_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TAGS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PASSWORD = "a chair for the customer"
WHO = "ada@example.org"


@dataclass(frozen=True)
class Shop:
    """A served shop with one customer."""

    chair: Chair
    address: str

    def said(self) -> list[dict[str, Any]]:
        """What the customer answered, once it is in history."""
        self.chair.sync()
        return self.chair.state.said("answers", self.chair.find(WHO))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, serve_app: Any) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("survey") / "shop"
    init_home(home, {"name": "Fig & Co", "currency": "EUR", "sync_seconds": "3600", "turn_at": "off"})
    file = home.parent / "orders.csv"
    file.write_text(f"order_id,date,customer_id,email,amount\n1,2026-01-02,c1,{WHO},20\n")
    chair = open_home(home)
    chair.listen([file])
    chair.turn()
    access = state_of(chair).access
    access.add_user("owner@example.org", "Olu", PASSWORD, "owner")
    chair.surveys.put(starter()[1], by=OWNER_AT_HOME)
    chair.surveys.open("after-order", by=OWNER_AT_HOME)
    with serve_app(create_app(chair, access, chair.settings)) as address:
        yield Shop(chair, address)
    state_of(chair).close()


def watched(browser: Browser, **context: Any) -> tuple[Page, list[str], list[int]]:
    """A page, the list its troubles go to, and that of the bytes it loads."""
    opened = browser.new_context(**context)
    opened.set_default_timeout(60_000)
    page, troubles, weights = opened.new_page(), [], []  # type: ignore[var-annotated]
    page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda wrong: troubles.append(str(wrong)))
    page.on("response", lambda got: weights.append(len(got.body())) if got.status == 200 else None)
    return page, troubles, weights


def violations(page: Page) -> list[str]:
    """What axe finds wrong with a page, each with where."""
    found = Axe().run(page, options=TAGS).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def signed_in(shop: Shop, browser: Browser, **context: Any) -> tuple[Page, list[str]]:
    """The owner at their desk."""
    page, troubles, _ = watched(browser, **context)
    page.goto(f"{shop.address}/sign-in")
    page.fill("#email", "owner@example.org")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.address}/")
    return page, troubles


def test_a_survey_is_made_on_the_page_and_answered_in_urdu_by_keyboard(shop: Shop, browser: Browser) -> None:
    """From a starter, changed with its preview changing beside it, opened; then a phone, no mouse, right to left."""
    page, troubles = signed_in(shop, browser, viewport={"width": 1440, "height": 1000})
    page.goto(f"{shop.address}/surveys")
    page.click("text=Start from this >> nth=0")
    title = page.locator('[name="title.ur"]')
    title.fill("کیا آپ دوستوں کو ہمارے بارے میں بتائیں گے؟")
    title.press("Tab")
    urdu = page.frame_locator('iframe[title="Preview in ur"]')
    urdu.locator("h1:has-text('دوستوں')").wait_for()
    assert urdu.locator("html").get_attribute("dir") == "rtl"
    page.click("button:has-text('Keep it')")
    page.locator("text=Kept as version 1").wait_for()
    page.click("button:has-text('Open it')")
    page.fill('[name="who"]', WHO)
    page.click("button:has-text('Make a link')")
    link = page.locator("#made-link").input_value()
    assert urlsplit(link).netloc == urlsplit(shop.address).netloc
    assert [violations(page), troubles] == [[], []]
    page.context.close()

    phone, troubles, weights = watched(browser, java_script_enabled=True, locale="ur-PK", **PHONE)
    phone.goto(f"{link}?score=7&language=ur")
    assert sum(weights) < 30_000
    assert phone.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ur", "rtl"]
    assert phone.locator(":checked").get_attribute("value") == "7"
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(phone) == []
    assert shop.said() == []
    for _ in range(6):
        phone.keyboard.press("Tab")
        if phone.evaluate("document.activeElement.type") == "radio":
            break
    # In a page that is read from the right, the arrow to the left leads on.
    phone.keyboard.press("ArrowDown")
    phone.keyboard.press("ArrowDown")
    assert phone.locator(":checked").get_attribute("value") == "9"
    phone.keyboard.press("Tab")
    assert phone.evaluate("document.activeElement.textContent.trim()") == "میرا جواب بھیجیں"
    phone.keyboard.press("Enter")
    phone.locator("textarea").wait_for()
    assert [one["score"] for one in shop.said()] == [9.0]
    assert violations(phone) == []
    phone.locator("textarea").focus()
    phone.keyboard.type("انجیر بہت تازہ تھے۔ 😀 <b>")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**thanks=1**")
    assert violations(phone) == []
    assert not troubles
    phone.context.close()
    score, words = shop.said()
    assert (words["text"], words["language"]) == ("انجیر بہت تازہ تھے۔ 😀 <b>", "ur")
    desk, troubles = signed_in(shop, browser)
    desk.goto(f"{shop.address}/customers/{shop.chair.find(WHO)}")
    assert desk.locator("text=انجیر بہت تازہ تھے۔ 😀 <b>").count()
    assert not troubles
    desk.context.close()
    assert score["score"] == 9.0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ur", "th"])
def test_everyone_can_answer(language: str, scheme: Any, shop: Shop, browser: Browser, faults: str) -> None:
    """WCAG 2.2 AA by axe, in light and dark, small and large, also without scripts; nothing too wide or too small."""
    here = f"{shop.address}/survey/open/after-order?language={language}"
    wrong = {}
    for width in (320, 1200):
        page, troubles, weights = watched(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
        for address in (here, f"{here}&score=3", f"{here}&given=2", f"{here}&thanks=1", f"{shop.address}/survey/x"):
            weights.clear()
            page.goto(address)
            assert sum(weights) < 30_000
            wrong[address, width] = [*page.evaluate(faults), *violations(page)]
        page.context.close()
        assert [one for one in troubles if "404" not in one] == []
    plain, _, _ = watched(browser, java_script_enabled=False)
    plain.goto(here)
    plain.check('[value="4"]')
    plain.locator("form button").click()
    plain.locator("textarea").fill("fine")
    plain.locator("form button").click()
    plain.wait_for_url("**thanks=1**")
    plain.context.close()
    assert {where: found for where, found in wrong.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_edit(scheme: Any, shop: Shop, browser: Browser, faults: str) -> None:
    """The list, a survey, a new one: as on all pages, also on a phone."""
    for width in (390, 1440):
        page, troubles = signed_in(shop, browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
        for path in ("/surveys", "/surveys/after-order", "/surveys/new"):
            page.goto(shop.address + path)
            assert [path, width, *page.evaluate(faults), *violations(page)] == [path, width]
        page.context.close()
        assert not troubles


def test_a_tag_puts_the_survey_into_another_site_s_page(shop: Shop, browser: Browser, serve_app: Any) -> None:
    """Its frame is as high as what it shows; named without our seal nobody is known, with an invitation they are."""
    token = shop.chair.surveys.link("after-order", WHO, by=OWNER_AT_HOME).rpartition("/")[2]
    shop.said()
    before = len(shop.said())

    def tag(**data: str) -> str:
        said = " ".join(f'data-{name}="{value}"' for name, value in data.items())
        return f'<script src="{shop.address}/survey/embed.js" {said}></script>'

    body = {"anonymous": tag(survey="after-order", language="th", customer=WHO, identifier=WHO),
            "known": tag(survey="after-order", invitation=token)}  # fmt: skip
    pages = {
        name: f"<!doctype html><html lang=en><title>x</title><main><h1>Blog</h1>{one}</main>"
        for name, one in body.items()
    }
    routes = [Route(f"/{name}", lambda _, page=page: HTMLResponse(page)) for name, page in pages.items()]
    with serve_app(Starlette(routes=routes)) as blog:
        # Another host, not only another port: the browser then takes it for another site.
        elsewhere = blog.replace("127.0.0.1", "localhost")
        for name, known in (("anonymous", False), ("known", True)):
            page, troubles, _ = watched(browser, viewport={"width": 800, "height": 900})
            page.goto(f"{elsewhere}/{name}")
            frame = page.frame_locator("iframe")
            frame.locator("form button").wait_for()
            asked = page.frames[-1]
            assert asked.url.startswith(f"{shop.address}/survey/frame/after-order")
            fits = "Math.abs(innerHeight - document.documentElement.getBoundingClientRect().height) < 2"
            asked.wait_for_function(fits)
            frame.locator('[value="2"]').check()
            frame.locator("form button").click()
            frame.locator("textarea").wait_for()
            asked.wait_for_function(fits)
            assert page.evaluate("document.querySelector('iframe').clientHeight") > 600
            assert violations(page) == []
            page.context.close()
            assert [one for one in troubles if "404" not in one] == []
            assert len(shop.said()) - before == (1 if known else 0)
            before = len(shop.said())
    with shop.chair.reading() as engine:
        facts = engine.rows(engine.facts("answers")).to_pylist()
    nobody = [one for one in facts if one["identifier"] is None and one["language"] == "th" and one["score"] == 2.0]
    assert len(nobody) == 1
    assert WHO not in json.dumps(nobody, default=str)


def test_no_other_page_of_ours_stands_in_a_frame(shop: Shop, browser: Browser, serve_app: Any) -> None:
    """The survey's own page refuses to be framed: there the customer might be known."""
    path = shop.chair.surveys.link("after-order", WHO, by=OWNER_AT_HOME)
    html = f'<!doctype html><title>x</title><iframe src="{shop.address}{path}"></iframe>'
    with serve_app(Starlette(routes=[Route("/", lambda _: HTMLResponse(html))])) as blog:
        page, troubles, _ = watched(browser)
        page.goto(blog.replace("127.0.0.1", "localhost"))
        page.wait_for_timeout(500)
        assert any("frame-ancestors" in one for one in troubles)
        page.context.close()
