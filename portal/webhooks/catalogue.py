"""What a webhook may tell of: kinds of records, whose lines of the journal are its events."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

# Name of the kind in events, by table of the journal; a new one is another line here.
KINDS: Mapping[str, Any] = {
    "customer": _l("Clients"),
    "customer_order": _l("Commandes"),
    "subscription": _l("Abonnements"),
    "activation_key": _l("Clés"),
    "invoice": _l("Factures"),
    "mandate": _l("Mandats"),
    "collection": _l("Prélèvements"),
    "ticket": _l("Tickets"),
    "reversibility_case": _l("Réversibilité"),
    "restore_request": _l("Restaurations"),
    "commission_statement": _l("Relevés de commission"),
}
TEST = "test"  # an event that somebody asks for to try the address
