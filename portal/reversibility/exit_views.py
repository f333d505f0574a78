"""How each offer is left: what can be taken along, how, by when and at what price, for everybody to read.

Source: Data Act (regulation 2023/2854) art. 25, 26 and 28.
"""

from flask import Blueprint, Response, abort, make_response, render_template
from sqlalchemy import select

from portal import clock
from portal.access import public
from portal.catalogue.hosting import place_on, places_of
from portal.catalogue.models import Product, list_products
from portal.db import EVERYTHING, db, scope
from portal.reversibility.exits import exit_of
from portal.reversibility.states import HandoverForm

bp = Blueprint("exit_page", __name__, url_prefix="/leaving")
_WHY = "a switching customer, and whoever compares before buying, reads how an offer is left (Data Act 26)"


def _product(code: str) -> Product | None:
    query = select(Product).where(Product.code == code, Product.is_on_sale)
    return db.session.scalars(query).first()


@bp.get("")
@public(_WHY)
def list_offers() -> Response:
    with scope(EVERYTHING):
        products = list_products()
        page = render_template("leaving/list.html", products=products)
    return make_response(page)


@bp.get("/<code>")
@public(_WHY)
def show_offer(code: str) -> Response:
    with scope(EVERYTHING):
        product = _product(code) or abort(404)
        places = places_of(product.id)
        page = render_template(
            "leaving/offer.html",
            exit=exit_of(product),
            forms=list(HandoverForm),
            places=places,
            present=place_on(places, clock.today()),
        )
    return make_response(page)
