"""When the order form was signed and the service first used, noted before the order is paid."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import Optional

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.forms import WHOLE, DayField, saving
from portal.subscriptions.models import Order
from portal.subscriptions.starts import connected_first_on, first_day, note_start, start_named

bp = Blueprint("starts", __name__, url_prefix="/orders/<uid>/start")
bp.add_app_template_global(start_named)


class StartForm(FlaskForm):
    signed_on = DayField(_l("Bon de commande signé le"), [Optional()])
    connected_on = DayField(_l("Première connexion au service le"), [Optional()])


def _page(order: Order, form: StartForm, status: int = 200) -> Response:
    page = render_template(
        "subscriptions/start.html",
        order=order,
        form=form,
        named=start_named(order),
        starts_on=first_day(order),
        connected_on=connected_first_on(order),
    )
    return make_response(page, status)


@bp.get("")
@requires(Permission.ORDER_WRITE)
def edit_start(uid: str) -> Response:
    order = get_or_404(Order.visible_to(g.actor), uid)
    return _page(order, StartForm(obj=order))


@bp.post("")
@requires(Permission.ORDER_WRITE)
def keep_start(uid: str) -> Response:
    order, form = get_or_404(Order.visible_to(g.actor).with_for_update(), uid), StartForm()
    if form.validate():
        with saving(form, WHOLE):
            note_start(order, signed_on=form.signed_on.data, connected_on=form.connected_on.data, by=g.actor)
    if form.errors or form.form_errors:
        return _page(get_or_404(Order.visible_to(g.actor), uid), form, 422)
    return htmx.go(url_for("subscriptions.show_order", uid=uid), toast=_("Le début du contrat est noté."))
