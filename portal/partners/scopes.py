"""What a token may be made for: kinds of records, each to read or to write; never more than its person."""

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from portal.access import Permission, granted

P = Permission


class Scope(NamedTuple):
    """What a partner's operation asks of its token, and of the person it acts as."""

    name: str
    permission: Permission
    words: Any


SCOPES = (
    Scope("customers:read", P.CUSTOMER_READ, _l("Clients : lire")),
    Scope("customers:write", P.CUSTOMER_WRITE, _l("Clients : enregistrer et changer")),
    Scope("prices:read", P.PRICE_LIST_READ, _l("Offres et prix : lire")),
    Scope("orders:read", P.ORDER_READ, _l("Commandes : lire")),
    Scope("orders:write", P.ORDER_WRITE, _l("Commandes : passer")),
    Scope("subscriptions:read", P.SUBSCRIPTION_READ, _l("Abonnements et quantités à facturer : lire")),
    Scope("keys:read", P.LICENSE_READ, _l("Clés masquées et postes : lire")),
    Scope("invoices:read", P.INVOICE_READ, _l("Factures et avoirs : lire")),
    Scope("mandates:read", P.MANDATE_READ, _l("État des mandats : lire")),
    Scope("tickets:read", P.TICKET_READ, _l("Tickets : lire")),
    Scope("tickets:write", P.TICKET_WORK, _l("Tickets : ouvrir et répondre")),
    Scope("events:read", P.JOURNAL_READ, _l("Journal : lire")),
)
BY_NAME = {each.name: each for each in SCOPES}
_BY_PERMISSION = {each.permission: each for each in SCOPES}


def scope_for(permission: Permission) -> Scope:
    """The scope that an operation needs which asks for this permission."""
    return _BY_PERMISSION[permission]


def scopes_of(actor: Any) -> list[Scope]:
    """Those that a person may give to a token of hers: what she may do herself."""
    return [each for each in SCOPES if granted(actor, each.permission)]
