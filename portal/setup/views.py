"""The page where a provider opens shop."""

from flask import Blueprint, Response, abort, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.catalogue.models import Product
from portal.catalogue.offers import ShippedOffer, make_product, set_on_sale, shipped_offers
from portal.crypto.seals import read_certificate
from portal.crypto.secrets import keyring
from portal.db import db
from portal.first_steps.steps import own_lines
from portal.forms import WHOLE, saving
from portal.setup.forms import OfferForm
from portal.setup.tries import last_try, store_tried, try_mail, try_store
from portal.words.choices import PLANS

bp = Blueprint("setup", __name__, url_prefix="/setup")


@bp.get("")
@requires(Permission.SETUP_READ)
def show() -> Response:
    sold = {row.code: row for row in db.session.scalars(select(Product))}
    page = render_template(
        "setup/show.html",
        steps=own_lines(),
        tried=last_try(g.actor),
        store_tried=store_tried(g.actor.organisation),
        offers=[(offer, sold.get(offer.code)) for offer in shipped_offers().values()],
        plans=PLANS,
        seal=read_certificate(keyring().seal_certificate_pem),
    )
    return make_response(page)


@bp.post("/mail")
@requires(Permission.SETUP_WRITE)
def send_try() -> Response:
    mail = try_mail(g.actor)
    db.session.commit()
    toast = _("Un message part à %(email)s ; la réponse du serveur se lit ici.", email=mail.recipient)
    return htmx.go(url_for(".show"), toast=toast)


@bp.post("/store")
@requires(Permission.SETUP_WRITE)
def write_try() -> Response:
    try_store(g.actor.organisation, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("Le stockage écrit, relit et efface."))


def _offer(code: str) -> ShippedOffer:
    found = shipped_offers().get(code)
    if found is None:
        abort(404)
    return found


@bp.get("/offers/<code>")
@requires(Permission.SETUP_WRITE)
def new_offer(code: str) -> Response:
    return _page(_offer(code), OfferForm(formdata=None))


def _page(offer: ShippedOffer, form: OfferForm, status: int = 200) -> Response:
    page = render_template("setup/offer.html", offer=offer, form=form, plan=PLANS[offer.plan])
    return make_response(page, status)


@bp.post("/offers/<code>")
@requires(Permission.SETUP_WRITE)
def sell(code: str) -> Response:
    offer, form = _offer(code), OfferForm()
    if form.validate():
        with saving(form, WHOLE):
            make_product(
                g.actor.organisation,
                offer,
                unit_cents=form.price.data or 0,
                included_gb=form.included_gb.data,
                gb_month_cents=form.gb_month_cents.data,
                by=g.actor,
            )
    if form.errors or form.form_errors:
        return _page(offer, form, 422)
    return htmx.go(url_for(".show", _anchor="offers"), toast=_("%(name)s est en vente.", name=offer.name))


@bp.post("/products/<uid>/sale")
@requires(Permission.SETUP_WRITE)
def turn_sale(uid: str) -> Response:
    """On sale, or not any more; what runs goes on."""
    product = get_or_404(Product.visible_to(g.actor), uid)
    set_on_sale(product, not product.is_on_sale, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", _anchor="offers"))
