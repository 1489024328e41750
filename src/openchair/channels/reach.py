"""A connection to an address of the web that somebody typed: looked up once, refused where it is private, and pinned.

Between the look-up and the connection nobody can point the name elsewhere, for it is not looked up again.
"""

import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from openchair.chair.ports import Unreachable
from openchair.core.errors import OpenchairError

_NAT64 = ip_network("64:ff9b::/96")


class Private(OpenchairError):
    """An address within a private network, which nothing is sent to unless private_targets allows it."""

    status, code = 400, "private_target"


def connected(url: str, *, private: bool, seconds: float) -> HTTPConnection:
    """A connection to the host of an http or https URL. Raises Private; OSError where nobody answers.

    private: whether the host may be this machine or lie in a private network. Follows no redirect and uses no proxy.
    """
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, where in found:
        if not private and not _public(str(where[0])):
            remedy = "Name one that is reached from anywhere, or set private_targets."
            raise Private("address", value=url, bound="lies in a private network", remedy=remedy)
    connection = HTTPConnection(host, port, timeout=seconds)
    address = found[0][4]
    plain = socket.create_connection((str(address[0]), port), seconds)
    try:
        context = ssl.create_default_context()
        connection.sock = context.wrap_socket(plain, server_hostname=host) if secure else plain
    except OSError:
        plain.close()
        raise
    return connection


def posted(what: str, url: str, body: bytes, headers: Mapping[str, str], *, private: bool, seconds: float) -> int:
    """The status that a POST of JSON is answered with. Raises Unreachable naming `what`, and the setting it is from."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"content-type": "application/json", "user-agent": "openchair", **headers}
    try:
        connection = connected(url, private=private, seconds=seconds)
        try:
            connection.request("POST", path, body, sent)
            return connection.getresponse().status
        finally:
            connection.close()
    except Private as wrong:
        raise Unreachable(what, bound=str(wrong).rstrip(".")) from None
    except (OSError, HTTPException) as wrong:
        remedy = f"Check {what}_url, then again."
        raise Unreachable(what, value=shown(url), bound=str(wrong) or "no answer", remedy=remedy) from None


def shown(url: str) -> str:
    """An address without what may be a secret in it.

    >>> shown("https://hooks.example.com/services/T0/B0/secret?a=b")
    'https://hooks.example.com/..'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/.."


def _public(address: str) -> bool:
    """Whether an address is reached from anywhere; one that wraps another (IPv4 in IPv6, NAT64, 6to4) is judged by it.

    >>> [_public(one) for one in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1")]
    [True, False, False, False]
    """
    one = ip_address(address.partition("%")[0])
    if one.version == 6:
        inner = one.ipv4_mapped or one.sixtofour
        if inner is not None:
            return _public(str(inner))
        if one in _NAT64:
            return _public(str(ip_address(int(one) & 0xFFFFFFFF)))
    return one.is_global and not one.is_multicast
