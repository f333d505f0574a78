"""Where an offer is hosted, as its provider says it, with the days on which it said something else."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.catalogue.hosting import place_on, places_of, promised_state, set_place
from portal.catalogue.models import Product
from portal.customers.countries import countries
from portal.forms import DayField, saving, trim

bp = Blueprint("hosting", __name__, url_prefix="/setup/products")


class HostingForm(FlaskForm):
    place = StringField(_l("Lieu"), [DataRequired(_l("Indiquez le lieu.")), Length(max=140)], [trim])
    state = SelectField(_l("État compétent"), choices=countries, default="FR")
    operator = StringField(
        _l("Exploitant du centre de données"),
        [DataRequired(_l("Indiquez qui l'exploite.")), Length(max=140)],
        [trim],
    )
    measures = TextAreaField(
        _l("Mesures contre l'accès d'autres États"), [Length(max=4000)], render_kw={"rows": 6}
    )
    version = StringField(_l("Version"), [DataRequired(_l("Nommez cette version.")), Length(max=40)], [trim])
    effective_on = DayField(_l("À partir du"), [InputRequired(_l("Indiquez le jour."))])
    elsewhere = BooleanField(_l("Un autre État que celui du contrat, et nous le savons"))

    @property
    def said(self) -> dict[str, Any]:
        names = ("place", "state", "operator", "version", "effective_on", "elsewhere")
        return {name: self[name].data for name in names} | {"measures": (self.measures.data or "").strip()}


def _product(uid: str) -> Product:
    found: Product = get_or_404(Product.visible_to(g.actor), uid)
    return found


def _page(product: Product, form: HostingForm, status: int = 200) -> Response:
    places = places_of(product.id)
    words: dict[str, Any] = {"places": places, "present": place_on(places, clock.today())}
    promised = promised_state(product)
    page = render_template("setup/hosting.html", product=product, form=form, promised=promised, **words)
    return make_response(page, status)


@bp.get("/<uid>/hosting")
@requires(Permission.SETUP_WRITE)
def edit(uid: str) -> Response:
    product = _product(uid)
    return _page(product, HostingForm(formdata=None, obj=place_on(places_of(product.id), clock.today())))


@bp.post("/<uid>/hosting")
@requires(Permission.SETUP_WRITE)
def save(uid: str) -> Response:
    product, form = _product(uid), HostingForm()
    if form.validate():
        with saving(form, "place"):
            set_place(product, **form.said, by=g.actor)
    if form.errors:
        return _page(_product(uid), form, 422)
    return htmx.go(url_for(".edit", uid=uid), toast=_("Le lieu de l'offre est noté."))
