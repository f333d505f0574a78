"""A piece of work and the price grid: what a technician does about it, and what the customer answers."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select

from portal import clock, htmx
from portal.access import GRANTS, Permission, get_or_404, requires
from portal.accounts.models import User
from portal.db import db
from portal.desk.forms import CheckedForm, EndForm, LineForm, PlanForm, PriceForm
from portal.desk.models import Outcome, WorkKind, WorkOrder
from portal.desk.panels import subject_address
from portal.desk.prices import Item, WorkPrice, set_price
from portal.desk.quoting import send_quote, tell_customer
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.mail import mails_about

bp = Blueprint("work_orders", __name__, url_prefix="/work-orders")
prices_bp = Blueprint("work_prices", __name__, url_prefix="/work-prices")


def _get(uid: str) -> WorkOrder:
    row: WorkOrder = get_or_404(WorkOrder.visible_to(g.actor), uid)
    return row


def _technicians() -> list[User]:
    """Who may do the work, in the house of the person asking."""
    query = select(User).where(User.organisation_id == g.actor.organisation_id)
    rows = db.session.scalars(query.order_by(User.id))
    return [row for row in rows if row.is_enabled and row.role in GRANTS[Permission.RESTORE_WORK]]


def _plan_form() -> PlanForm:
    form = PlanForm()
    form.technician.choices = [(one.uid, one.label) for one in _technicians()]
    return form


def _page(row: WorkOrder, status: int = 200, **forms: FlaskForm) -> Response:
    shown: dict[str, Any] = {
        "line": LineForm(formdata=None, worked_on=clock.today()),
        "plan": _plan_form(),
        "end": EndForm(formdata=None),
        "checked": CheckedForm(formdata=None),
        **forms,
    }
    page = render_template(
        "desk/show.html",
        order=row,
        events=timeline(row),
        mails=mails_about(row),
        subject=subject_address(row),
        **shown,
    )
    return make_response(page, status)


def _back(row: WorkOrder, said: str = "") -> Response:
    return htmx.go(url_for("work_orders.show", uid=row.uid), toast=said)


@bp.get("/<uid>")
@requires(Permission.RESTORE_READ)
def show(uid: str) -> Response:
    return _page(_get(uid))


@bp.post("/<uid>/lines")
@requires(Permission.RESTORE_WORK)
def add_line(uid: str) -> Response:
    """Without a day a line of the quote, with one what was done that day."""
    row, form = _get(uid), LineForm()
    if form.validate():
        with saving(form, WHOLE):
            row.add_line(
                Item(form.item.data),
                form.quantity.data or 0,
                worked_on=form.worked_on.data,
                unit_cents=form.price.data,
                why=form.why.data or "",
                by=g.actor,
            )
    return _page(_get(uid), 422, line=form) if form.errors else _back(row)


@bp.post("/<uid>/quote")
@requires(Permission.RESTORE_WORK)
def quote(uid: str) -> Response:
    row = _get(uid)
    send_quote(row, by=g.actor)
    db.session.commit()
    return _back(row, _("Le devis est parti."))


@bp.post("/<uid>/acceptance")
@requires(Permission.WORK_ACCEPT)
def accept(uid: str) -> Response:
    """From her own space, by who signs for her."""
    row = _get(uid)
    row.accept(by=g.actor)
    db.session.commit()
    return _back(row, _("Devis accepté."))


@bp.post("/<uid>/plan")
@requires(Permission.RESTORE_WORK)
def plan(uid: str) -> Response:
    row, form = _get(uid), _plan_form()
    if form.validate():
        person = next(one for one in _technicians() if one.uid == form.technician.data)
        with saving(form, "at"):
            row.plan(form.at.found, person, by=g.actor)
            tell_customer(row, "desk/mail_planned.txt")
    return _page(_get(uid), 422, plan=form) if form.errors else _back(row, _("Intervention planifiée."))


@bp.post("/<uid>/end")
@requires(Permission.RESTORE_WORK)
def end(uid: str) -> Response:
    row, form = _get(uid), EndForm()
    if form.validate():
        with saving(form, WHOLE):
            row.end(Outcome(form.outcome.data), by=g.actor)
    return _page(_get(uid), 422, end=form) if form.errors else _back(row)


@bp.post("/<uid>/check")
@requires(Permission.RESTORE_WORK)
def check(uid: str) -> Response:
    row, form = _get(uid), CheckedForm()
    if form.validate():
        with saving(form, "who"):
            row.check(form.who.data or "", by=g.actor)
    return _page(_get(uid), 422, checked=form) if form.errors else _back(row)


@bp.post("/<uid>/own-check")
@requires(Permission.VAULT_UNLOCK)
def check_own(uid: str) -> Response:
    row = _get(uid)
    row.check(g.actor.label, by=g.actor)
    db.session.commit()
    return _back(row, _("Merci, c'est noté."))


@bp.post("/<uid>/billing")
@requires(Permission.RESTORE_WORK)
def bill(uid: str) -> Response:
    row = _get(uid)
    if row.kind == WorkKind.RESTORE:
        raise Refused(_("Une restauration se facture depuis sa demande."))
    if row.kind == WorkKind.INCIDENT:
        raise Refused(_("Le travail d'un ticket se facture quand sa clôture est acceptée."))
    if row.settle(by=g.actor):
        row.owe()
    db.session.commit()
    return _back(row, _("Sur la prochaine facture."))


@bp.post("/<uid>/cancellation")
@requires(Permission.RESTORE_WORK)
def cancel(uid: str) -> Response:
    row = _get(uid)
    row.cancel(by=g.actor)
    db.session.commit()
    return _back(row, _("Intervention annulée, rien n'est facturé."))


def _grid(form: PriceForm, status: int = 200) -> Response:
    query = WorkPrice.visible_to(g.actor).order_by(WorkPrice.item, WorkPrice.effective_on.desc())
    rows = list(db.session.scalars(query))
    return make_response(render_template("desk/prices.html", rows=rows, form=form), status)


@prices_bp.get("")
@requires(Permission.PRICE_READ)
def show_prices() -> Response:
    return _grid(PriceForm())


@prices_bp.post("")
@requires(Permission.PRICE_WRITE)
def add_price() -> Response:
    form = PriceForm()
    if form.validate():
        with saving(form, "effective_on"):
            set_price(
                g.actor.organisation,
                Item(form.item.data),
                form.price.data or 0,
                form.effective_on.data,
                by=g.actor,
            )
    return _grid(form, 422) if form.errors else htmx.go(url_for("work_prices.show_prices"))
