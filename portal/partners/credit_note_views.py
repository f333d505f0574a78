"""Credit notes: listed, read with their lines, and the paper itself."""

from typing import Any

from flask import Response, g, url_for
from marshmallow import fields
from sqlalchemy.orm import joinedload

from portal.access import Permission, get_or_404, requires
from portal.billing.credit_models import CreditNote
from portal.partners.fields import Instant, Money, OfCustomer, Outgoing, Ref, listed, money
from portal.partners.invoice_views import paper_of
from portal.partners.narrowing import of_customer, ref
from portal.partners.reading import page_after
from portal.partners.views import bp


class CreditNoteOut(Outgoing):
    uid = fields.String(required=True)
    number = fields.String(required=True)
    customer = fields.Nested(Ref, required=True)
    invoice = fields.String(required=True)
    invoice_number = fields.String(required=True)
    created_at = Instant(required=True)
    issued_on = fields.Date(required=True)
    reason = fields.String(required=True)
    net = fields.Nested(Money, required=True)
    vat = fields.Nested(Money, required=True)
    gross = fields.Nested(Money, required=True)
    pdf = fields.String(required=True)


class CreditNoteLineOut(Outgoing):
    label = fields.String(required=True)
    vat_basis_points = fields.Integer(required=True)
    net = fields.Nested(Money, required=True)
    vat = fields.Nested(Money, required=True)


class CreditNoteDetail(CreditNoteOut):
    lines = fields.List(fields.Nested(CreditNoteLineOut), required=True)


def shape(row: CreditNote) -> dict[str, Any]:
    names = ("uid", "number", "created_at", "issued_on", "reason")
    return {name: getattr(row, name) for name in names} | {
        "customer": ref(row.customer),
        "invoice": row.invoice.uid,
        "invoice_number": row.invoice.number,
        "net": money(row.net_cents),
        "vat": money(row.vat_cents),
        "gross": money(row.gross_cents),
        "pdf": url_for("partner.read_credit_note", uid=row.uid),
    }


def _line(line: Any) -> dict[str, Any]:
    return {
        "label": line.label,
        "vat_basis_points": line.line.vat_basis_points,
        "net": money(line.net_cents),
        "vat": money(line.vat_cents),
    }


@bp.get("/credit-notes")
@requires(Permission.INVOICE_READ)
@bp.arguments(OfCustomer, location="query")
@bp.response(200, listed("CreditNotes", CreditNoteOut))
def list_credit_notes(asked: dict[str, Any]) -> Any:
    """Credit notes, the oldest first; their amounts are what they take back."""
    query = of_customer(CreditNote, asked).options(
        joinedload(CreditNote.customer), joinedload(CreditNote.invoice)
    )
    page = page_after(query, CreditNote.id, asked)
    return {"data": [shape(row) for row in page["rows"]], "next_cursor": page["next_cursor"]}


@bp.get("/credit-notes/<uid>")
@requires(Permission.INVOICE_READ)
@bp.response(200, CreditNoteDetail)
def show_credit_note(uid: str) -> Any:
    """One credit note and what it takes back of each line of its invoice."""
    row = get_or_404(CreditNote.visible_to(g.actor), uid)
    return shape(row) | {"lines": [_line(line) for line in row.lines]}


@bp.get("/credit-notes/<uid>/pdf")
@requires(Permission.INVOICE_READ)
@bp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def read_credit_note(uid: str) -> Response:
    """The paper as it was issued; taking it is noted in the journal."""
    return paper_of(get_or_404(CreditNote.visible_to(g.actor), uid))
