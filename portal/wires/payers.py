"""The account that a payment came from, for whoever is to pay it back."""

from sqlalchemy import select

from portal.billing.credit_models import Refund
from portal.db import EVERYTHING, db, scope
from portal.refunds.accounts import Payer, payer_account
from portal.wires.models import IncomingTransfer, TransferBooking


@payer_account()
def of_the_transfer(refund: Refund) -> Payer | None:
    """Of the last transfer that paid the invoice of a refund; the statement is its issuer's.

    Source: L1 (C. conso L221-24: by the same means of payment).
    """
    if refund.invoice_id is None:
        return None
    query = select(IncomingTransfer).join(TransferBooking, TransferBooking.transfer_id == IncomingTransfer.id)
    query = query.where(
        TransferBooking.invoice_id == refund.invoice_id,
        TransferBooking.reversed_on.is_(None),
        IncomingTransfer.iban_sealed.is_not(None),
    )
    with scope(EVERYTHING):
        row = db.session.scalars(query.order_by(IncomingTransfer.id.desc())).first()
        return Payer(row.iban or "", row.payer, row.booked_on) if row is not None else None
