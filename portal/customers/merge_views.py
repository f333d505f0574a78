"""Two files of one customer become one: both side by side, then which one stays."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.merging import doubles_of, merge
from portal.customers.models import Customer
from portal.customers.queries import search
from portal.db import db
from portal.errors import Refused
from portal.paging import Page, page_of

bp = Blueprint("merging", __name__, url_prefix="/customers/<uid>/merge")


def _found(customer: Customer, text: str) -> Page[Customer]:
    """Those of the same reseller that a search finds; without one, those that look like doubles."""
    if not text:
        return page_of(doubles_of(customer), Customer.name_folded, Customer.id, size=20, name="found")
    query, keys = search(g.actor, text)
    query = query.where(Customer.reseller_id == customer.reseller_id, Customer.id != customer.id)
    return page_of(query, *keys, size=20, name="found")


@bp.get("")
@requires(Permission.CUSTOMER_MERGE)
def choose(uid: str) -> Response:
    """Which file is the double of this one."""
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    text = request.args.get("q", "").strip()
    page = render_template("customers/merge.html", customer=customer, found=_found(customer, text), text=text)
    return make_response(page)


@bp.post("")
@requires(Permission.CUSTOMER_MERGE)
def do_merge(uid: str) -> Response:
    """The named double goes into this customer."""
    kept = get_or_404(Customer.visible_to(g.actor), uid)
    named = request.form.get("double", "")
    if not named:
        raise Refused(_("Choisissez la fiche à réunir."))
    gone = get_or_404(Customer.visible_to(g.actor), named)
    merge(kept, gone, by=g.actor)
    db.session.commit()
    toast = _("Les deux fiches sont réunies.")
    return htmx.go(url_for("customers.show_customer", uid=uid), toast=toast)
