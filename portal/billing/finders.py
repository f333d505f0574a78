"""Invoices by their number, in the search over everything."""

import re
from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.billing.models import Invoice, Proforma
from portal.errors import Refused
from portal.i18n import eur
from portal.money import parse_euros
from portal.paging import first_of
from portal.search import Hit, Sought, finder
from portal.search.keys import by_number, keyed, of_numbers
from portal.search.registry import AT_MOST

_CENTS = re.compile(r"[,.][0-9]{2}$")  # by which an amount is told from a number


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
        for row in by_number(Invoice, g.actor, sought) or _of_amount(sought)
    ]


def _of_amount(sought: Sought) -> list[Invoice]:
    """The newest of an amount, which is typed with its cents."""
    typed = sought.text.removesuffix("€").strip()
    if not _CENTS.search(typed):
        return []
    try:
        rows = Invoice.visible_to(g.actor).where(Invoice.gross_cents == parse_euros(typed))
    except Refused:
        return []
    return first_of(rows.order_by(Invoice.id.desc()), AT_MOST)
