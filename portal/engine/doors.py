"""The storage servers that may hold vaults: those of ``VAULT_HOSTS``, each with an account of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from portal.engine.errors import EngineError
from portal.engine.place import server_of

_PLAIN = "http://"


@dataclass(frozen=True)
class Door:
    """One entry of the setting."""

    host: str  # as :func:`portal.engine.place.server_of` writes it
    port: int | None  # None: the usual one of the address
    any_port: bool
    plain: bool  # also without TLS
    suffix: str  # of the names of its account: ``VAULT_…_<suffix>``

    def leads_to(self, location: str) -> bool:
        server = server_of(location)
        if server is None or server[0] != self.host:
            return False
        if f":{_PLAIN}" in location[:12] and not self.plain:
            return False
        return self.any_port or server[1] == (self.port or server[2])


def doors(setting: str) -> list[Door]:
    """The entries of ``host``, ``host:port`` or ``host:*``; ``http://`` before one allows it without TLS.

    Raises ValueError for an entry that is none of these.
    """
    return [_door(entry.strip()) for entry in setting.split(",") if entry.strip()]


def _door(entry: str) -> Door:
    name = entry.removeprefix(_PLAIN).removeprefix("https://").rstrip("/")
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:/@\s]+)(?::(\d+|\*))?", name)
    if found is None:
        raise ValueError(f"VAULT_HOSTS: {entry!r} is not host, host:port or host:*")
    host, port = found.groups()
    try:
        server = server_of(f"rest:https://{host}/")
    except EngineError:
        raise ValueError(f"VAULT_HOSTS: {entry!r} has no host") from None
    assert server is not None
    suffix = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    number = int(port) if port and port != "*" else None
    return Door(server[0], number, port == "*", entry.startswith(_PLAIN), suffix)


def door_to(location: str, known: list[Door]) -> Door | None:
    """The entry that allows this address. Raises EngineError(UNSUPPORTED) for what is no server's address."""
    return next((door for door in known if door.leads_to(location)), None)


def account_of(
    door: Door, names: tuple[str, ...], env: Mapping[str, str], *, is_only: bool
) -> dict[str, str]:
    """The provider's credentials for a server, by the names that restic gives them.

    names: those of this kind of storage. is_only: no other server is named, so that the names without a host
    count too (``VAULT_AWS_ACCESS_KEY_ID``, else the documents' ``AWS_ACCESS_KEY_ID``).
    """
    own = {name: env.get(f"VAULT_{name}_{door.suffix}", "") for name in names}
    if is_only and not any(own.values()):
        own = {name: env.get(f"VAULT_{name}") or env.get(name, "") for name in names}
    return {name: value for name, value in own.items() if value}
