"""Where a repository really is: one name for every spelling of its address, without credentials."""

import os
import posixpath
from ipaddress import IPv6Address, ip_address
from socket import inet_aton, inet_ntoa
from urllib.parse import SplitResult, quote, unquote, urlsplit

from portal.engine.errors import EngineError, EngineFault

_PORTS = {"http": 80, "https": 443}


def resolved(location: str) -> str:
    """The one name of a place: equal for two spellings that lead to the same repository.

    location: as :class:`portal.engine.port.RepoRef` takes it. Links of a folder are followed now. The
    scheme and the usual port of a server say nothing: what answers on both is taken for one place.
    Raises EngineError(UNSUPPORTED) for an address that neither restic nor the portal reads.
    """
    parts = _address(location)
    if parts is None:
        return "/" + os.path.realpath(location).lstrip("/")
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    path = posixpath.normpath("/" + unquote(parts.path).strip("/"))
    return f"{location.partition(':')[0]}:{_host(parts)}{port}{path}"


def server_of(location: str) -> tuple[str, int, int] | None:
    """Host, port, and the port that is usual for this kind of address; None for a folder of this machine.

    Raises EngineError(UNSUPPORTED), as :func:`resolved`.
    """
    parts = _address(location)
    if parts is None:
        return None
    usual = _PORTS[parts.scheme]
    return _host(parts), parts.port or usual, usual


def with_user(location: str, user: str, secret: str) -> str:
    """The address of a REST server with these credentials, unless it carries its own: restic before 0.17
    takes them from nowhere else.
    """
    parts = _address(location)
    if parts is None or not location.startswith("rest:") or parts.username or not (user or secret):
        return location
    return "rest:" + parts._replace(netloc=f"{quote(user, '')}:{quote(secret, '')}@{parts.netloc}").geturl()


def _address(location: str) -> SplitResult | None:
    """The parts of ``rest:http…`` or ``s3:…``; None for a folder."""
    kind, _, address = location.partition(":")
    if kind not in ("rest", "s3") or location.startswith("/"):
        return None
    if kind == "s3" and not address.startswith(("http://", "https://")):
        address = f"https://{address.removeprefix('//')}"
    try:
        parts = urlsplit(address)
        known = parts.scheme in _PORTS and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known or (kind == "s3" and (parts.username or not parts.path.strip("/"))):
        raise EngineError(EngineFault.UNSUPPORTED)
    return parts


def _host(parts: SplitResult) -> str:
    """In lower case, international names as the network asks for them, numbers as usually written."""
    host = (parts.hostname or "").rstrip(".")
    if all(letter in "0123456789abcdefx." for letter in host) and host[:1].isdigit():
        try:
            host = inet_ntoa(inet_aton(host))  # 127.1, 0x7f000001: what the system makes of it
        except OSError:
            return host
    try:
        address = ip_address(host)
    except ValueError:
        return _ascii(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address) if mapped or address.version == 4 else f"[{address}]"


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        raise EngineError(EngineFault.UNSUPPORTED) from None
