"""What is still to pay of an invoice, or owed back on it: invoiced, credited, received, refunded as one sum.

Whatever moves one of them ends with :func:`settle_up`: the state of the invoice, its debits that nobody has
presented yet and what is owed to the customer then follow from the sum.
"""

from datetime import date, timedelta
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.actor import Actor
from portal.billing.credit_models import CreditNote, Refund, RefundState
from portal.billing.models import Invoice, InvoiceState, Payment
from portal.db import db
from portal.errors import Refused
from portal.sepa.models import Collection, CollectionState, Mandate

WITH_THE_BANK = (CollectionState.FROZEN, CollectionState.EXPORTED, CollectionState.ACCEPTED)
UNDER_WAY = (CollectionState.ANNOUNCED, CollectionState.HELD, *WITH_THE_BANK)
_GIVEN_BACK = (RefundState.IN_FILE, RefundState.REFUNDED, RefundState.SET_OFF)
SURPLUS_DAYS = 30  # to give back what came in too much, where neither contract nor law says a day


class Position(NamedTuple):
    """Cents of one invoice; ``refunded`` has what a file of transfers holds, ``owed`` what waits."""

    invoiced: int
    credited: int
    received: int
    refunded: int
    owed: int

    @property
    def rest(self) -> int:
        """To pay; below zero, what the customer has paid too much and did not get back yet."""
        return self.invoiced - self.credited - self.received + self.refunded


def position_of(invoice: Invoice) -> Position:
    credited = select(func.coalesce(func.sum(CreditNote.gross_cents), 0))
    received = select(func.coalesce(func.sum(Payment.amount_cents), 0))
    refunds = select(Refund.state, func.sum(Refund.cents)).where(Refund.invoice_id == invoice.id)
    by_state = {row[0]: row[1] for row in db.session.execute(refunds.group_by(Refund.state))}
    return Position(
        invoice.gross_cents,
        int(db.session.scalar(credited.where(CreditNote.invoice_id == invoice.id)) or 0),
        int(db.session.scalar(received.where(Payment.invoice_id == invoice.id)) or 0),
        sum(int(by_state.get(state, 0)) for state in _GIVEN_BACK),
        int(by_state.get(RefundState.OWED, 0)),
    )


def debits_of(invoice: Invoice) -> list[Collection]:
    """Every debit of an invoice: it may have been split, or presented again."""
    mandates = select(Mandate.id).where(Mandate.customer_id == invoice.customer_id)
    query = select(Collection).where(
        Collection.mandate_id.in_(mandates), Collection.source_uid.startswith(invoice.uid, autoescape=True)
    )
    return list(db.session.scalars(query.order_by(Collection.id)))


def settle_up(invoice: Invoice, *, on: date, by: Actor, reason: str = "") -> Position:
    """Let the invoice, its debits and what is owed to the customer follow from the sum.

    on: Paris day of what has just happened. reason: why it is owed again, if it is. A surplus is given back
    by the day of the last credit note, which has its clause.
    """
    db.session.flush()
    now = position_of(invoice)
    if now.rest <= 0 and invoice.state == InvoiceState.ISSUED:
        if now.received > 0:
            invoice.pay(on=on, by=by)
        else:
            invoice.credit(by=by)
    elif now.rest > 0 and invoice.state != InvoiceState.ISSUED:
        invoice.reopen(reason=reason, by=by)
    _lower_debits(invoice, max(now.rest, 0), by)
    _owe(invoice, max(-now.rest, 0), now.owed, on, by)
    db.session.flush()
    return now


def _lower_debits(invoice: Invoice, rest: int, by: Actor) -> None:
    """No debit asks for more than is owed: those that no file holds are cancelled, or lowered anew."""
    debits = debits_of(invoice)
    room = rest - sum(row.amount_cents for row in debits if row.state in WITH_THE_BANK)
    for row in debits:
        if not row.can("cancel"):
            continue
        if room <= 0:
            row.cancel(by=by)
        elif row.amount_cents > room and row.can("lower"):
            try:
                row.lower(room, by=by)
            except Refused:  # its mandate forbids another one: the rest is asked for in another way
                row.cancel(by=by)
        room -= row.amount_cents


def _owe(invoice: Invoice, cents: int, owed: int, on: date, by: Actor) -> None:
    """Owe the customer just so much for this invoice, beside what a file holds."""
    if cents < owed:
        waiting = select(Refund).where(Refund.invoice_id == invoice.id, Refund.state == RefundState.OWED)
        for refund in db.session.scalars(waiting):
            refund.drop(_("ce qui était dû n'est plus là"), by=by)
        owed = 0
    if cents > owed:
        last = select(CreditNote).where(CreditNote.invoice_id == invoice.id).order_by(CreditNote.id.desc())
        because = db.session.scalars(last.limit(1)).first()
        due_by = because.refund_by if because else on + timedelta(SURPLUS_DAYS)
        db.session.add(
            Refund(
                organisation=invoice.customer.organisation,
                legal_entity_id=invoice.legal_entity_id,
                customer_id=invoice.customer_id,
                invoice_id=invoice.id,
                cents=cents - owed,
                state=RefundState.OWED,
                due_by=max(due_by, clock.today()),
                clause=because.clause if because else "",
                version=1,
            )
        )
