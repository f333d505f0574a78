"""Money for an invoice, by wire or by debit, and its way back: each is a payment, and the rest follows."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.balance import UNDER_WAY, WITH_THE_BANK, debits_of, position_of, settle_up
from portal.billing.issue import note_payment
from portal.billing.models import Invoice, InvoiceState, Payment, PaymentKind
from portal.db import db
from portal.errors import Conflict, Refused
from portal.journal import SYSTEM
from portal.sepa.models import Collection
from portal.sepa.models.collection import collection_returned, collection_settled, still_owed


def _invoice_of(collection: Collection) -> Invoice | None:
    return db.session.scalars(select(Invoice).where(Invoice.uid == collection.debt_uid)).one_or_none()


def pay_by_wire(
    invoice: Invoice, on: date, reference: str, *, by: Actor, amount_cents: int | None = None
) -> None:
    """A transfer came in for an invoice: debits that nobody has presented yet are cancelled or lowered.

    amount_cents: what came in; the rest of the invoice unless it says another sum. What is missing stays
    owed, unless the issuer lets so little go; a surplus is owed to the customer. Raises Refused for another
    day, for a reference that was noted before, for an invoice that owes nothing, and while a debit of it is
    with the bank: the customer would pay twice.
    """
    _check_day(invoice, on)
    if invoice.state != InvoiceState.ISSUED:
        raise Conflict(_("Cette facture n'attend plus de paiement."))
    if any(row.state in WITH_THE_BANK for row in debits_of(invoice)):
        raise Refused(_("Un prélèvement de cette facture est déjà chez la banque : attendez sa réponse."))
    rest = position_of(invoice).rest
    amount = rest if amount_cents is None else amount_cents
    if amount < 1:
        raise Refused(_("Indiquez le montant reçu."), field="amount")
    note_payment(invoice, received_on=on, reference=reference, by=by, amount_cents=amount)
    let_go(invoice, rest - amount, on, reference, by=by)
    settle_up(invoice, on=on, by=by)


def pay_too_much(invoice: Invoice, on: date, reference: str, *, by: Actor, amount_cents: int) -> None:
    """A transfer came in for an invoice that owes nothing any more: all of it is owed to the customer.

    Raises Refused for another day than from its issue until today, and for a reference noted before.

    Source: C. civ. 1302 (what is paid without being owed is given back).
    """
    _check_day(invoice, on)
    note_payment(invoice, received_on=on, reference=reference, by=by, amount_cents=amount_cents)
    settle_up(invoice, on=on, by=by)


def _check_day(invoice: Invoice, on: date) -> None:
    """From its issue on; an order's invoice is issued, and due, for money that came before."""
    first = min(invoice.issued_on, invoice.due_on) if invoice.order_uid else invoice.issued_on
    if not first <= on <= clock.today():
        raise Refused(_("Le paiement se situe entre l'émission et aujourd'hui."), field="on")


def let_go(invoice: Invoice, missing: int, on: date, reference: str, *, by: Actor) -> None:
    """A cent, or a bank's fee: what the issuer does not ask for again, noted as such."""
    if 0 < missing <= invoice.legal_entity.wire_tolerance_cents:
        note_payment(
            invoice,
            received_on=on,
            reference=f"{reference[:130]} · {_('écart')}",
            by=by,
            amount_cents=missing,
            kind=PaymentKind.LET_GO,
        )


@collection_settled.connect
def pay_by_debit(_sender: Any, *, collection: Collection) -> None:
    """The credit pays the invoice once all of it is there; it may still come back."""
    invoice = _invoice_of(collection)
    if invoice is None or collection.settled_on is None:
        return
    note_payment(
        invoice,
        received_on=collection.settled_on,
        reference=_reference(collection, "+"),
        by=SYSTEM,
        amount_cents=collection.amount_cents,
        of_the_bank=True,
    )
    settle_up(invoice, on=collection.settled_on, by=SYSTEM)


@collection_returned.connect
def reopen_unpaid(_sender: Any, *, collection: Collection) -> None:
    """A debit that came back, however late, leaves the invoice unpaid again."""
    invoice = _invoice_of(collection)
    if invoice is None or collection.returned_on is None or not _is_there(invoice, collection):
        return
    note_payment(
        invoice,
        received_on=collection.returned_on,
        reference=_reference(collection, "-"),
        by=SYSTEM,
        amount_cents=-collection.amount_cents,
        kind=PaymentKind.RETURNED,
        of_the_bank=True,
    )
    settle_up(invoice, on=collection.returned_on, by=SYSTEM, reason=collection.return_reason or "")


@still_owed.connect
def owed_of(_sender: Any, *, collection: Collection) -> int | None:
    """Cents of its invoice that no other debit asks for; None for a debit of something else."""
    invoice = _invoice_of(collection)
    if invoice is None:
        return None
    others = [row for row in debits_of(invoice) if row.id != collection.id and row.state in UNDER_WAY]
    return position_of(invoice).rest - sum(row.amount_cents for row in others)


def _is_there(invoice: Invoice, collection: Collection) -> bool:
    """Has its money arrived, as the books know it? A debit may be settled and come back more than once."""
    mark = f"{collection.end_to_end_id} "
    query = select(db.func.sum(Payment.amount_cents)).where(
        Payment.invoice_id == invoice.id, Payment.reference.startswith(mark, autoescape=True)
    )
    return int(db.session.scalar(query) or 0) > 0


def _reference(collection: Collection, sign: str) -> str:
    """Of one booking of a debit, which the bank names by the same reference each time."""
    mark = f"{collection.end_to_end_id} {sign}"
    query = select(db.func.count(Payment.id)).where(
        Payment.legal_entity_id == collection.legal_entity_id,
        Payment.reference.startswith(mark, autoescape=True),
    )
    return f"{mark}{int(db.session.scalar(query) or 0) + 1}"
