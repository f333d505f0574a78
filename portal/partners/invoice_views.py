"""Invoices: listed, read with their lines, and the paper itself."""

from typing import Any

from flask import Response, abort, g, request, url_for
from marshmallow import fields
from sqlalchemy.orm import joinedload

from portal.access import Permission, get_or_404, requires
from portal.billing.balance import position_of
from portal.billing.models import Invoice
from portal.blobs import send_document
from portal.journal import record_taking
from portal.papers import have_document
from portal.partners.fields import Instant, Money, OfCustomer, Outgoing, Ref, listed, money
from portal.partners.narrowing import of_customer, ref
from portal.partners.reading import page_after
from portal.partners.views import bp
from portal.words.states import look_of


class InvoiceOut(Outgoing):
    uid = fields.String(required=True)
    number = fields.String(required=True)
    customer = fields.Nested(Ref, required=True)
    order = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    issued_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    paid_on = fields.Date(required=True, allow_none=True)
    state = fields.String(required=True)
    state_text = fields.String(required=True)
    method = fields.String(required=True)
    net = fields.Nested(Money, required=True)
    vat = fields.Nested(Money, required=True)
    gross = fields.Nested(Money, required=True)
    pdf = fields.String(required=True)


class InvoiceLineOut(Outgoing):
    position = fields.Integer(required=True)
    label = fields.String(required=True)
    quantity = fields.Integer(required=True)
    unit_price = fields.Nested(Money, required=True)
    price_includes_vat = fields.Boolean(required=True)
    vat_basis_points = fields.Integer(required=True)
    net = fields.Nested(Money, required=True)


class InvoiceDetail(InvoiceOut):
    open = fields.Nested(Money, required=True)
    lines = fields.List(fields.Nested(InvoiceLineOut), required=True)


def shape(row: Invoice) -> dict[str, Any]:
    names = ("uid", "number", "created_at", "issued_on", "due_on", "paid_on", "method")
    return {name: getattr(row, name) for name in names} | {
        "customer": ref(row.customer),
        "order": row.order_uid,
        "state": row.shown_state(),
        "state_text": str(look_of(row.shown_state()).word),
        "net": money(row.net_cents),
        "vat": money(row.vat_cents),
        "gross": money(row.gross_cents),
        "pdf": url_for("partner.read_invoice", uid=row.uid),
    }


def _line(line: Any) -> dict[str, Any]:
    names = ("position", "label", "quantity", "vat_basis_points")
    return {name: getattr(line, name) for name in names} | {
        "unit_price": money(line.unit_cents),
        "price_includes_vat": line.includes_vat,
        "net": money(line.net_cents),
    }


@bp.get("/invoices")
@requires(Permission.INVOICE_READ)
@bp.arguments(OfCustomer, location="query")
@bp.response(200, listed("Invoices", InvoiceOut))
def list_invoices(asked: dict[str, Any]) -> Any:
    """Invoices, the oldest first."""
    query = of_customer(Invoice, asked).options(joinedload(Invoice.customer))
    page = page_after(query, Invoice.id, asked)
    return {"data": [shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}


@bp.get("/invoices/<uid>")
@requires(Permission.INVOICE_READ)
@bp.response(200, InvoiceDetail)
def show_invoice(uid: str) -> Any:
    """One invoice, its lines, and what is open of it."""
    row = get_or_404(Invoice.visible_to(g.actor), uid)
    return shape(row) | {"open": money(position_of(row).rest), "lines": [_line(line) for line in row.lines]}


@bp.get("/invoices/<uid>/pdf")
@requires(Permission.INVOICE_READ)
@bp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def read_invoice(uid: str) -> Response:
    """The paper as it was issued; taking it is noted in the journal."""
    return paper_of(get_or_404(Invoice.visible_to(g.actor), uid))


def paper_of(row: Any) -> Response:
    """Of an invoice or a credit note, printed now where nobody has asked for it yet; taking it is noted."""
    document = row.document or abort(404)
    if document.erased:
        abort(410)
    if not document.is_there:
        have_document(document)
    answer = send_document(document)
    record_taking(document, "read", by=g.actor, address=request.remote_addr or "")
    return answer
