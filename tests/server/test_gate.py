"""Who gets in: the first owner's link, passwords, sessions, forged requests, strange hosts; every page's headers."""

import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from tests.server.conftest import OWNER, Shop, browsing

from openchair.server.app import create_app
from openchair.server.door.gate import SAFE_METHODS

STRANGER = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}


def test_nobody_gets_in_without_signing_in(shop: Shop) -> None:
    """Every page leads to signing in and remembers where one wanted to go; there is no default password."""
    answer = shop.client.get("/customers?order=recent")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fcustomers%3Forder%3Drecent"
    assert shop.client.get("/sign-in").status_code == 200
    assert shop.access.users() == []


def test_htmx_is_sent_to_the_whole_page(shop: Shop) -> None:
    """A part of a page asked for without a session makes the browser go and sign in, not nest a form in a table."""
    answer = shop.client.get("/customers", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in?next=%2Fcustomers")


def test_the_first_owner_comes_by_a_link_that_works_once(shop: Shop) -> None:
    """The link opens a form; used, it opens nothing."""
    token = shop.access.invite("owner")
    assert shop.client.get(f"/welcome/{token}").status_code == 200
    short = shop.client.post(f"/welcome/{token}", data={"email": OWNER[0], "password": "short"})
    assert short.status_code == 400
    assert "12" in short.text
    made = shop.client.post(f"/welcome/{token}", data={"email": OWNER[0], "password": OWNER[1]})
    assert (made.status_code, made.headers["location"]) == (303, "/")
    cookie = made.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert shop.client.get("/").status_code == 200
    assert shop.client.get(f"/welcome/{token}").status_code == 404
    assert (
        shop.client.post(f"/welcome/{token}", data={"email": "b@example.org", "password": OWNER[1]}).status_code == 404
    )
    assert [user.role for user in shop.access.users()] == ["owner"]


def test_signing_out_and_in_again(shop: Shop, sign_in: Callable[[], None]) -> None:
    """A session ends when one says so; the right password begins another; a wrong one tells nothing."""
    sign_in()
    token = shop.client.cookies["openchair"]
    assert shop.client.post("/sign-out").headers["location"] == "/sign-in"
    assert shop.access.session_user(token) is None
    assert shop.client.get("/").status_code == 303
    wrong = shop.client.post("/sign-in", data={"email": OWNER[0], "password": "not the one at all"})
    unknown = shop.client.post("/sign-in", data={"email": "nobody@example.org", "password": "not the one at all"})
    assert wrong.status_code == unknown.status_code == 401
    tidy = re.compile(r'nonce="[^"]*"|value="[^"]*"|nonce-[^"]*')
    assert tidy.sub("", wrong.text) == tidy.sub("", unknown.text)
    right = shop.client.post("/sign-in", data={"email": OWNER[0], "password": OWNER[1], "next": "/customers"})
    assert (right.status_code, right.headers["location"]) == (303, "/customers")
    assert shop.client.get("/").status_code == 200


@pytest.mark.parametrize("there", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(shop: Shop, sign_in: Callable[[], None], there: str) -> None:
    """Whatever `next` says, the way leads to a page of this server."""
    sign_in()
    shop.client.post("/sign-out")
    answer = shop.client.post("/sign-in", data={"email": OWNER[0], "password": OWNER[1], "next": there})
    assert answer.headers["location"] == "/"


def test_guessing_is_slowed_down(shop: Shop, sign_in: Callable[[], None]) -> None:
    """After five wrong passwords even the right one has to wait."""
    sign_in()
    shop.client.post("/sign-out")
    for _ in range(5):
        assert shop.client.post("/sign-in", data={"email": OWNER[0], "password": "guess"}).status_code == 401
    waiting = shop.client.post("/sign-in", data={"email": OWNER[0], "password": OWNER[1]})
    assert waiting.status_code == 429
    assert int(waiting.headers["retry-after"]) > 0


def test_other_sites_cannot_act(shop: Shop, sign_in: Callable[[], None]) -> None:
    """Even with the session's cookie: a request from elsewhere is refused, and one that hides where it is from too."""
    sign_in()
    for headers in (
        STRANGER,
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ):
        assert shop.client.post("/sign-out", headers=headers).status_code == 403
        assert shop.client.post("/api/v1/turns", headers=headers).status_code == 403
    with httpx.Client(base_url=shop.client.base_url, cookies=shop.client.cookies) as silent:
        assert silent.post("/sign-out").status_code == 403
    assert shop.client.get("/").status_code == 200
    assert SAFE_METHODS == ("GET", "HEAD", "OPTIONS")


def test_a_key_needs_no_origin(shop: Shop) -> None:
    """A program that carries its key is no browser that was led astray."""
    answer = shop.client.post("/api/v1/turns", headers={**shop.bearer("read"), **STRANGER})
    assert answer.json()["code"] == "not_allowed"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::bad"])
def test_a_strange_host_is_refused(shop: Shop, host: str) -> None:
    """A name that was pointed at this machine from outside reaches neither pages nor ingest nor API."""
    for path in ("/", "/sign-in", "/v1/batch", "/api/v1/customers", "/static/x.css"):
        assert shop.client.get(path, headers={"Host": host}).status_code == 400


def test_every_page_carries_its_headers(shop: Shop, sign_in: Callable[[], None]) -> None:
    """The content policy with the page's own nonce, and the rest; a personal page is stored nowhere."""
    sign_in()
    nonces = set()
    for path in ("/", "/customers", "/imports", "/nowhere"):
        headers = shop.client.get(path).headers
        policy = headers["content-security-policy"]
        for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        nonces |= set(re.findall(r"'nonce-([^']+)'", policy))
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert {"referrer-policy", "permissions-policy", "cross-origin-opener-policy"} <= set(headers)
    assert len(nonces) == 4


def test_behind_tls_the_cookie_is_bound_to_the_host(shop: Shop) -> None:
    """With an https address the cookie is __Host-, Secure, and browsers are told to stay with https."""
    app = create_app(shop.chair, shop.access, replace(shop.chair.settings, public_url="https://shop.example"))
    behind_proxy = {"Host": "shop.example", "Origin": "https://shop.example"}
    with browsing(app) as client:
        path = f"/welcome/{shop.access.invite('owner')}"
        answer = client.post(path, data={"email": OWNER[0], "password": OWNER[1]}, headers=behind_proxy)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-openchair=")
    assert {"secure", "httponly", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert "domain" not in cookie.lower()
    assert "max-age" in answer.headers["strict-transport-security"]


def test_an_open_demo_shows_and_does_nothing(shop: Shop) -> None:
    """With open_demo anyone on this machine may look, and nobody may act unless signed in."""
    app = create_app(shop.chair, shop.access, replace(shop.chair.settings, open_demo=True))
    with browsing(app) as client:
        assert client.get("/").status_code == 200
        assert client.post("/decisions/x/approved").headers["location"] == "/sign-in"
        assert client.get("/api/v1/customers").status_code == 401
