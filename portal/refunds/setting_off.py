"""Sets what is owed to a customer against an invoice, with her consent."""

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.balance import WITH_THE_BANK, debits_of, position_of, settle_up
from portal.billing.credit_models import Refund, RefundState
from portal.billing.issue import note_payment
from portal.billing.models import Invoice, InvoiceState, PaymentKind
from portal.db import db
from portal.errors import Refused


def open_invoices(refund: Refund) -> list[Invoice]:
    """Those of the same customer and issuer that a set-off may pay, the oldest first."""
    query = select(Invoice).where(
        Invoice.customer_id == refund.customer_id,
        Invoice.legal_entity_id == refund.legal_entity_id,
        Invoice.state == InvoiceState.ISSUED,
    )
    return list(db.session.scalars(query.order_by(Invoice.due_on, Invoice.id)))


def set_off(refund: Refund, invoice: Invoice, consent: str, *, by: Actor) -> None:
    """Pay the invoice, or a part of it, with what is owed; what is left stays owed as a refund of its own.

    consent: how the customer agreed, in words that are kept. Raises Refused without it, for another
    customer's invoice, and while a debit of the invoice is with the bank.

    Source: C. civ. 1347, 1348-2.
    """
    if refund.state != RefundState.OWED:
        raise Refused(_("Ce remboursement n'est plus à faire."))
    if not consent.strip():
        raise Refused(_("Dites comment le client a donné son accord."), field="consent")
    if invoice not in open_invoices(refund):
        raise Refused(_("Choisissez une facture ouverte de ce client."), field="invoice")
    if any(row.state in WITH_THE_BANK for row in debits_of(invoice)):
        raise Refused(_("Un prélèvement de cette facture est déjà chez la banque : attendez sa réponse."))
    cents = min(refund.cents, position_of(invoice).rest)
    _split(refund, cents)
    refund.set_off(invoice.number, by=by)
    note_payment(
        invoice,
        received_on=clock.today(),
        reference=f"{_('Compensation')} {refund.uid}",
        by=by,
        amount_cents=cents,
        kind=PaymentKind.SET_OFF,
    )
    settle_up(invoice, on=clock.today(), by=by)


def _split(refund: Refund, cents: int) -> None:
    rest = refund.cents - cents
    if not rest:
        return
    refund.cents = cents
    db.session.add(
        Refund(
            created_at=refund.created_at,  # owed since then, and booked then
            organisation=refund.customer.organisation,
            legal_entity_id=refund.legal_entity_id,
            customer_id=refund.customer_id,
            invoice_id=refund.invoice_id,
            paper=refund.paper,
            cents=rest,
            state=RefundState.OWED,
            due_by=refund.due_by,
            clause=refund.clause,
            version=1,
        )
    )
