"""The annex of a bulk invoice, on the page, as PDF and as CSV; who bills whom, on customer and reseller."""

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission, get_or_404, may, requires
from portal.accounts.models import Organisation
from portal.billing.models import Invoice
from portal.billing.panels import invoice_panel
from portal.csv_file import csv_answer, euros
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.paging import page_of
from portal.panels import Panel
from portal.resellers.billers import mode_under
from portal.resellers.models import LegalEntity, issuer_for
from portal.resellers.panels import reseller_panel
from portal.resellers.reseller import Reseller
from portal.wholesale.credited import credited_of
from portal.wholesale.models import WholesaleBuyer, annex_of, buyer_of
from portal.wholesale.paper import annex_draft
from portal.wholesale.readiness import lacks_of

bp = Blueprint("wholesale", __name__, url_prefix="/wholesale")


def _invoice(uid: str) -> Invoice:
    """A bulk invoice; 404 for any other one."""
    invoice: Invoice = get_or_404(Invoice.visible_to(g.actor), uid)
    buyer = select(WholesaleBuyer.id).where(WholesaleBuyer.customer_id == invoice.customer_id)
    if db.session.scalar(buyer) is None:
        abort(404)
    return invoice


@bp.get("/<uid>")
@requires(Permission.MARGIN_READ)
def show_annex(uid: str) -> Response:
    invoice = _invoice(uid)
    lines = annex_of(invoice)
    page = render_template("wholesale/annex.html", invoice=invoice, lines=lines, credited=credited_of(lines))
    return make_response(page)


@bp.get("/<uid>/annex.csv")
@requires(Permission.MARGIN_READ)
def annex_csv(uid: str) -> Response:
    invoice = _invoice(uid)
    head = [
        _("Client"),
        _("Contrat"),
        _("Désignation"),
        _("Quantité"),
        _("Prix unitaire HT"),
        _("Montant HT"),
    ]
    rows = (
        (
            line.customer_name,
            line.subscription_uid,
            line.label,
            line.quantity,
            euros(line.unit_cents),
            euros(line.net_cents),
        )
        for line in annex_of(invoice)
    )
    return csv_answer(f"annexe-{invoice.number}.csv", head, rows)


@bp.get("/<uid>/annex.pdf")
@requires(Permission.MARGIN_READ)
def annex_pdf(uid: str) -> Response:
    invoice = _invoice(uid)
    answer = make_response(annex_draft(invoice, annex_of(invoice)).build())
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="annexe-{invoice.number}.pdf"'
    return answer


@invoice_panel(rank=4)
def annex_panel(invoice: Invoice) -> Panel | None:
    if not may(Permission.MARGIN_READ):
        return None
    lines = annex_of(invoice)
    return Panel("wholesale/_invoice_panel.html", {"invoice": invoice, "lines": lines}) if lines else None


@customer_panel(rank=44)
def mode_panel(customer: Customer) -> Panel | None:
    """Who invoices her and since when that stands; of a record that stands for a reseller, that it does."""
    if not may(Permission.MARGIN_READ):
        return None
    query = select(Invoice).where(Invoice.customer_id == customer.id).order_by(Invoice.id)
    own = select(WholesaleBuyer.id).where(WholesaleBuyer.customer_id == customer.id)
    context = _mode(issuer_for(customer)) | {
        "first": db.session.scalars(query).first(),
        "is_buyer": db.session.scalar(own) is not None,
        "seller": customer.organisation.parent,
    }
    return Panel("wholesale/_customer_panel.html", context)


@reseller_panel(rank=25)
def bulk_panel(reseller: Reseller) -> Panel | None:
    """Who invoices its next customers, and what it bought of the provider."""
    if not may(Permission.MARGIN_READ):
        return None
    buyer = buyer_of(reseller.organisation)
    query = select(Invoice).where(Invoice.customer_id == (buyer.customer_id if buyer else None))
    bills = page_of(query, Invoice.id.desc(), size=12, name="bulk")
    who = _mode_of(reseller.organisation)
    context = who | {"buyer": buyer, "bills": bills, "lacks": lacks_of(reseller, who["mode"])}
    return Panel("wholesale/_reseller_panel.html", context)


def _mode_of(organisation: Organisation) -> dict[str, Any]:
    try:
        return _mode(issuer_for(organisation))
    except LookupError:  # nobody bills there yet
        return {"entity": None, "mode": None}


def _mode(entity: LegalEntity) -> dict[str, Any]:
    return {"entity": entity, "mode": mode_under(entity)}
