"""What invoices hang together with: the debits that are to pay them, and back."""

from collections.abc import Iterator

from flask import g, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.billing.models import Invoice
from portal.db import db
from portal.notes import takes_notes
from portal.panels import Related, relates
from portal.resellers.issuing import runs
from portal.sepa.models import Batch, Collection, Mandate

takes_notes(Invoice, Permission.INVOICE_READ, "billing.show_invoice")
takes_notes(Mandate, Permission.MANDATE_READ, "sepa.show_mandate")
takes_notes(Collection, Permission.BATCH_READ, "sepa.show_collection")


def _debits(invoice: Invoice) -> list[Collection]:
    """The first presentation and later ones: their keys begin with the invoice's uid."""
    query = Collection.visible_to(g.actor).where(Collection.reference == invoice.number)
    found = db.session.scalars(query.options(joinedload(Collection.mandate)).order_by(Collection.id))
    return [each for each in found if each.debt_uid == invoice.uid]


@relates(Invoice, Permission.BATCH_READ)
def debits_of_invoice(invoice: Invoice) -> Iterator[Related]:
    return (
        Related(_("Prélèvement"), each.end_to_end_id, url_for("sepa.show_collection", uid=each.uid))
        for each in (_debits(invoice) if runs(g.actor, invoice.legal_entity) else [])
    )


@relates(Invoice, Permission.MANDATE_READ)
def mandates_of_invoice(invoice: Invoice) -> Iterator[Related]:
    mandates = {each.mandate.uid: each.mandate for each in _debits(invoice)}
    return (
        Related(_("Mandat"), each.rum, url_for("sepa.show_mandate", uid=each.uid))
        for each in mandates.values()
    )


@relates(Collection, Permission.INVOICE_READ)
def invoice_of_debit(debit: Collection) -> Iterator[Related]:
    query = Invoice.visible_to(g.actor).where(Invoice.uid == debit.debt_uid)
    return (
        Related(_("Facture"), each.number, url_for("billing.show_invoice", uid=each.uid))
        for each in db.session.scalars(query)
    )


@relates(Collection, Permission.BATCH_READ)
def batch_of_debit(debit: Collection) -> Iterator[Related]:
    query = select(Batch).where(Batch.id == debit.batch_id)
    return (
        Related(_("Remise"), each.msg_id, url_for("sepa.show_batch", uid=each.uid))
        for each in db.session.scalars(query)
    )
