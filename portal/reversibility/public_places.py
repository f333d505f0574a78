"""What lies on the public internet, and connections that go nowhere else."""

import socket
from ipaddress import ip_address, ip_network
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

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
