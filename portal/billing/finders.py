"""Invoices by their number, in the search over everything."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.billing.models import Invoice, Proforma
from portal.i18n import eur
from portal.search import Hit, Sought, finder
from portal.search.keys import by_number, keyed, of_numbers


@keyed(Invoice, "number")
@keyed(Proforma, "number")
def _words(row: Any) -> list[str]:
    return of_numbers(row.number)


@finder(40, Permission.INVOICE_READ, _l("Factures"))
def invoices(sought: Sought) -> list[Hit]:
    return [
        Hit(
            row.number,
            url_for("billing.show_invoice", uid=row.uid),
            f"{row.parties['buyer']['name']} · {eur(row.gross_cents)}",
            row.shown_state(),
            "receipt",
        )
        for row in by_number(Invoice, g.actor, sought)
    ]
