"""Closings, for finance: each month with its state, the next one to close, papers and figures."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import HiddenField

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.billing.closings import Closing
from portal.blobs import send_document
from portal.books.closing import close_month, close_year, months_of, next_month
from portal.books.closing_paper import told
from portal.csv_file import csv_answer, euros
from portal.db import db
from portal.forms import WHOLE, saving
from portal.papers import have_document
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.models import TOP_FIRST, LegalEntity

bp = Blueprint("closings", __name__, url_prefix="/billing/closings")
_YEAR = 4  # characters


class ClosingForm(FlaskForm):
    entity = HiddenField()
    period = HiddenField()


@bp.get("")
@requires(Permission.BOOKS_READ)
def list_closings() -> Response:
    return _page(ClosingForm(formdata=None))


def _page(form: ClosingForm, status: int = 200) -> Response:
    entities = list(db.session.scalars(issuers_to_run(g.actor).order_by(*TOP_FIRST)))
    books = [(entity, *_periods(entity)) for entity in entities]
    return make_response(render_template("books/closings.html", books=books, form=form), status)


def _periods(entity: LegalEntity) -> tuple[list[tuple[str, Closing | None]], str | None, list[str]]:
    """Months with their closings, the newest first; the next month to close; years that may be closed."""
    query = select(Closing).where(Closing.legal_entity_id == entity.id)
    known = {row.period: row for row in db.session.scalars(query)}
    months = [(month, known.get(month)) for month in reversed(months_of(entity))]
    years = [(period, row) for period, row in known.items() if len(period) == _YEAR]
    ready = [period[:_YEAR] for period in known if period.endswith("-12") and period[:_YEAR] not in known]
    return [*sorted(years, reverse=True), *months], next_month(entity), ready


@bp.post("")
@requires(Permission.BILLING_RUN)
def close() -> Response:
    if asking := confirm_first(url_for(".list_closings")):
        return asking
    form = ClosingForm()
    entity = get_or_404(LegalEntity.visible_to(g.actor).with_for_update(), request.form.get("entity", ""))
    period = form.period.data or ""
    if form.validate():
        with saving(form, WHOLE):
            (close_year if len(period) == _YEAR else close_month)(entity, period, by=g.actor)
    if form.errors or form.form_errors:
        return _page(form, 422)
    return htmx.go(url_for(".list_closings"), toast=_("Clôturé : %(period)s.", period=period))


@bp.get("/<uid>/paper")
@requires(Permission.BOOKS_READ)
def download_paper(uid: str) -> Response:
    closing = get_or_404(run_by(Closing, g.actor), uid)
    have_document(closing.document)
    return send_document(closing.document)


@bp.get("/<uid>/figures.csv")
@requires(Permission.BOOKS_READ)
def download_figures(uid: str) -> Response:
    closing = get_or_404(run_by(Closing, g.actor), uid)
    head = [_("Total"), _("Nombre"), _("HT"), _("TVA"), _("TTC")]
    rows = [
        [label, count, *(euros(each) for each in cents)] for label, count, *cents in told(closing.figures)
    ]
    heads = [[number, hash_] for number, hash_ in closing.heads.values()]
    return csv_answer(f"cloture-{closing.period}.csv", head, [*rows, *heads])
