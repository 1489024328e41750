"""Serving: one process, one loop; prints where it listens and, until someone owns the shop, the link to become that."""

import gc
import socket
import sys
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from openchair.chair.chair import Chair
from openchair.core.errors import BadInput
from openchair.core.settings import Settings
from openchair.server.app import create_app, state_of

SHUTDOWN_SECONDS = 10
KEEP_ALIVE_SECONDS = 65
"""Longer than the minute after which common proxies let go of a connection, so that they close it and not we."""


def _print(line: str) -> None:
    # Flushed, because whoever started us may read it from a pipe.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def listen_on(settings: Settings) -> socket.socket:
    """The listening socket. Raises BadInput where the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as wrong:
        listening.close()
        raise BadInput(
            "address",
            value=f"{settings.host}:{settings.port}",
            bound=wrong.strerror or "cannot be had",
            remedy="Choose another port: OPENCHAIR_PORT=0 takes any free one.",
        ) from None
    return listening


def free_port(settings: Settings) -> int:
    """The port of the settings where nobody listens on it, else 0, which takes any."""
    try:
        listen_on(settings).close()
    except BadInput:
        return 0
    return settings.port


def address(settings: Settings, listening: socket.socket) -> str:
    """The address a person opens."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def serve(chair: Chair, *, port: int | None = None, say: Callable[[str], None] = _print) -> None:
    """Serve a shop until interrupted; `port` wins over the setting.

    `say` is told the address and, while no one owns the shop, the link that works once.
    """
    settings = chair.settings if port is None else replace(chair.settings, port=port)
    access = state_of(chair).access
    app = create_app(chair, access, settings)
    with listen_on(settings) as listening:
        where = address(settings, listening)
        say(f"Openchair is at {where}")
        if not access.has_owner():
            say(f"Become its owner (this link works once): {where}/welcome/{access.invite('owner')}")
        config = uvicorn.Config(
            app,
            loop="uvloop" if sys.platform != "win32" else "auto",
            http="httptools",
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        # Ingest makes many objects that die young: the collector looks less often, and not at what lives as long as we.
        gc.freeze()
        # The thread that commits needs Python's lock a few times a commit: let it have it sooner than after 5 ms.
        sys.setswitchinterval(0.001)
        gc.set_threshold(50_000, 50, 50)
        uvicorn.Server(config).run(sockets=[listening])
