"""A balance of the former system is paid, or used up."""

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.carried import CarriedBalance
from portal.db import db

bp = Blueprint("balances", __name__, url_prefix="/billing/balances")


@bp.post("/<uid>/payment")
@requires(Permission.PAYMENT_WRITE)
def settle(uid: str) -> Response:
    balance = get_or_404(CarriedBalance.visible_to(g.actor).with_for_update(of=CarriedBalance), uid)
    balance.settle(on=clock.today(), by=g.actor)
    db.session.commit()
    see = url_for("customers.show_customer", uid=balance.customer.uid)
    return htmx.go(see, toast=_("Le solde est noté comme réglé."))
