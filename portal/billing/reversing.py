"""Mistakes of the books undone: a payment by another one that takes it back, a charge by dropping it."""

from datetime import date
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.balance import debits_of, settle_up
from portal.billing.issue import note_payment
from portal.billing.lateness import LATE_FEE
from portal.billing.models import Charge, Invoice, Payment, PaymentKind, payment_reversed
from portal.db import db
from portal.errors import Conflict, Refused
from portal.journal import record


class Noted(NamedTuple):
    """A payment as a page shows it. reversed_on: the Paris day on which it was taken back."""

    payment: Payment
    reversed_on: date | None
    may_reverse: bool


def payments_of(invoice: Invoice) -> list[Noted]:
    """Every movement of money of an invoice, in the order in which they were written down."""
    query = select(Payment).where(Payment.invoice_id == invoice.id)
    rows = list(db.session.scalars(query.order_by(Payment.id)))
    back = {row.reverses_id: row.received_on for row in rows if row.reverses_id is not None}
    marks = tuple(f"{debit.end_to_end_id} " for debit in debits_of(invoice))
    return [Noted(row, back.get(row.id), row.id not in back and not _why_not(row, marks)) for row in rows]


def _why_not(payment: Payment, marks: tuple[str, ...]) -> str:
    """Why a payment cannot be reversed by hand; marks: by which debits of its invoice begin."""
    if payment.kind == PaymentKind.SET_OFF:
        return _("Une compensation se défait par un nouvel accord du client.")
    if payment.kind not in (PaymentKind.RECEIVED, PaymentKind.LET_GO):
        return _("Cette écriture en annule déjà une autre.")
    if marks and payment.reference.startswith(marks):
        return _("Un prélèvement revient par la réponse de la banque.")
    return ""


def reverse_payment(payment: Payment, reason: str, *, by: Actor) -> None:
    """Take back a payment that was noted by mistake, with what was let go of it, in the present transaction.

    Payments are never changed: the same amount stands once more, negative, on today's day (Paris). The
    invoice is owed again as far as nothing else pays it, its letters go on, and keys that it had paid are
    held. Raises Refused without a reason, and for a debit or a set-off; Conflict when it is reversed already.

    Source: C. com. R123-174 and L123-22 (what is written in the books is neither erased nor changed).
    """
    invoice = db.session.scalars(
        select(Invoice)
        .where(Invoice.id == payment.invoice_id)
        .with_for_update(of=Invoice)
        .execution_options(populate_existing=True)
    ).one()
    marks = tuple(f"{debit.end_to_end_id} " for debit in debits_of(invoice))
    if not reason.strip():
        raise Refused(_("Dites pourquoi ce paiement est annulé."), field="reason")
    if why := _why_not(payment, marks):
        raise Refused(why, field="reason")
    rows = [payment, *_let_go_with(payment)]
    back = select(Payment.reverses_id).where(Payment.reverses_id.in_([row.id for row in rows]))
    done = set(db.session.scalars(back))
    if payment.id in done:
        raise Conflict(_("Ce paiement est déjà annulé."))
    for row in rows:
        if row.id not in done:
            _take_back(invoice, row, by=by)
    record(
        invoice,
        "reverse_payment",
        by=by,
        cents=payment.amount_cents,
        reference=payment.reference,
        reason=reason.strip(),
    )
    payment_reversed.send(payment, by=by, reason=reason.strip())
    settle_up(invoice, on=clock.today(), by=by, reason=reason.strip())


def _let_go_with(payment: Payment) -> list[Payment]:
    """What was not asked for because this payment came: without it, it is owed too."""
    query = select(Payment).where(
        Payment.invoice_id == payment.invoice_id,
        Payment.kind == PaymentKind.LET_GO,
        Payment.id != payment.id,
        Payment.reference.startswith(f"{payment.reference[:130]} · ", autoescape=True),
    )
    return list(db.session.scalars(query))


def _take_back(invoice: Invoice, payment: Payment, *, by: Actor) -> None:
    note_payment(
        invoice,
        received_on=clock.today(),
        reference=f"{payment.reference[:100]} · {_('annulé')} {payment.uid}",
        by=by,
        amount_cents=-payment.amount_cents,
        kind=PaymentKind.REVERSED,
        reverses=payment,
    )


def may_drop(charge: Charge) -> bool:
    return charge.invoice_id is None and charge.dropped_on is None and not _is_late_fee(charge)


def _is_late_fee(charge: Charge) -> bool:
    return charge.origin.startswith(LATE_FEE)


def drop_charge(charge: Charge, reason: str, *, by: Actor) -> None:
    """A charge in error is never billed; its origin stays taken, so that no later run adds it again.

    Raises Refused without a reason and for a late fee, which is waived; Conflict once an invoice carries it.
    """
    db.session.refresh(charge, with_for_update={"of": Charge})
    if charge.invoice_id is not None:
        raise Conflict(_("Une facture porte déjà cette ligne : seul un avoir la corrige."))
    if charge.dropped_on is not None:
        raise Conflict(_("Cette ligne est déjà retirée."))
    if _is_late_fee(charge):
        raise Refused(_("Des frais de retard s'abandonnent sur la page de leur facture."), field="reason")
    if not reason.strip():
        raise Refused(_("Dites pourquoi cette ligne n'est pas due."), field="reason")
    charge.dropped_on, charge.dropped_why = clock.today(), reason.strip()[:300]
    record(
        charge.customer,
        "drop_charge",
        by=by,
        label=charge.label,
        cents=charge.quantity * charge.unit_cents,
        reason=charge.dropped_why,
    )
