"""What a handover costs: owed once, invoiced at once where it is paid first, and noted when it comes in."""

from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from portal import jobs
from portal.actor import Actor
from portal.billing.debits import pay_by_wire
from portal.billing.models import Charge, Invoice, InvoiceState
from portal.billing.run import Bill, bill_charges
from portal.db import db
from portal.journal import SYSTEM
from portal.reversibility.models import CaseState, ReversibilityCase


def owe_fee(case: ReversibilityCase) -> None:
    """Owe the price of the contract, the law or the quote, once."""
    fee, subscription = case.fee, case.subscription
    if fee is None or not fee.value:
        return
    subscription.owe(
        origin=_origin(case),
        clause=fee.clauses[0],
        label=_("Réversibilité de « %(vault)s »", vault=case.vault.name),
        unit_cents=fee.value,
        includes_vat=False,
    )


def go_on_to_payment(case: ReversibilityCase, *, by: Actor) -> None:
    """The price is known: start, or invoice it now where the contract wants it paid first (A19)."""
    owe_fee(case)
    if not case.needs_payment:
        case.start(by=by)
        return
    if case.state == CaseState.REQUESTED:
        case.wait_for_payment(by=by)
    charge = _charge_of(case)
    if charge is not None and charge.invoice_id is None:
        bill_charges(
            [Bill(case.customer, [charge], charge.method, charge.due_rule)], case.subscription.legal_entity
        )


def accept_quote(case: ReversibilityCase, *, by: Actor, address: str = "") -> None:
    case.accept_quote(by=by, address=address)
    go_on_to_payment(case, by=by)


def invoice_of(case: ReversibilityCase) -> Invoice | None:
    """The invoice that carries the price of this case."""
    charge = _charge_of(case)
    return db.session.get(Invoice, charge.invoice_id) if charge is not None and charge.invoice_id else None


def pay(case: ReversibilityCase, on: date, reference: str, *, by: Actor) -> None:
    """The money has come in: the invoice is paid and the recovery starts. Raises Refused for a reference
    that was noted before.
    """
    invoice = invoice_of(case)
    case.pay(on, reference, by=by)
    if invoice is not None and invoice.state == InvoiceState.ISSUED:
        pay_by_wire(invoice, on, reference, by=by)


@jobs.periodic("reversibility.paid", jobs.hourly)
def start_what_is_paid() -> None:
    """A debit or a transfer has paid the invoice elsewhere: the case goes on by itself."""
    for case in db.session.scalars(
        select(ReversibilityCase).where(ReversibilityCase.state == CaseState.TO_PAY)
    ):
        invoice = invoice_of(case)
        if invoice is not None and invoice.state == InvoiceState.PAID and invoice.paid_on is not None:
            case.pay(invoice.paid_on, invoice.number, by=SYSTEM)


def _origin(case: ReversibilityCase) -> str:
    return f"reversibility:{case.uid}"


def _charge_of(case: ReversibilityCase) -> Charge | None:
    query = select(Charge).where(Charge.customer_id == case.customer_id, Charge.origin == _origin(case))
    return db.session.scalars(query).one_or_none()
