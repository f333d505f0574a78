"""What volume an offer includes and what more of it costs, on the page of its price."""

from flask import Response, g, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation
from portal.catalogue.models import Product, VolumePrice
from portal.contracts.forms import GridForm, PriceForm, VolumeForm
from portal.contracts.price_views import bp, price_page
from portal.db import db
from portal.journal import record


def _product(uid: str) -> Product:
    found: Product = get_or_404(Product.visible_to(g.actor).with_for_update(), uid)
    return found


def _done(product: Product, toast: str) -> Response:
    db.session.commit()
    return htmx.go(url_for(".show_price", product_uid=product.uid), toast=toast)


@bp.post("/<product_uid>/volume")
@requires(Permission.PRICE_WRITE)
def set_volume(product_uid: str) -> Response:
    """For the orders to come: those placed keep what was agreed."""
    product, form = _product(product_uid), VolumeForm()
    if not form.validate():
        return price_page(product, PriceForm(formdata=None), volume=form, status=422)
    included, price = form.included_gb.data, form.gb_month_cents.data
    product.included_gb, product.gb_month_cents = included, price
    record(product, "set_volume", by=g.actor, included_gb=included, gb_month_cents=price)
    return _done(product, _("Volume enregistré : il vaut pour les prochaines commandes."))


@bp.post("/<product_uid>/grid")
@requires(Permission.PRICE_WRITE)
def set_grid_price(product_uid: str) -> Response:
    """A line of the public price list; the same volume again replaces its price."""
    product, form = _product(product_uid), GridForm()
    if not form.validate():
        return price_page(product, PriceForm(formdata=None), grid=form, status=422)
    up_to_gb, cents = form.up_to_gb.data or 0, form.grid_cents.data or 0
    row = next((one for one in product.volume_prices if one.up_to_gb == up_to_gb), None)
    if row is None:
        owner = db.session.get_one(Organisation, product.organisation_id)
        row = VolumePrice(organisation=owner, product=product, up_to_gb=up_to_gb)
        db.session.add(row)
    row.cents = cents
    record(product, "set_grid", by=g.actor, up_to_gb=up_to_gb, cents=cents)
    return _done(product, _("Grille tarifaire enregistrée."))


@bp.post("/grid/<row_uid>/removal")
@requires(Permission.PRICE_WRITE)
def remove_grid_price(row_uid: str) -> Response:
    row: VolumePrice = get_or_404(VolumePrice.visible_to(g.actor), row_uid)
    product = row.product
    record(product, "set_grid", by=g.actor, up_to_gb=row.up_to_gb, cents=None)
    db.session.delete(row)
    return _done(product, _("Ligne retirée de la grille."))
