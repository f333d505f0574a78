"""The menu of each role."""

from enum import StrEnum
from typing import Any, NamedTuple

from flask import g, request, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission, holds


class Entry(NamedTuple):
    group: "Group"
    endpoint: str
    label: Any
    icon: str
    permission: Permission
    about: tuple[str, ...] = ()  # words of its pages' endpoints, where two entries share a blueprint
    sections: tuple[str, ...] = ()  # other blueprints whose pages belong to it


class Group(StrEnum):
    """What the entries of the menu are about, in the order in which they stand."""

    DAY = "day"
    CUSTOMERS = "customers"
    BACKUP = "backup"
    MONEY = "money"
    CONTRACT = "contract"
    SETUP = "setup"


HEADINGS = {
    Group.DAY: "",
    Group.CUSTOMERS: _l("Clients"),
    Group.BACKUP: _l("Sauvegarde"),
    Group.MONEY: _l("Finances"),
    Group.CONTRACT: _l("Contrats"),
    Group.SETUP: _l("Exploitation"),
}


class Item(NamedTuple):
    url: str
    label: Any
    icon: str
    current: bool
    endpoint: str


class Section(NamedTuple):
    """One part of the menu: its heading, "" for the first, and its entries."""

    heading: Any
    items: list[Item]


P = Permission
G = Group
MENU = [
    Entry(G.DAY, "home.dashboard", _l("Aujourd'hui"), "sun", P.HOME_READ),
    Entry(G.CUSTOMERS, "customers.list_customers", _l("Clients"), "people", P.CUSTOMER_READ),
    Entry(G.CUSTOMERS, "leads.list_sign_ups", _l("Demandes"), "inbox", P.CUSTOMER_READ),
    Entry(G.CUSTOMERS, "quotes.list_quotes", _l("Devis"), "file-earmark-check", P.QUOTE_READ),
    Entry(G.CUSTOMERS, "subscriptions.list_orders", _l("Commandes"), "cart", P.ORDER_READ, ("order",)),
    Entry(
        G.CUSTOMERS,
        "subscriptions.list_subscriptions",
        _l("Abonnements"),
        "arrow-repeat",
        P.SUBSCRIPTION_READ,
        ("subscription", "termination"),
        ("trials",),
    ),
    Entry(
        G.CUSTOMERS,
        "tickets.list_tickets",
        _l("Tickets"),
        "life-preserver",
        P.TICKET_READ,
        sections=("ticket_work", "ticket_texts"),
    ),
    Entry(G.CUSTOMERS, "correspondence.list_mails", _l("E-mails"), "envelope", P.MAIL_READ),
    Entry(G.BACKUP, "backups.wall", _l("Sauvegardes"), "hdd", P.BACKUP_READ),
    Entry(
        G.BACKUP,
        "vaults.list_vaults",
        _l("Coffres"),
        "safe",
        P.VAULT_READ,
        sections=("vault_setup", "vault_homes"),
    ),
    Entry(G.BACKUP, "stores.list_stores", _l("Magasins"), "device-hdd", P.STORE_READ, sections=("stores",)),
    Entry(G.BACKUP, "subscriptions.list_keys", _l("Clés"), "key", P.LICENSE_READ, ("list_keys",)),
    Entry(
        G.BACKUP,
        "key_stock.show",
        _l("Stock de clés"),
        "box-seam",
        P.KEY_STOCK_READ,
        sections=("key_lots", "key_pools"),
    ),
    Entry(
        G.BACKUP,
        "restore_requests.list_requests",
        _l("Restaurations"),
        "arrow-counterclockwise",
        P.RESTORE_READ,
    ),
    Entry(G.BACKUP, "reversibility.list_cases", _l("Réversibilité"), "box-arrow-up", P.REVERSIBILITY_READ),
    Entry(
        G.BACKUP,
        "availability.show",
        _l("Disponibilité"),
        "activity",
        P.AVAILABILITY_READ,
        sections=("planned_work", "status"),
    ),
    Entry(
        G.CUSTOMERS,
        "service_levels.list_levels",
        _l("Niveaux de service"),
        "speedometer2",
        P.SERVICE_LEVEL_READ,
    ),
    Entry(G.MONEY, "trends.show", _l("Chiffres"), "graph-up", P.TREND_READ),
    Entry(G.MONEY, "margins.show", _l("Marges"), "percent", P.MARGIN_READ),
    Entry(
        G.MONEY,
        "billing.list_invoices",
        _l("Factures"),
        "receipt",
        P.INVOICE_READ,
        sections=("usage_gaps", "reversals", "platform", "eaddresses", "ereporting"),
    ),
    Entry(G.MONEY, "service_credits.list_credits", _l("Avoirs à décider"), "gift", P.CREDIT_DUE_READ),
    Entry(
        G.MONEY,
        "dunning.list_late",
        _l("Retards de paiement"),
        "exclamation-circle",
        P.DUNNING_READ,
        sections=("late_letters", "late_fees"),
    ),
    Entry(
        G.MONEY,
        "sepa.list_mandates",
        _l("Mandats"),
        "pen",
        P.MANDATE_READ,
        ("mandate",),
        ("mandates", "mandate_import"),
    ),
    Entry(G.MONEY, "own_mandates.show", _l("Mandats"), "pen", P.OWN_MANDATE_READ),
    Entry(G.MONEY, "own_refunds.show", _l("Remboursements"), "bank", P.OWN_REFUND_READ),
    Entry(
        G.MONEY,
        "sepa.cockpit",
        _l("Prélèvements"),
        "bank",
        P.BATCH_READ,
        ("cockpit", "collection", "batch", "creditor", "entity"),
        ("returns", "wires", "bank_door"),
    ),
    Entry(G.CONTRACT, "terms.list_documents", _l("Conditions"), "journal-text", P.TERMS_READ),
    Entry(
        G.CONTRACT, "prices.list_prices", _l("Tarifs"), "tags", P.PRICE_LIST_READ, sections=("price_lists",)
    ),
    Entry(
        G.CONTRACT, "certificates.list_certificates", _l("Certificats"), "shield-check", P.CERTIFICATE_READ
    ),
    Entry(G.CONTRACT, "obligations.list_obligations", _l("Engagements"), "calendar-week", P.OBLIGATION_READ),
    Entry(
        G.CONTRACT,
        "breaches.list_breaches",
        _l("Violations de données"),
        "exclamation-octagon",
        P.PRIVACY_READ,
    ),
    Entry(
        G.CONTRACT,
        "person_requests.list_requests",
        _l("Demandes de personnes"),
        "person-exclamation",
        P.PRIVACY_READ,
    ),
    Entry(G.CONTRACT, "sub_processors.list_processors", _l("Sous-traitants"), "stack", P.PRIVACY_READ),
    Entry(G.CONTRACT, "own_processors.show_own", _l("Sous-traitants"), "stack", P.SUBPROCESSOR_OBJECT),
    Entry(G.CONTRACT, "own_data.show", _l("Mes données"), "person-exclamation", P.OWN_DATA_ASK),
    Entry(G.CONTRACT, "notices.list_notices", _l("Conditions"), "journal-text", P.NOTICE_READ),
    Entry(G.SETUP, "setup.show", _l("Mise en service"), "list-check", P.SETUP_READ),
    Entry(G.SETUP, "moving.list_movings", _l("Reprises"), "upload", P.MOVING_READ),
    Entry(G.SETUP, "resellers.list_resellers", _l("Revendeurs"), "shop", P.RESELLER_READ),
    Entry(G.SETUP, "people.list_people", _l("Personnes"), "person-badge", P.PEOPLE_READ),
    Entry(G.SETUP, "operations.show_work", _l("Travail"), "gear", P.JOB_READ, ("work",)),
    Entry(G.SETUP, "operations.show_journal", _l("Journal"), "clock-history", P.JOURNAL_READ, ("journal",)),
]


def navigation() -> list[Section]:
    """The menu of the acting person, in groups."""
    if g.actor is None:
        return []
    own = [entry for entry in MENU if holds(g.actor, entry.permission)]
    items = {
        group: [_item(entry) for entry in own if entry.group is group]
        for group in dict.fromkeys(entry.group for entry in own)
    }
    return [Section(HEADINGS[group], found) for group, found in items.items()]


_UNDER_THE_THUMB = 3  # entries of the phone's bar, beside search and menu


def thumb() -> list[Item]:
    """What a person opens most often: the first entry of the first groups of her menu."""
    return [section.items[0] for section in navigation()][:_UNDER_THE_THUMB]


def _item(entry: Entry) -> Item:
    return Item(url_for(entry.endpoint), entry.label, entry.icon, _is_current(entry), entry.endpoint)


def _is_current(entry: Entry) -> bool:
    section, _dot, page = (request.endpoint or "").partition(".")
    if section in entry.sections:
        return True
    return entry.endpoint.split(".")[0] == section and (
        not entry.about or any(word in page for word in entry.about)
    )
