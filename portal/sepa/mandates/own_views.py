"""A customer's own mandates: which account pays, and asking for another one or for the link again."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.models import ContactRole
from portal.customers.queries import own_customer
from portal.db import db
from portal.paging import page_of
from portal.sepa.models import Mandate, open_change
from portal.sepa.signing.account_change import ask_account, is_open_to_change

bp = Blueprint("own_mandates", __name__, url_prefix="/my-mandates")


@bp.get("")
@requires(Permission.OWN_MANDATE_READ)
def show() -> Response:
    mandates = page_of(Mandate.visible_to(g.actor), Mandate.id.desc())
    customer = own_customer()
    page = render_template(
        "sepa/own_mandates.html",
        mandates=mandates,
        changeable={each.uid for each in mandates if is_open_to_change(each)},
        changes={each.uid: open_change(each) for each in mandates},
        signatory=customer.contact(ContactRole.SIGNATORY) if customer else None,
        today=clock.today(),
    )
    return make_response(page)


def _held(uid: str) -> Mandate:
    mandate: Mandate = get_or_404(Mandate.visible_to(g.actor).with_for_update(of=Mandate), uid)
    return mandate


@bp.post("/<uid>/account")
@requires(Permission.OWN_MANDATE_WRITE)
def change_account(uid: str) -> Response:
    """The link goes to the signatory: who reads this page does not sign by it."""
    mandate = _held(uid)
    ask_account(mandate, by=g.actor)
    db.session.commit()
    return _sent(mandate)


@bp.post("/<uid>/link")
@requires(Permission.OWN_MANDATE_WRITE)
def send_link(uid: str) -> Response:
    mandate = _held(uid)
    mandate.resend(by=g.actor)
    db.session.commit()
    return _sent(mandate)


def _sent(mandate: Mandate) -> Response:
    email = mandate.customer.contact(ContactRole.SIGNATORY).email
    return htmx.go(url_for(".show"), toast=_("Un lien part à %(email)s.", email=email))
