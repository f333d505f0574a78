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
    Entry("sepa.list_mandates", _l("Mandats"), "pen", P.MANDATE_READ),
    Entry("sepa.cockpit", _l("Prélèvements"), "bank", P.BATCH_READ),
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
