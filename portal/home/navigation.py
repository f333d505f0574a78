"""The menu of each role."""

from typing import Any, NamedTuple

from flask import g, request, url_for
from flask_babel import lazy_gettext as _l

from portal.access import GRANTS, Permission


class Entry(NamedTuple):
    endpoint: str
    label: Any
    icon: str
    permission: Permission


class Item(NamedTuple):
    url: str
    label: Any
    icon: str
    current: bool


P = Permission
MENU = [
    Entry("home.dashboard", _l("Accueil"), "house", P.HOME_READ),
    Entry("customers.list_customers", _l("Clients"), "people", P.CUSTOMER_READ),
    Entry("vaults.list_vaults", _l("Coffres"), "safe", P.VAULT_READ),
    Entry("restore_requests.list_requests", _l("Restaurations"), "arrow-counterclockwise", P.RESTORE_READ),
    Entry("reversibility.list_cases", _l("Réversibilité"), "box-arrow-up", P.REVERSIBILITY_READ),
]


def navigation() -> list[Item]:
    if g.actor is None:
        return []
    section = (request.endpoint or "").split(".")[0]
    return [
        Item(url_for(e.endpoint), e.label, e.icon, e.endpoint.split(".")[0] == section)
        for e in MENU
        if g.actor.role in GRANTS[e.permission]
    ]
