"""What lies on the public internet, and connections that go nowhere else."""

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network
from threading import Timer
from typing import Any, Self
from urllib.parse import urlsplit

import urllib3
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from flask import current_app
from flask_babel import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError
from urllib3.util.connection import create_connection

from portal.errors import Refused

SECONDS = 10.0  # for an address that somebody typed to connect, and then to answer
_PASSED_OVER = 4096  # bytes of an answer that nobody wants, so that its connection can be asked again
_KEPT_SECONDS = 5.0  # one connection is asked again; it is hung up after twice SECONDS

# Beside what the library calls global: addresses that carry another one inside, and those of special use.
_SPECIAL = [
    ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "224.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",  # Teredo among them
        "2002::/16",
        "fec0::/10",
        "ff00::/8",
    )
]


def is_public(address: str) -> bool:
    """address: a number, as the resolver gives it.

    Source: the registries of special-purpose addresses (RFC 6890), RFC 6052, RFC 3056, RFC 4291.
    """
    number = ip_address(address.partition("%")[0])
    return number.is_global and not any(number in network for network in _SPECIAL)


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError when it has none or when one is not public."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = [str(row[4][0]) for row in rows]
    if not all(map(is_public, found)):
        raise NotPublic
    return found


class NotPublic(OSError):
    """The name leads to an address inside some network."""


class _Checked:
    """A connection that resolves its host once, and goes to the very address that was looked at."""

    def _new_conn(self) -> socket.socket:
        this: Any = self
        if this.proxy is not None:  # of this installation: it resolves names, and guards the network
            return super()._new_conn()
        try:
            address = public_addresses(this.host, this.port)[0]
            return create_connection((address, this.port), this.timeout, socket_options=this.socket_options)
        except OSError as error:
            raise NewConnectionError(this, type(error).__name__) from error


class _CheckedHttp(_Checked, AWSHTTPConnection):
    pass


class _CheckedHttps(_Checked, AWSHTTPSConnection):
    pass


class _HttpPool(AWSHTTPConnectionPool):
    ConnectionCls = _CheckedHttp


class _HttpsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _CheckedHttps


def keep_public(client: Any) -> None:
    """Let a client of boto3 reach public addresses only, whatever host it or a redirect names."""
    client._endpoint.http_session._pool_classes_by_scheme.update(http=_HttpPool, https=_HttpsPool)


def checked_address(typed: str, *, field: str = "address") -> str:
    """Without a slash at the end. Raises Refused, also for a host inside the provider's own network."""
    text = typed.strip().rstrip("/")
    parts = urlsplit(text)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Refused(_("Indiquez l'adresse comme https://exemple.fr/ping/…"), field=field)
    if current_app.config["PRIVATE_TARGETS"]:
        return text
    if parts.scheme != "https":
        raise Refused(_("L'adresse commence par https://."), field=field)
    try:
        public_addresses(parts.hostname, parts.port or 443)
    except NotPublic:
        raise Refused(_("Cette adresse n'est pas sur l'internet public."), field=field) from None
    except (OSError, UnicodeError):
        raise Refused(_("Cette adresse n'existe pas."), field=field) from None
    return text


class _Timed:
    """Hung up after a while whatever it says, so that nobody is held by an answer that never ends."""

    _timer: Timer | None = None

    def connect(self) -> None:
        this: Any = super()
        this.connect()
        self._timer = Timer(2 * SECONDS, _hang_up, [self])
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        this: Any = super()
        this.close()


class _TimedHttp(_Timed, HTTPConnection):
    pass


class _CheckedTls(_Timed, _Checked, HTTPSConnection):
    pass


class _TimedPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _TimedHttp


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _CheckedTls


def _hang_up(connection: Any) -> None:
    with suppress(OSError, AttributeError):  # closed meanwhile
        connection.sock.shutdown(socket.SHUT_RDWR)


def ask(
    method: str, address: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> str:
    """The status of the answer, or the kind of error; redirections are not followed, the answer is not read.

    address: one that :func:`checked_address` let pass; its host is looked at once more.
    """
    return ask_for(method, address, body=body, headers=headers)[0]


def ask_for(
    method: str,
    address: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most_bytes: int = 0,
) -> tuple[str, bytes]:
    """Like :func:`ask`, with what was answered, up to so many bytes; a longer answer is none."""
    with Line(address) as line:
        return line.ask_for(method, body=body, headers=headers, most_bytes=most_bytes)


class Line:
    """``with Line(address) as line`` asks one address again and again, over one connection for some seconds.

    Each connection is made to an address that was looked at; none lasts as long as what hangs it up.
    """

    def __init__(self, address: str) -> None:
        self._parts = urlsplit(address)
        self._path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._since = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool is not None:
            self._pool.close()

    def ask_for(
        self,
        method: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = 0,
    ) -> tuple[str, bytes]:
        """The status, or the kind of error, and what was answered up to so many bytes."""
        try:
            is_new = self._is_new()
            try:
                return self._ask(method, body, headers, most_bytes)
            except ProtocolError:
                if is_new:
                    raise
            self._since = 0.0  # it was closed by the other side meanwhile: once more over another one
            self._is_new()
            return self._ask(method, body, headers, most_bytes)
        except (HTTPError, OSError, ValueError) as error:
            self._since = 0.0
            return type(error).__name__, b""

    def _is_new(self) -> bool:
        if self._pool is not None and time.monotonic() - self._since < _KEPT_SECONDS:
            return False
        if self._pool is not None:
            self._pool.close()
        host, port, wait = self._parts.hostname or "", self._parts.port, urllib3.Timeout(SECONDS)
        if self._parts.scheme == "http" and current_app.config["PRIVATE_TARGETS"]:
            self._pool = _TimedPool(host, port or 80, timeout=wait, retries=False)
        else:
            self._pool = _TlsPool(host, port or 443, timeout=wait, retries=False)
        self._since = time.monotonic()
        return True

    def _ask(
        self, method: str, body: bytes | None, headers: Mapping[str, str] | None, most_bytes: int
    ) -> tuple[str, bytes]:
        assert self._pool is not None
        until = time.monotonic() + 2 * SECONDS
        answer = self._pool.urlopen(
            method, self._path, body=body, headers=dict(headers or {}), redirect=False, preload_content=False
        )
        most = most_bytes or _PASSED_OVER
        text = answer.read(most + 1, decode_content=False)
        if len(text) > most:
            answer.close()  # the rest is not read: this connection ends
        answer.release_conn()
        if time.monotonic() >= until:  # hung up: what came by then is no answer
            return TimeoutError.__name__, b""
        if most_bytes and len(text) > most:
            return "TooLong", b""
        return str(answer.status), text if most_bytes else b""
