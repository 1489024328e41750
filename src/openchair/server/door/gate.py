"""What stands before every page and API call: the host's name, the session, forged requests, and security headers.

Ingest (/v1) passes after the check of the host, because its callers have no cookies and its speed is a promise.
"""

import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openchair.core.settings import Settings
from openchair.server.problems import problem
from openchair.store.sql.team.access import Access, User

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OPEN_PATHS = ("/sign-in", "/welcome/", "/static/", "/favicon.ico", "/seat/", "/survey/", "/leave/", "/hooks/")
"""Pages that anyone may see: they lead to signing in, to a customer's own seat, which has a door of its own, ask, let
go, or check a signature."""
PROBES = ("/healthz", "/readyz")
_SEALED = re.compile(r"/survey/[\w=-]+/unsubscribe|/leave/[\w=-]+|/hooks/\w+")

_FIXED_HEADERS = {
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; "
    "style-src 'self' 'nonce-{nonce}'; script-src 'self' 'nonce-{nonce}'; img-src 'self' data:"
)


def cookie_name(settings: Settings) -> str:
    """The session cookie's name; `__Host-` binds it to https and to this host, which plain loopback cannot have."""
    return "__Host-openchair" if settings.secure else "openchair"


def hosts_of(settings: Settings) -> frozenset[str]:
    """The names under which this server answers; any other is a page elsewhere that points its name at us."""
    public = urlsplit(settings.public_url).hostname
    return frozenset({"localhost", "127.0.0.1", "::1", settings.host.lower(), *([public] if public else [])})


def host_of(header: str) -> str:
    """The host's name in a Host header, without its port.

    >>> host_of("shop.example:8010"), host_of("[::1]:80"), host_of("::bad::[")
    ('shop.example', '::1', '')
    """
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def address_of(request: Request, settings: Settings) -> str:
    """The address under which whoever asks reaches this server, without a slash at its end."""
    return settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether an unsafe request comes from our own pages: Sec-Fetch-Site, or Origin where a browser lacks it.

    >>> same_origin({"sec-fetch-site": "same-origin"}), same_origin({"sec-fetch-site": "cross-site"})
    (True, False)
    >>> same_origin({"origin": "https://a.example", "host": "a.example"}), same_origin({"host": "a.example"})
    (True, False)
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


class Gate:
    """ASGI middleware; sets `request.state.user` (a User or None) and `request.state.nonce`."""

    def __init__(self, app: ASGIApp, *, access: Access, settings: Settings) -> None:
        self.app, self.access, self.settings = app, access, settings
        self.hosts, self.cookie = hosts_of(settings), cookie_name(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, headers = scope["path"], Headers(scope=scope)
        if path not in PROBES and host_of(headers.get("host", "")) not in self.hosts:
            wrong = problem(
                400, "unknown_host", "Host: this server does not answer to that name. Set public_url to its address."
            )
            await wrong(scope, receive, send)
            return
        if path.startswith("/v1/") or path in PROBES:
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(16)
        state["user"] = await self._user(headers)
        stopped = self._stop(scope["method"], path, scope.get("query_string", b"").decode("latin-1"), headers, state)
        await (stopped or self.app)(scope, receive, self._with_headers(send, state["nonce"], path))

    async def _user(self, headers: Headers) -> User | None:
        token = cookie_parser(headers.get("cookie", "")).get(self.cookie)
        return await run_in_threadpool(self.access.session_user, token) if token else None

    def _stop(self, method: str, path: str, query: str, headers: Headers, state: dict[str, object]) -> Response | None:
        """The answer to a request that may not go on; None for one that may."""
        machine = path.startswith("/api/") or path == "/metrics"
        unsafe = method not in SAFE_METHODS
        # A key in the header is no ambient authority: no other site can make a browser send it. Neither is a signed
        # body, nor a sealed token in the address, by which a mail program leaves with one click (RFC 8058).
        keyed = (machine and headers.get("authorization")) or _SEALED.fullmatch(path)
        if unsafe and not keyed and not same_origin(headers):
            return problem(
                403,
                "cross_site",
                "This request did not come from Openchair's own pages. Open the page itself and try again.",
            )
        if machine or state["user"] is not None or any(f"{path}/" == p or path.startswith(p) for p in OPEN_PATHS):
            return None
        if self.settings.open_demo and not unsafe:
            return None
        there = path + (f"?{query}" if query else "") if not unsafe else "/"
        target = f"/sign-in?next={quote(there, safe='')}" if there != "/" else "/sign-in"
        if headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": target})
        return RedirectResponse(target, status_code=303)

    def _with_headers(self, send: Send, nonce: str, path: str) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _FIXED_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", _POLICY.format(nonce=nonce))
                headers.setdefault("cache-control", "no-store")
                if self.settings.secure:
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        return sending
