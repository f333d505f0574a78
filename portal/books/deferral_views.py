"""For finance: what a month's end defers to later days, line by line, and the entry for the accountant."""

from datetime import date, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.closings import closed_through
from portal.books.accounts import Chart, shown
from portal.books.deferral import Ahead, ahead_of, book_month, may_be_booked, sums_of
from portal.books.fec import month_days
from portal.books.ledger_views import asked_month
from portal.books.models import deferral_on
from portal.csv_file import csv_answer, euros
from portal.forms import WHOLE, saving
from portal.paging import PAGE, Page, cursor_of
from portal.resellers.issuing import issuers_to_run
from portal.resellers.models import LegalEntity

bp = Blueprint("deferrals", __name__, url_prefix="/billing/deferred")


def _entity(uid: str) -> LegalEntity:
    return get_or_404(issuers_to_run(g.actor), uid)


def _day(entity: LegalEntity) -> date:
    """The end of the month that the address names, else of the last closed one, else of the last one."""
    last = closed_through(entity.id) or clock.today().replace(day=1) - timedelta(1)
    return month_days(asked_month(f"{last:%Y-%m}"))[1]


@bp.get("/<uid>")
@requires(Permission.BOOKS_READ)
def show(uid: str) -> Response:
    entity = _entity(uid)
    return _page(entity, _day(entity), FlaskForm(formdata=None))


def _page(entity: LegalEntity, day: date, form: FlaskForm, status: int = 200) -> Response:
    rows, chart = list(ahead_of(entity, day)), Chart(entity)
    page = render_template(
        "books/deferred.html",
        entity=entity,
        day=day,
        form=form,
        sums=[(shown(chart.at(use, day)), *cents) for use, *cents in sums_of(rows)],
        account=shown(chart.at("deferred", day)),
        rows=_from(rows),
        count=len(rows),
        kept=deferral_on(entity, day),
        may_be_booked=may_be_booked(entity, day),
    )
    return make_response(page, status)


def _from(rows: list[Ahead]) -> Page[Ahead]:
    start = cursor_of(request.args.get("after", "")) or 0
    more = urlencode({**request.args.to_dict(), "after": start + PAGE})
    return Page(rows[start : start + PAGE], f"{request.path}?{more}" if start + PAGE < len(rows) else "")


@bp.get("/<uid>/lines.csv")
@requires(Permission.BOOKS_READ)
def download_lines(uid: str) -> Response:
    entity = _entity(uid)
    day, chart = _day(entity), Chart(entity)
    head = [_("Client"), _("Facture"), _("Désignation"), _("Compte"), _("Du"), _("Au"), _("Facturé HT")]
    head += [_("Acquis"), _("Constaté d'avance")]
    rows = (
        [
            *(each.customer, each.number, each.label, chart.at(each.use, day).number),
            *(each.starts_on, each.last_day),
            *(euros(cents) for cents in (each.net, *each.spread)),
        ]
        for each in ahead_of(entity, day)
    )
    return csv_answer(f"constate-d-avance-{day}.csv", head, rows)


@bp.post("/<uid>/entry")
@requires(Permission.BILLING_RUN)
def book(uid: str) -> Response:
    entity = get_or_404(LegalEntity.visible_to(g.actor).with_for_update(), uid)
    day, form = _day(entity), FlaskForm()
    if form.validate():
        with saving(form, WHOLE):
            book_month(entity, day, by=g.actor)
    if form.errors or form.form_errors:
        return _page(_entity(uid), day, form, 422)
    return htmx.go(url_for(".show", uid=uid, month=f"{day:%Y-%m}"), toast=_("L'écriture est passée."))
