"""What the run of a month would bill, worked out by the run's own steps; nothing of it is kept."""

from collections.abc import Sequence
from datetime import date

from portal import clock
from portal.billing.issue import sale_vat
from portal.billing.rules import as_sold, totals
from portal.billing.run import bills_due
from portal.billing.sale_vat import Sales
from portal.customers.models import Customer
from portal.db import db
from portal.resellers.models import issuer_for


def preview_bills(customers: Sequence[Customer], until: date) -> dict[str, list[tuple[str, int, int, int]]]:
    """Label, net, VAT and gross in cents of each line up to a day, by the customer's uid; nothing is issued.

    Charges are added as the run adds them, inside a savepoint that is rolled back: there is one computation.
    The VAT of an invoice is rounded on the sum of its lines, that of a line here on the line.
    """
    sales: dict[int, Sales] = {}
    found: dict[str, list[tuple[str, int, int, int]]] = {}
    attempt = db.session.begin_nested()
    try:
        for bill in bills_due(list(customers), until):
            issuer = issuer_for(bill.customer)
            its = sales.setdefault(issuer.id, Sales(issuer, clock.today()))
            vat = sale_vat(bill.customer, its, bill.charges)
            for charge in bill.charges:
                sums = totals([as_sold(charge.priced, vat)])
                line = (charge.label, sums.net_cents, sums.vat_cents, sums.gross_cents)
                found.setdefault(bill.customer.uid, []).append(line)
    finally:
        attempt.rollback()
    return found
