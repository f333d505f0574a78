"""Invoices that are late, and e-invoices that a rule refused."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from portal import clock
from portal.access import Permission
from portal.billing.einvoice_lists import rules_of
from portal.billing.einvoice_models import EInvoiceRecord, EInvoiceState
from portal.billing.models import Invoice, InvoiceState
from portal.today import Cost, Kind, Todo, waits
from portal.today.kinds import REPAIRERS


def _late() -> Select[tuple[Invoice]]:
    return Invoice.visible_to(g.actor).where(
        Invoice.state == InvoiceState.ISSUED, Invoice.due_on < clock.today()
    )


waits(
    Kind(
        name="invoice.late",
        label=_l("Factures en retard"),
        cost=Cost.MONEY,
        permission=Permission.INVOICE_READ,
        rows=_late,
        order=(Invoice.due_on, Invoice.id),
        tell=lambda row: Todo(
            what=_("Facture impayée : %(number)s", number=row.number),
            who=row.parties["buyer"]["name"],
            url=url_for("billing.show_invoice", uid=row.uid),
            button=_("Voir la facture"),
            due=row.due_on,
            cents=row.gross_cents,
        ),
        everything=lambda: url_for("billing.list_invoices", state="overdue"),
        entry="billing.list_invoices",
        others=REPAIRERS,
    )
)


waits(
    Kind(
        name="einvoice.refused",
        label=_l("Factures électroniques refusées par une règle"),
        cost=Cost.MONEY,
        permission=Permission.BILLING_READ,
        rows=lambda: EInvoiceRecord.visible_to(g.actor).where(EInvoiceRecord.state == EInvoiceState.REFUSED),
        order=(EInvoiceRecord.id,),
        tell=lambda row: Todo(
            what=_(
                "Facture électronique refusée : %(number)s (%(rules)s)",
                number=row.number,
                rules=rules_of(row),
            ),
            who=row.customer.name,
            url=url_for("einvoices.show_einvoice", uid=row.uid),
            button=_("Voir la règle"),
            due=row.issued_on,
        ),
        everything=lambda: url_for("einvoices.list_einvoices", state=EInvoiceState.REFUSED.value),
        entry="billing.list_invoices",
    )
)
