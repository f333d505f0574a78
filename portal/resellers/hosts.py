"""The host name at which a brand's people sign in: given by the provider, then one of the portal's own."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from sqlalchemy import select

from portal import clock
from portal.access import PROVIDER
from portal.accounts.elsewhere import elsewhere
from portal.accounts.models import Organisation, User
from portal.actor import Actor
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import record
from portal.mail.homes import mail_home
from portal.once import once
from portal.resellers.brand import Brand, brand_of
from portal.resellers.models import lineage
from portal.wording import N_

_HOST = re.compile(r"(?=.{4,120}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_KEPT_MS = 10_000  # a process believes what it has read so long
_KNOWN = "brand_hosts"


def set_host(organisation: Organisation, host: str, *, by: Actor) -> bool:
    """Give a brand its host name; "" takes it away. Says whether anything changed.

    Raises Refused for what is no host name, one of the portal's own, and one that another brand has.
    """
    host = host.strip().lower().rstrip(".")
    if host and not _HOST.fullmatch(host):
        raise Refused(N_("Un nom d'hôte, comme sauvegarde.exemple.fr, sans adresse ni port."), field="host")
    if host in own_hosts():
        raise Refused(N_("Ce nom est celui du portail lui-même."), field="host")
    with scope(EVERYTHING):
        taken = select(Brand.id).where(Brand.host == host, Brand.organisation_id != organisation.id)
        if host and db.session.scalar(taken) is not None:
            raise Refused(N_("Une autre marque a déjà ce nom."), field="host")
    brand = brand_of(organisation)
    if brand.host == (host or None):
        return False
    brand.host = host or None
    db.session.flush()
    record(brand, "set_host", by=by, host=host)
    current_app.extensions.pop(_KNOWN, None)
    return True


def own_hosts() -> set[str]:
    return {urlsplit(str(current_app.config["PUBLIC_URL"])).hostname or "", *_settings(current_app)}


def _settings(app: Flask) -> Iterable[str]:
    trusted = app.config["TRUSTED_HOSTS"]
    return trusted.settings if isinstance(trusted, TrustedHosts) else trusted


def paths_by_host(app: Flask) -> dict[str, str]:
    """Whose host each is, by the paths of their organisations; read again every ten seconds."""
    known: tuple[int, dict[str, str]] = app.extensions.get(_KNOWN, (0, {}))
    now = clock.machine_ms()
    if not 0 <= now - known[0] < _KEPT_MS:
        with app.app_context():
            known = (now, {host: path for path, host in _hosts_by_path().items()})
        app.extensions[_KNOWN] = known
    return known[1]


def _hosts_by_path() -> dict[str, str]:
    with scope(EVERYTHING):
        query = select(Brand.org_path, Brand.host).where(Brand.host.is_not(None))
        return {row[0]: row[1] for row in db.session.execute(query)}


class TrustedHosts(list[str]):
    """The hosts of the settings; whoever looks further finds those of the brands."""

    def __init__(self, app: Flask, settings: Iterable[str]) -> None:
        self.settings = list(settings)
        super().__init__(self.settings)
        self._app = app

    def __iter__(self) -> Iterator[str]:
        yield from self.settings
        yield from paths_by_host(self._app)


def path_here() -> str:
    """The path of the brand whose host is asked; "" at the portal's own."""
    host = request.host.partition(":")[0]
    if host in _settings(current_app):
        return ""
    return paths_by_host(current_app).get(host, "")


def home_of(path: str) -> str:
    """Where the people of a node sign in, as an address without a slash at its end."""
    home = str(current_app.config["PUBLIC_URL"]).rstrip("/")
    hosts = once("hosts of brands", _hosts_by_path)
    host = next((hosts[each] for each in lineage(path) if each in hosts), None)
    if host is None:
        return home
    parts = urlsplit(home)
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


@mail_home()
def at_the_brand(row: Any) -> str | None:
    """Mails to people and customers below a brand lead to its host."""
    return home_of(row.org_path)


@elsewhere()
def other_house(user: User) -> str | None:
    """The address of somebody who signs in at the host of a tree that is not hers; None at the right one."""
    here = path_here()
    if not here or user.org_path.startswith(here):
        return None
    return home_of(user.org_path)


def may_set_host(actor: Any) -> bool:
    """Names and their certificates are the provider's to arrange."""
    return actor.role in PROVIDER
