"""Two customers who pay late, at different steps of the ladder."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.billing.issue import issue_invoice
from portal.billing.models import add_charge, pending_charges
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.dunning.acting import take_step
from portal.dunning.ladder import keep_step
from portal.dunning.models import LateLetter
from portal.journal import SYSTEM
from portal.resellers.models import issuer_for

_ISSUED_DAYS, _TOLD_DAYS = 50, 12  # ago


def add_late_payers(reminded: Customer, fresh: Customer) -> None:
    """The first one had her reminder and is due the second one; the other one is due her first.

    Before any other invoice is issued: numbers follow the days.
    """
    _bill(reminded, 84_000, late_days=20)
    _bill(fresh, 31_200, late_days=6)
    take_step(reminded, by=SYSTEM)
    letters = select(LateLetter).where(LateLetter.customer_id == reminded.id)
    for letter in db.session.scalars(letters):
        letter.sent_on = clock.today() - timedelta(_TOLD_DAYS)
    for customer in (reminded, fresh):
        keep_step(customer)


def _bill(customer: Customer, cents: int, *, late_days: int) -> None:
    """cents: with VAT, of an installation by wire. late_days: since it was to be paid."""
    add_charge(
        customer,
        origin=f"demo:late:{customer.uid}",
        label="Mise en service sur site",
        quantity=1,
        unit_cents=cents,
        includes_vat=True,
        method=Method.WIRE,
    )
    issue_invoice(
        customer,
        issuer_for(customer),
        pending_charges(customer),
        method=Method.WIRE,
        issued_on=clock.today() - timedelta(_ISSUED_DAYS),
        due_on=clock.today() - timedelta(late_days),
        by=SYSTEM,
    )
