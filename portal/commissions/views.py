"""A statement of commission: its page, PDF and CSV; and all of them on the reseller's money page."""

from flask import Blueprint, Response, abort, g, make_response, render_template
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission, get_or_404, requires
from portal.blobs import send_document
from portal.commissions.models import CommissionStatement
from portal.csv_file import csv_answer, euros
from portal.db import db
from portal.journal import timeline
from portal.margins.panels import margin_panel
from portal.paging import page_of
from portal.panels import Panel
from portal.papers import have_document
from portal.resellers.reseller import Reseller

bp = Blueprint("commissions", __name__, url_prefix="/commissions")


def _statement(uid: str) -> CommissionStatement:
    row: CommissionStatement = get_or_404(CommissionStatement.visible_to(g.actor), uid)
    return row


@bp.get("/<uid>")
@requires(Permission.MARGIN_READ)
def show(uid: str) -> Response:
    row = _statement(uid)
    query = Reseller.visible_to(g.actor).where(Reseller.organisation_id == row.organisation_id)
    reseller = db.session.scalars(query).one()
    page = render_template("commissions/show.html", statement=row, reseller=reseller, events=timeline(row))
    return make_response(page)


@bp.get("/<uid>/statement.pdf")
@requires(Permission.MARGIN_READ)
def statement_pdf(uid: str) -> Response:
    row = _statement(uid)
    if row.document is None:
        abort(404)
    have_document(row.document)
    return send_document(row.document)


@bp.get("/<uid>/lines.csv")
@requires(Permission.MARGIN_READ)
def lines_csv(uid: str) -> Response:
    row = _statement(uid)
    head = [_("Client"), _("Offre"), _("Facture"), _("Payé, HT"), _("Acheté, HT"), _("Marge")]
    rows = (
        (
            line.customer_name,
            line.product_name,
            line.invoice_number,
            euros(line.sold_cents),
            euros(line.bought_cents),
            euros(line.margin_cents),
        )
        for line in row.lines
    )
    return csv_answer(f"{row.number}.csv", head, rows)


@margin_panel(rank=20)
def statements_panel(reseller: Reseller) -> Panel | None:
    """The statements of a reseller, the last one first."""
    query = select(CommissionStatement).where(CommissionStatement.organisation_id == reseller.organisation_id)
    rows = page_of(query, CommissionStatement.id.desc(), size=12, name="statements")
    return Panel("commissions/_panel.html", {"statements": rows}) if rows else None
