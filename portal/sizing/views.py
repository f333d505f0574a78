"""The sizing sheet of an order, and its hand-over."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.db import db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.panels import Link
from portal.sizing.forms import HandoverForm, SheetForm, sheet_form
from portal.sizing.models import Place, asks_for_sizing, hand_over, sizing_of, write_sheet
from portal.sizing.papers import sheet_rows
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.panels import order_link, subscription_link

bp = Blueprint("sizing", __name__, url_prefix="/orders/<uid>")


def _order(uid: str) -> Order:
    found: Order = get_or_404(Order.visible_to(g.actor), uid)
    return found


@bp.get("/sizing")
@requires(Permission.ORDER_READ)
def show_sizing(uid: str) -> Response:
    return _page(_order(uid))


def _page(order: Order, status: int = 200, **forms: FlaskForm) -> Response:
    row = sizing_of(order)
    page = render_template(
        "sizing/show.html",
        order=order,
        row=row,
        rows=sheet_rows(row) if row else [],
        asked=asks_for_sizing(order),
        sheet=forms.get("sheet") or sheet_form(row),
        handover=forms.get("handover") or HandoverForm(formdata=None, handed_over_on=clock.today()),
    )
    return make_response(page, status)


@bp.post("/sizing")
@requires(Permission.ORDER_WRITE)
def save_sizing(uid: str) -> Response:
    form = SheetForm()
    if form.validate():
        with saving(form, WHOLE):
            write_sheet(_order(uid), form.sheet(), by=g.actor)
    if form.errors:
        return _page(_order(uid), 422, sheet=form)
    return htmx.go(url_for(".show_sizing", uid=uid), toast=_("Fiche enregistrée."))


@bp.post("/handover")
@requires(Permission.BACKUP_WORK)
def record_handover(uid: str) -> Response:
    form, row = HandoverForm(), sizing_of(_order(uid))
    if row is None:
        raise Refused(_("La fiche de dimensionnement vient d'abord."))
    if form.validate():
        with saving(form, WHOLE):
            hand_over(row, form.handed_over_on.data, Place(form.how.data), by=g.actor)
    if form.errors:
        return _page(_order(uid), 422, handover=form)
    return htmx.go(url_for(".show_sizing", uid=uid), toast=_("Le reçu part au responsable par e-mail."))


def _links(order: Order) -> list[Link]:
    if asks_for_sizing(order) is None or not may(Permission.ORDER_READ):
        return []
    return [Link(url_for("sizing.show_sizing", uid=order.uid), _("Dimensionnement"), "hdd-stack")]


order_link()(_links)


@subscription_link(rank=60)
def from_subscription(subscription: Subscription) -> list[Link]:
    query = Order.visible_to(g.actor).where(Order.uid == subscription.order_uid)
    order = db.session.scalars(query).one_or_none()
    return _links(order) if order is not None else []
