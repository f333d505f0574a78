"""The page of sign-ups, as the operator sets it: open or not, for whom, and which offers."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import SelectChoice

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation, OrganisationKind
from portal.catalogue.models import Product, list_products
from portal.db import db
from portal.forms import WHOLE, saving
from portal.journal import record, timeline
from portal.signups.forms import OfferForm, SettingsForm
from portal.signups.models import TRIAL_DAYS, SignUpOffer, SignUpSettings, offer_for, settings
from portal.signups.offers import lacking_texts

bp = Blueprint("sign_up_settings", __name__, url_prefix="/setup/sign-up")


def _provider() -> Organisation:
    query = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    return db.session.scalars(query).one()


def _own() -> SignUpSettings:
    """The provider's, made where there is none."""
    found = settings()
    if found is None:
        found = SignUpSettings(organisation=_provider(), is_open=False)
        db.session.add(found)
        db.session.flush()
    return found


def _form(**more: Any) -> SettingsForm:
    form = SettingsForm(**more)
    query = Organisation.visible_to(g.actor).where(Organisation.kind != OrganisationKind.CUSTOMER)
    houses = db.session.scalars(query.order_by(Organisation.name, Organisation.id))
    form.house.choices = [SelectChoice(each.uid, each.name) for each in houses]
    return form


def _page(form: SettingsForm, status: int = 200) -> Response:
    offers = {row.product_id: row for row in db.session.scalars(select(SignUpOffer))}
    page = render_template(
        "signups/settings.html",
        form=form,
        rules=settings(),
        products=[(each, offers.get(each.id), lacking_texts(each)) for each in list_products()],
    )
    return make_response(page, status)


@bp.get("")
@requires(Permission.SETUP_WRITE)
def edit() -> Response:
    rules = settings()
    kept: dict[str, Any] = {}
    if rules is not None:
        kept = {name: getattr(rules, name) for name in ("is_open", "erase_days", "warn_days")}
        kept["house"] = rules.house.uid if rules.house else None
    return _page(_form(formdata=None, data=kept or {"erase_days": 30, "warn_days": 7}))


@bp.post("")
@requires(Permission.SETUP_WRITE)
def save() -> Response:
    form = _form()
    if form.validate():
        with saving(form, WHOLE):
            rules = _own()
            rules.is_open, rules.warn_days = form.is_open.data, form.warn_days.data or 0
            rules.erase_days = form.erase_days.data or 0
            rules.house = get_or_404(Organisation.visible_to(g.actor), form.house.data)
            record(rules, "set", by=g.actor, open=rules.is_open, house=rules.house.name)
    if form.errors or form.form_errors:
        return _page(form, 422)
    return htmx.go(url_for(".edit"), toast=_("La page d'inscription est réglée."))


def _offer_page(product: Product, form: OfferForm, status: int = 200) -> Response:
    row = offer_for(product)
    events = timeline(row) if row else None
    page = render_template("signups/offer.html", product=product, form=form, events=events)
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.SETUP_WRITE)
def edit_offer(uid: str) -> Response:
    product = get_or_404(Product.visible_to(g.actor), uid)
    row = offer_for(product)
    kept = {name: getattr(row, name) for name in ("trial_seats", "may_order", "may_ask")} if row else {}
    days = row.trial_days if row else 0
    form = OfferForm(formdata=None, data={**kept, "may_try": days > 0, "trial_days": days or TRIAL_DAYS})
    return _offer_page(product, form)


@bp.post("/<uid>")
@requires(Permission.SETUP_WRITE)
def save_offer(uid: str) -> Response:
    product, form = get_or_404(Product.visible_to(g.actor), uid), OfferForm()
    if form.validate():
        with saving(form, WHOLE):
            set_offer(product, form.values())
    if form.errors or form.form_errors:
        return _offer_page(product, form, 422)
    return htmx.go(url_for(".edit"), toast=_("L'offre est réglée."))


def set_offer(product: Product, values: dict[str, Any]) -> None:
    """What may be asked for with it from now on; the journal says what it was set to."""
    row = offer_for(product)
    if row is None:
        row = SignUpOffer(organisation=_provider(), product_id=product.id)
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    record(row, "set", by=g.actor, **values)
