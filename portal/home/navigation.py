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
    Entry("subscriptions.list_orders", _l("Commandes"), "cart", P.ORDER_READ),
    Entry("subscriptions.list_subscriptions", _l("Abonnements"), "arrow-repeat", P.SUBSCRIPTION_READ),
    Entry("billing.list_invoices", _l("Factures"), "receipt", P.INVOICE_READ),
    Entry("sepa.list_mandates", _l("Mandats"), "pen", P.MANDATE_READ),
    Entry("sepa.cockpit", _l("Prélèvements"), "bank", P.BATCH_READ),
]


def navigation() -> list[Item]:
    if g.actor is None:
        return []
    shown = [entry for entry in MENU if g.actor.role in GRANTS[entry.permission]]
    urls = [url_for(entry.endpoint) for entry in shown]
    # The longest address that the present one starts with is where one is.
    here = max((url for url in urls if request.path.startswith(url)), key=len, default="")
    return [Item(url, entry.label, entry.icon, url == here) for entry, url in zip(shown, urls, strict=True)]
