"""Transfers on the pages of what they paid, and of the file that told of them."""

from collections.abc import Iterable

from flask import g, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission
from portal.billing.models import Invoice
from portal.i18n import eur, plain_day
from portal.paging import first_of
from portal.panels import Related, relates
from portal.resellers.issuing import run_by
from portal.sepa.models.bank import BankFile
from portal.wires.models import IncomingTransfer, TransferBooking

_SHOWN, _IN_FILE = 10, 50


@relates(Invoice, Permission.WIRE_READ)
def transfers_of(invoice: Invoice) -> Iterable[Related]:
    booked = select(TransferBooking.transfer_id).where(TransferBooking.invoice_id == invoice.id)
    query = run_by(IncomingTransfer, g.actor).where(IncomingTransfer.id.in_(booked))
    for row in first_of(query.order_by(IncomingTransfer.id), _SHOWN):
        words = f"{eur(row.amount_cents)}, {plain_day(row.booked_on)}"
        yield Related(_("Virement reçu"), words, url_for("wires.show", uid=row.uid))


@relates(BankFile, Permission.WIRE_READ)
def transfers_in(file: BankFile) -> Iterable[Related]:
    query = run_by(IncomingTransfer, g.actor).where(IncomingTransfer.bank_file_id == file.id)
    for row in first_of(query.order_by(IncomingTransfer.id), _IN_FILE):
        words = f"{row.payer or _('payeur inconnu')}, {eur(row.amount_cents)}"
        yield Related(_("Virement reçu"), words, url_for("wires.show", uid=row.uid))
