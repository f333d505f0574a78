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
    about: tuple[str, ...] = ()  # words of its pages' endpoints, where two entries share a blueprint
    sections: tuple[str, ...] = ()  # other blueprints whose pages belong to it


class Item(NamedTuple):
    url: str
    label: Any
    icon: str
    current: bool


P = Permission
MENU = [
    Entry("home.dashboard", _l("Accueil"), "house", P.HOME_READ),
    Entry("customers.list_customers", _l("Clients"), "people", P.CUSTOMER_READ),
    Entry("subscriptions.list_orders", _l("Commandes"), "cart", P.ORDER_READ, ("order",)),
    Entry(
        "subscriptions.list_subscriptions",
        _l("Abonnements"),
        "arrow-repeat",
        P.SUBSCRIPTION_READ,
        ("subscription", "termination"),
    ),
    Entry("billing.list_invoices", _l("Factures"), "receipt", P.INVOICE_READ, sections=("usage_gaps",)),
    Entry(
        "sepa.list_mandates",
        _l("Mandats"),
        "pen",
        P.MANDATE_READ,
        ("mandate",),
        ("mandates", "mandate_import"),
    ),
    Entry(
        "sepa.cockpit",
        _l("Prélèvements"),
        "bank",
        P.BATCH_READ,
        ("cockpit", "collection", "batch", "creditor"),
        ("returns",),
    ),
    Entry("backups.wall", _l("Sauvegardes"), "hdd", P.BACKUP_READ),
    Entry("vaults.list_vaults", _l("Coffres"), "safe", P.VAULT_READ),
    Entry("restore_requests.list_requests", _l("Restaurations"), "arrow-counterclockwise", P.RESTORE_READ),
    Entry("reversibility.list_cases", _l("Réversibilité"), "box-arrow-up", P.REVERSIBILITY_READ),
    Entry("terms.list_documents", _l("Conditions"), "journal-text", P.TERMS_READ),
    Entry("prices.list_prices", _l("Tarifs"), "tags", P.PRICE_READ),
    Entry("operations.show_work", _l("Travail"), "gear", P.JOB_READ, ("work",)),
    Entry("operations.show_journal", _l("Journal"), "clock-history", P.JOURNAL_READ, ("journal",)),
    Entry("notices.list_notices", _l("Conditions"), "journal-text", P.NOTICE_READ),
]


def navigation() -> list[Item]:
    if g.actor is None:
        return []
    return [
        Item(url_for(e.endpoint), e.label, e.icon, _is_current(e))
        for e in MENU
        if g.actor.role in GRANTS[e.permission]
    ]


def _is_current(entry: Entry) -> bool:
    section, _dot, page = (request.endpoint or "").partition(".")
    if section in entry.sections:
        return True
    return entry.endpoint.split(".")[0] == section and (
        not entry.about or any(word in page for word in entry.about)
    )
