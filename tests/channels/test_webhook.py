"""The signed webhook against a real server on loopback, checked by the standard's own library."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook as Standard
from standardwebhooks import WebhookVerificationError
from tests.channels.test_paper import LETTER

from openchair.chair.ports import NoMore, NotSent, Unreachable
from openchair.channels import reach, webhook
from openchair.channels.webhook import Webhook

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()


@dataclass
class Other:
    """The other side: what it got, and what it answers."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def answering() -> Iterator[Other]:
    other = Other()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            other.got.append((self.path, dict(self.headers.items()), body))
            self.send_response(other.status)
            for name, value in other.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    other.url = f"http://127.0.0.1:{server.server_address[1]}/hook?a=b"
    try:
        yield other
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def other() -> Iterator[Other]:
    """Another system that listens."""
    with answering() as one:
        yield one


def channel(url: str, private: bool = True) -> Webhook:
    return Webhook(url, SECRET, private, lambda: datetime.now(UTC))


def test_the_standards_own_library_believes_it(other: Other) -> None:
    """It verifies with the secret, holds the letter, and a body changed on the way is refused."""
    channel(other.url).send(LETTER)
    ((path, headers, body),) = other.got
    said = Standard(SECRET).verify(body, headers)
    assert path == "/hook?a=b"
    assert said["type"] == "survey.invitation"
    assert said["data"]["link"] == [*LETTER.link]
    assert said["data"]["to"] == LETTER.to
    assert headers["webhook-id"] == f"msg_{LETTER.message_id}"
    with pytest.raises(WebhookVerificationError):
        Standard(SECRET).verify(body.replace(b"ada@", b"eve@"), headers)


def test_the_same_letter_has_the_same_id(other: Other) -> None:
    """Who gets it twice can tell by webhook-id."""
    for _ in range(2):
        channel(other.url).send(LETTER)
    assert len({headers["webhook-id"] for _, headers, _ in other.got}) == 1


@pytest.mark.parametrize(
    ("status", "wrong"), [(301, NotSent), (400, NotSent), (404, NotSent), (500, NotSent), (410, NoMore)]
)
def test_only_2xx_is_a_yes(other: Other, status: int, wrong: type[NotSent]) -> None:
    """Everything else is sent again later, or after a 410 never; the error names the answer."""
    other.status = status
    with pytest.raises(wrong, match=str(status)) as caught:
        channel(other.url).send(LETTER)
    assert type(caught.value) is wrong


def test_a_redirect_is_not_followed(other: Other) -> None:
    """What points elsewhere is no yes, and nobody is asked there."""
    with answering() as there:
        other.status, other.headers = 302, {"location": there.url}
        with pytest.raises(NotSent, match="302"):
            channel(other.url).send(LETTER)
        assert there.got == []


def test_nothing_goes_into_a_private_network_unasked(other: Other) -> None:
    """Loopback by number or by name is refused before a connection is made, unless the setting allows it."""
    for url in (other.url, other.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(Unreachable, match="private network"):
            channel(url, private=False).send(LETTER)
    assert other.got == []


def test_the_name_is_looked_up_once(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that points elsewhere by the next look-up gains nothing: what was checked is what is connected to."""
    looked: list[str] = []
    real = reach.socket.getaddrinfo

    def fickle(host: str, *args: Any, **more: Any) -> Any:
        if host != "hook.example":
            return real(host, *args, **more)
        looked.append(host)
        return real("127.0.0.1" if len(looked) == 1 else "192.0.2.1", *args, **more)

    monkeypatch.setattr(reach.socket, "getaddrinfo", fickle)
    channel(other.url.replace("127.0.0.1", "hook.example")).send(LETTER)
    assert len(looked) == len(other.got) == 1


def test_nobody_there() -> None:
    """A closed port is unreachable: no other letter would get through either."""
    with pytest.raises(Unreachable, match="webhook_url"):
        channel("http://127.0.0.1:1/").send(LETTER)


def test_a_silent_server_is_waited_for_no_longer_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the call and says nothing counts as unreachable."""
    assert webhook.SECONDS <= 30
    monkeypatch.setattr(webhook, "SECONDS", 0.2)
    with reach.socket.create_server(("127.0.0.1", 0)) as quiet, pytest.raises(Unreachable, match="timed out"):
        channel(f"http://127.0.0.1:{quiet.getsockname()[1]}/").send(LETTER)


def test_signature_as_published() -> None:
    """The worked example of the Standard Webhooks specification."""
    body = b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330, UTC)
    made = webhook.signed("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
