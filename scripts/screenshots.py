"""Make docs/images anew: build the sample shop, let weeks of it pass, serve it, sign in as its owner, look around.

    python scripts/screenshots.py [customers [weeks]]

Everything shown is simulated, and says so. Needs Chromium: Debian's, else Playwright's own.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from openchair.chair.actor import CUSTOMER, OWNER_AT_HOME
from openchair.cli.demo import SAMPLE, build
from openchair.cli.wiring import open_home
from openchair.listening.asking.survey import starter

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
CUSTOMERS, WEEKS = 2000, 8
"""As many as the demo has; with fewer, too few are left alone for Learning to tell a lift."""
DESK, PHONE = {"width": 1280, "height": 1240}, {"width": 390, "height": 1500}
FLAGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run", *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # fmt: skip
MATTERS = ("primary", "focus", "opportunities", "journey", "value", "growth", "loyalty", "learning")
LONGEST_MS = 120_000
"""A report of a whole shop is counted when it is first looked at."""
PASSWORD = "only for these pictures"


def fonts(folder: Path) -> None:
    """A bare Debian has no Thai letters and not all of Urdu: lend the browser those of the fontpkg wheels."""
    specs = [find_spec(f"fontpkg_noto_sans_{script}") for script in ("thai", "arabic")]
    for root in [place for spec in specs if spec for place in spec.submodule_search_locations or []]:
        for font in Path(root).rglob("*.[ot]tf"):
            (folder / "fonts").mkdir(exist_ok=True)
            shutil.copy(font, folder / "fonts")


def sign_in(browser: Browser, welcome: str) -> str:
    """Become the owner by the one-time link; gives the browser's cookies to use again."""
    state = str(Path(tempfile.mkdtemp()) / "cookies.json")
    page = browser.new_page(viewport=DESK)
    page.goto(welcome)
    page.get_by_label("E-mail").fill("owner@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button").click()
    page.get_by_role("heading", level=1).wait_for()
    page.context.storage_state(path=state)
    page.context.close()
    return state


def sit(browser: Browser, home: Path, who: str, address: str) -> None:
    """The same customer's own seat: before it is opened, and then in English and in Urdu."""
    chair = open_home(home)
    chair.people.forbid(who, "peanuts", by=CUSTOMER)
    chair.people.say(who, "favourite_team", "Lahore Lions", by=CUSTOMER)
    page = browser.new_page(viewport=PHONE)
    page.goto(address + chair.seats.link(who, by=OWNER_AT_HOME, language="en"))
    page.screenshot(path=IMAGES / "seat-link.png")
    page.locator("main button").click()
    page.wait_for_url("**/seat")
    page.screenshot(path=IMAGES / "seat.png")
    page.get_by_role("button", name="اردو").click()
    page.screenshot(path=IMAGES / "seat-urdu.png")


def ask(browser: Browser, home: Path, who: str, address: str) -> None:
    """A survey as the same customer finds it, in Urdu, with a score chosen beforehand."""
    chair = open_home(home)
    chair.surveys.put(starter()[0], by=OWNER_AT_HOME)
    chair.surveys.open("nps", by=OWNER_AT_HOME)
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(address + chair.surveys.link("nps", who, by=OWNER_AT_HOME, language="ur") + "?score=9")
    page.screenshot(path=IMAGES / "survey-urdu.png")


def shoot(browser: Browser, home: Path, cookies: str, address: str) -> None:
    """One picture a page: desk, phone, dark."""

    def opened(size: dict[str, int], scheme: str) -> Page:
        context = browser.new_context(viewport=size, color_scheme=scheme, storage_state=cookies)  # type: ignore[arg-type]  # the stubs want their own names for both
        context.set_default_timeout(LONGEST_MS)
        return context.new_page()

    def take(page: Page, path: str, name: str) -> None:
        page.goto(address + path)
        page.screenshot(path=IMAGES / f"{name}.png")
        sys.stdout.write(f"docs/images/{name}.png\n")

    desk, dark, phone = opened(DESK, "light"), opened(DESK, "dark"), opened(PHONE, "light")
    take(desk, "/", "today")
    link = desk.get_by_role("link", name="Open dossier")
    someone = link if link.count() else desk.locator(".acts .who a").first
    who = someone.get_attribute("href") or "/customers"
    take(dark, "/", "today-dark")
    take(phone, "/", "today-phone")
    take(desk, "/plan", "plan")
    take(phone, "/plan", "plan-phone")
    take(desk, "/customers", "customers")
    take(desk, who, "customer")
    take(dark, who, "customer-dark")
    sit(browser, home, who.rpartition("/")[2], address)
    ask(browser, home, who.rpartition("/")[2], address)
    for name in ("listening", "calls", "cases", *MATTERS):
        take(desk, f"/{name}", name)
    for name in ("listening", "learning"):
        take(phone, f"/{name}", f"{name}-phone")
    take(desk, "/surveys/nps", "survey-edit")
    desk.goto(f"{address}/listening")
    take(desk, desk.locator(".themes th a").first.get_attribute("href") or "/listening", "theme")
    desk.goto(f"{address}/merges")
    desk.get_by_role("button", name="Look for people who are here twice").click()
    for name in ("catalogue", "imports", "merges", "consents", "audit"):
        take(desk, f"/{name}", name)


def main(customers: int = CUSTOMERS, weeks: int = WEEKS) -> None:
    """Build, live, serve, look, stop."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="openchair-") as scratch:
        folder = Path(scratch)
        home, _ = build(folder, SAMPLE, customers, lambda step: sys.stdout.write(f"{step}\n") and None, weeks=weeks)
        command = [Path(sys.executable).with_name("openchair"), "--home", str(home), "serve", "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            lines = iter(server.stdout or [])
            address = _after("Openchair is at ", next(lines))
            welcome = re.findall(r"http\S+/welcome/\S+", next(lines))[0]
            fonts(folder)
            system = next((p for p in ("/usr/bin/chromium",) if Path(p).exists()), None)
            with sync_playwright() as playwright:
                environment = os.environ | {"XDG_DATA_HOME": str(folder)}
                browser = playwright.chromium.launch(executable_path=system, args=FLAGS, env=environment)  # type: ignore[arg-type]  # values are text
                shoot(browser, home, sign_in(browser, welcome), address)
                browser.close()
        finally:
            server.terminate()
            server.wait(timeout=20)


def _after(words: str, line: str) -> str:
    return line.partition(words)[2].strip()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
