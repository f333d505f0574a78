"""Where one can go: the pages of the menu and what can be begun, in the search over everything."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission, holds
from portal.home.navigation import HEADINGS, MENU, Entry, Group
from portal.search import Hit, Sought, finder
from portal.search.words import words_of

P = Permission
G = Group
BEGIN = [
    Entry(G.CUSTOMERS, "customers.new_customer", _l("Nouveau client"), "plus-lg", P.CUSTOMER_WRITE),
    Entry(G.MONEY, "mandate_import.show_import", _l("Importer des mandats"), "upload", P.MANDATE_IMPORT),
    Entry(G.CONTRACT, "terms.new_version", _l("Déposer une version"), "upload", P.TERMS_WRITE),
]
BESIDE_THE_MENU = [
    Entry(G.MONEY, "mandates.list_lapsing", _l("Mandats bientôt caducs"), "calendar-x", P.MANDATE_READ),
    Entry(G.MONEY, "sepa.list_batches", _l("Remises à la banque"), "bank", P.BATCH_READ),
    Entry(G.MONEY, "returns.list_files", _l("Retours de la banque"), "arrow-return-left", P.BATCH_READ),
    Entry(G.MONEY, "sepa.list_creditors", _l("Créanciers"), "bank", P.CREDITOR_READ),
    Entry(G.MONEY, "billing.list_runs", _l("Facturation mensuelle"), "receipt", P.MONTH_READ),
    Entry(G.MONEY, "usage_gaps.list_gaps", _l("Écarts d'usage"), "eye", P.GAP_READ),
    Entry(G.MONEY, "credit_notes.list_credit_notes", _l("Avoirs"), "arrow-counterclockwise", P.INVOICE_READ),
    Entry(G.MONEY, "refunds.list_refunds", _l("Dû aux clients"), "arrow-return-left", P.REFUND_READ),
    Entry(G.MONEY, "vat.show_vat", _l("TVA, DES et OSS"), "percent", P.BILLING_READ),
    Entry(G.MONEY, "rates.list_rates", _l("Taux de la BCE"), "percent", P.BILLING_READ),
]


@finder(0, Permission.HOME_READ, _l("Faire"), unasked=True)
def deeds(sought: Sought) -> list[Hit]:
    return _entries(BEGIN, sought)


@finder(1, Permission.HOME_READ, _l("Aller à"), unasked=True)
def pages(sought: Sought) -> list[Hit]:
    return _entries([*MENU, *BESIDE_THE_MENU], sought)


def _entries(entries: list[Entry], sought: Sought) -> list[Hit]:
    return [
        Hit(str(each.label), url_for(each.endpoint), str(HEADINGS[each.group]), icon=each.icon)
        for each in entries
        if holds(g.actor, each.permission) and _is_meant(each, sought)
    ]


def _is_meant(entry: Entry, sought: Sought) -> bool:
    """Does each word that was typed begin one of its label or of the heading over it?"""
    own = words_of(f"{entry.label} {HEADINGS[entry.group]}")
    return all(any(word.startswith(typed) for word in own) for typed in sought.terms)
