"""See as the customer: her space, read-only, with a banner above it and a line in her journal."""

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, public, requires
from portal.accounts.looking import begin, end
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, scope
from portal.journal import record

bp = Blueprint("customer_looks", __name__)


@bp.post("/customers/<uid>/look")
@requires(Permission.CUSTOMER_LOOK)
def look(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    begin(g.sign_in, customer.organisation)
    record(customer, "look", by=g.actor, address=request.remote_addr or "")
    db.session.commit()
    return htmx.go(url_for("home.dashboard"))


@bp.post("/look/end")
@public("one may stop looking whoever one is, and it says nothing to a stranger")
def stop_looking() -> Response:
    """Back to where one came from."""
    if g.actor is None or not g.actor.is_looking:
        return htmx.go(url_for("home.dashboard"))
    with scope(EVERYTHING):
        seen = db.session.scalars(
            db.select(Customer.uid).where(Customer.organisation_id == g.actor.organisation_id)
        ).one()
        end(g.sign_in)
        db.session.commit()
    return htmx.go(url_for("customers.show_customer", uid=seen), toast=_("Vous êtes revenu à votre espace."))
