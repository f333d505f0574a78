"""One debit: hold it, let it go, split it, cancel it, announce it anew."""

from flask import Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import joinedload

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.csv_file import csv_answer, euros, rows_of
from portal.db import db
from portal.forms import saving
from portal.journal import timeline
from portal.mail import mails_about
from portal.resellers.issuing import run_by
from portal.sepa.batches.forms import AmountForm, HoldForm, SplitForm
from portal.sepa.blueprint import bp
from portal.sepa.models import Collection, CollectionState

_OPEN = (CollectionState.ANNOUNCED, CollectionState.HELD)


@bp.get("/collections/<uid>")
@requires(Permission.BATCH_READ)
def show_collection(uid: str) -> Response:
    return _page(get_or_404(run_by(Collection, g.actor), uid))


def _page(row: Collection, status: int = 200, **typed: FlaskForm) -> Response:
    """typed: the forms that were refused, by name."""
    problem = row.problem(clock.today()) if row.state == CollectionState.ANNOUNCED else None
    empty = {
        "hold": HoldForm(formdata=None),
        "split": SplitForm(formdata=None),
        "lower": AmountForm(formdata=None),
    }
    page = render_template(
        "sepa/collection.html",
        row=row,
        mandate=row.mandate,
        problem=problem,
        events=timeline(row),
        mails=mails_about(row),
        **{**empty, **typed},
    )
    return make_response(page, status)


def _address(row: Collection) -> str:
    return url_for("sepa.show_collection", uid=row.uid)


@bp.post("/collections/<uid>/hold")
@requires(Permission.BATCH_WRITE)
def hold_collection(uid: str) -> Response:
    row, form = get_or_404(run_by(Collection, g.actor), uid), HoldForm()
    if not form.validate():
        return _page(row, 422, hold=form)
    row.hold(form.reason.data, by=g.actor)
    db.session.commit()
    return htmx.go(_address(row), toast=_("Le prélèvement est retenu."))


@bp.post("/collections/<uid>/unhold")
@requires(Permission.BATCH_WRITE)
def unhold_collection(uid: str) -> Response:
    row = get_or_404(run_by(Collection, g.actor), uid)
    row.unhold(by=g.actor)
    db.session.commit()
    return htmx.go(_address(row), toast=_("Le prélèvement est de nouveau à remettre."))


@bp.post("/collections/<uid>/split")
@requires(Permission.BATCH_WRITE)
def split_collection(uid: str) -> Response:
    row, form = get_or_404(run_by(Collection, g.actor), uid), SplitForm()
    if form.validate():
        with saving(form):
            row.split(form.first_cents.data, form.second_on.data, by=g.actor)
    if form.errors:
        return _page(row, 422, split=form)
    return htmx.go(_address(row), toast=_("Partagé en deux dates, toutes deux annoncées au client."))


@bp.post("/collections/<uid>/amount")
@requires(Permission.BATCH_WRITE)
def lower_collection(uid: str) -> Response:
    row, form = get_or_404(run_by(Collection, g.actor), uid), AmountForm()
    if form.validate():
        with saving(form):
            row.lower(form.amount_cents.data, by=g.actor)
    if form.errors:
        return _page(row, 422, lower=form)
    return htmx.go(_address(row), toast=_("Le nouveau montant est annoncé au client."))


@bp.get("/collections.csv")
@requires(Permission.BATCH_READ)
def cockpit_csv() -> Response:
    """What is announced or held; accounts are masked."""
    query = run_by(Collection, g.actor).where(Collection.batch_id.is_(None), Collection.state.in_(_OPEN))
    query = query.options(joinedload(Collection.mandate)).order_by(Collection.due_on, Collection.id)
    head = (_("Échéance"), _("Référence"), _("Débiteur"), "RUM", "IBAN", _("Montant"), _("Raison"))
    today = clock.today()
    cells = (
        (
            row.due_on,
            row.reference,
            row.mandate.debtor_name,
            row.mandate.rum,
            row.mandate.iban_masked,
            euros(row.amount_cents),
            row.hold_reason or row.problem(today),
        )
        for (row,) in rows_of(query)
    )
    return csv_answer("collections.csv", head, cells)
