"""Books a transfer on what it pays; two people at once book it once. A reversed payment frees it again."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.carried import BalanceState, CarriedBalance
from portal.billing.debits import pay_by_wire, pay_too_much
from portal.billing.models import Invoice, InvoiceState, Payment, payment_reversed
from portal.db import db
from portal.dunning.ladder import running_plan
from portal.dunning.models import Instalment
from portal.dunning.plans import receive_instalment
from portal.errors import Conflict, Refused
from portal.i18n import eur
from portal.resellers.models import issuer_for
from portal.subscriptions.models import Order
from portal.subscriptions.ordering import record_wire
from portal.subscriptions.renewals import pay_renewal
from portal.wires.matching import Target, booking_of
from portal.wires.models import BalanceBooking, IncomingTransfer, TransferBooking, WireState


class Pick(NamedTuple):
    """So many cents of a transfer for one invoice or order."""

    target: Target
    cents: int


def book(transfer: IncomingTransfer, picks: Sequence[Pick], *, by: Actor) -> None:
    """Book a transfer, all that is free of it, inside the present transaction.

    An invoice gets its payment, an order is delivered with its keys; a surplus is owed to the customer.
    Raises Conflict when somebody has decided of it meanwhile; Refused for amounts that do not add up to it,
    for another creditor's invoice, for too little for an order, and for what a payment by wire refuses.

    Source: 000-10, 000-18; C. civ. 1342-10.
    """
    lock_waiting(transfer)
    free = transfer.free_cents
    if any(pick.cents < 1 for pick in picks) or sum(pick.cents for pick in picks) != free:
        raise Refused(
            _("Les montants font %(sum)s ; le virement en laisse %(free)s."),
            field="amount",
            sum=eur(sum(pick.cents for pick in picks)),
            free=eur(free),
        )
    for pick in sorted(picks, key=lambda each: each.target.place):
        _pay(transfer, pick, by=by)
    transfer.book(picks[0].target.customer, by=by)
    db.session.flush()


def lock_waiting(transfer: IncomingTransfer) -> None:
    """Hold it until the transaction ends. Raises Conflict when it waits for nobody any more."""
    db.session.flush()
    db.session.refresh(transfer, with_for_update={"of": IncomingTransfer})
    db.session.expire(transfer, ["bookings", "balances"])
    if transfer.state != WireState.WAITING:
        raise Conflict(_("Ce virement est déjà traité : quelqu'un vient de décider."))


def _pay(transfer: IncomingTransfer, pick: Pick, *, by: Actor) -> None:
    reference, on = transfer.next_reference, transfer.booked_on
    row = _locked(pick.target.row)
    if isinstance(row, CarriedBalance):
        _settle(transfer, row, pick.cents, by=by)
        return
    if row.legal_entity_id != transfer.legal_entity_id:
        raise Refused(_("Ce virement est arrivé chez un autre émetteur."), field="amount")
    if isinstance(row, Invoice):
        invoice = row
        _pay_invoice(invoice, pick.cents, on, reference, by=by)
    else:
        pay: Any = record_wire if isinstance(row, Order) else pay_renewal
        invoice = pay(row, received_on=on, amount_cents=pick.cents, reference=reference, by=by)
    payment = select(Payment).where(
        Payment.legal_entity_id == transfer.legal_entity_id, Payment.reference == reference
    )
    transfer.bookings.append(
        TransferBooking(
            organisation=transfer.bank_file.organisation,
            payment_id=db.session.scalars(payment).one().id,
            invoice_id=invoice.id,
            cents=pick.cents,
        )
    )
    db.session.flush()


def _settle(transfer: IncomingTransfer, balance: CarriedBalance, cents: int, *, by: Actor) -> None:
    """An invoice of the former system is paid as a whole, but for what the issuer lets go."""
    if issuer_for(balance.customer).id != transfer.legal_entity_id:
        raise Refused(_("Ce virement est arrivé chez un autre émetteur."), field="amount")
    if balance.state != BalanceState.OWED:
        raise Conflict(_("Ce solde repris est déjà réglé."))
    missing = balance.gross_cents - cents
    if not 0 <= missing <= transfer.legal_entity.wire_tolerance_cents:
        raise Refused(
            _("%(number)s est un solde repris de %(sum)s : il se règle en entier."),
            field="amount",
            number=balance.number,
            sum=eur(balance.gross_cents),
        )
    balance.settle(on=transfer.booked_on, by=by)
    owner = transfer.bank_file.organisation
    transfer.balances.append(BalanceBooking(organisation=owner, balance_id=balance.id, cents=cents))
    db.session.flush()


def _pay_invoice(invoice: Invoice, cents: int, on: date, reference: str, *, by: Actor) -> None:
    if (part := _promised(invoice, cents)) is not None:
        receive_instalment(part, on, reference, by=by)
    elif invoice.state == InvoiceState.ISSUED:
        pay_by_wire(invoice, on, reference, by=by, amount_cents=cents)
    else:
        pay_too_much(invoice, on, reference, by=by, amount_cents=cents)


def _promised(invoice: Invoice, cents: int) -> Instalment | None:
    """The next instalment of a promise that runs, where it is of just this amount."""
    plan = running_plan(invoice)
    expected = [each for each in plan.instalments if each.received_on is None] if plan else []
    return expected[0] if expected and expected[0].cents == cents else None


def _locked(row: Any) -> Any:
    model = type(row)
    query = select(model).where(model.id == row.id).with_for_update(of=model)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def dismiss(transfer: IncomingTransfer, why: str, *, by: Actor) -> None:
    """Nothing of ours is paid by it. Raises Refused without a reason, Conflict when it is decided."""
    lock_waiting(transfer)
    if not why.strip():
        raise Refused(_("Dites pourquoi ce virement n'est pas pour nous."), field="note")
    if transfer.free_cents != transfer.amount_cents:
        raise Refused(_("Une partie de ce virement est enregistrée : elle ne se classe pas."), field="note")
    transfer.dismiss(why.strip(), by=by)


@payment_reversed.connect
def free_its_transfer(payment: Payment, *, by: Actor, reason: str) -> None:
    """The money of a payment that was a mistake waits for the right customer."""
    booking = booking_of(payment)
    if booking is not None:
        booking.reversed_on = clock.today()
        booking.transfer.free(reason, by=by)
