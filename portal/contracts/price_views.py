"""Prices of the products, for the operator: a new one, from which day for whom, and the proof of telling."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.catalogue.models import PriceRevision, Product
from portal.contracts.forms import GridForm, PriceForm, VolumeForm
from portal.contracts.lists import PRICES
from portal.contracts.proof import UNSENT, iso, mail_state, with_mails
from portal.contracts.revisions import check_revision, earliest_day, notice_of, preview, revise_price
from portal.csv_file import csv_answer, rows_of
from portal.db import db
from portal.forms import refusals_in
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import Mail
from portal.paging import Page
from portal.subscriptions.models import Subscription
from portal.subscriptions.price_steps import PriceStep
from portal.words.states import look_of

bp = Blueprint("prices", __name__, url_prefix="/prices")


@bp.get("")
@requires(Permission.PRICE_READ)
def list_prices() -> Response:
    return list_page(PRICES, "listing/page.html")


def _refusals(product: Product, form: PriceForm) -> bool:
    """Say beside its field what forbids the price that was typed; True when something does."""
    if form.validate():
        with refusals_in(form, "effective_on"):
            check_revision(product, form.cents, form.effective_on.data)
    return bool(form.errors)


@bp.get("/<product_uid>")
@requires(Permission.PRICE_READ)
def show_price(product_uid: str) -> Response:
    """What a new price would mean for each subscription, before anything is decided."""
    product = get_or_404(Product.visible_to(g.actor), product_uid)
    asked = "effective_on" in request.args
    form = PriceForm(request.args, meta={"csrf": False}) if asked else PriceForm(formdata=None)
    return price_page(product, form, asked and not _refusals(product, form))


def price_page(
    product: Product, form: PriceForm, is_ready: bool = False, status: int = 200, **others: FlaskForm
) -> Response:
    """others: the forms of the page's volume and grid, when they come back with errors."""
    unsent = request.args.get("unsent") == "1"
    if not form.effective_on.data and not form.errors:
        form.effective_on.data = earliest_day(product)
    day = form.effective_on.data
    page = render_template(
        "contracts/price.html",
        product=product,
        form=form,
        is_ready=is_ready,
        today=clock.today(),
        confirm=PriceForm(formdata=None),
        notice=notice_of(product),
        earliest=earliest_day(product),
        rows=preview(product, day) if day else Page([]),
        told=list(_told(product, unsent=unsent)),
        unsent=unsent,
        events=timeline(product),
        volume=others.get("volume") or VolumeForm(formdata=None, obj=product),
        grid=others.get("grid") or GridForm(formdata=None),
    )
    return make_response(page, status)


@bp.post("/<product_uid>")
@requires(Permission.PRICE_WRITE)
def revise(product_uid: str) -> Response:
    product, form = get_or_404(Product.visible_to(g.actor).with_for_update(), product_uid), PriceForm()
    if _refusals(product, form):
        return price_page(product, form, status=422)
    revise_price(product, unit_cents=form.cents, effective_on=form.effective_on.data, by=g.actor)
    db.session.commit()
    text = _("Le nouveau prix est décidé ; les clients en sont prévenus.")
    return htmx.go(url_for(".show_price", product_uid=product_uid), toast=text)


def _told(product: Product, *, unsent: bool) -> Iterator[tuple[PriceStep, Subscription, Any, str]]:
    query = (
        with_mails(select(PriceStep, Subscription), PriceStep.mail_uid)
        .join(PriceRevision, PriceRevision.id == PriceStep.revision_id)
        .join(Subscription, Subscription.id == PriceStep.subscription_id)
        .where(PriceRevision.product_id == product.id)
        .options(joinedload(Subscription.customer))
        .order_by(PriceStep.id.desc())
    )
    for step, subscription, mail, task in rows_of(query.where(UNSENT) if unsent else query):
        yield step, subscription, mail, mail_state(mail, task)


@bp.get("/<product_uid>/told.csv")
@requires(Permission.PRICE_READ)
def download_told(product_uid: str) -> Response:
    product = get_or_404(Product.visible_to(g.actor), product_uid)
    heading = [
        _("Client"),
        _("Abonnement"),
        _("Nouveau prix (centimes)"),
        _("Premier jour"),
        _("Adresse e-mail"),
        _("E-mail"),
        _("Envoyé le"),
        _("Réponse du serveur"),
    ]
    told = _told(product, unsent=request.args.get("unsent") == "1")
    return csv_answer(f"{product.code}-prices.csv", heading, (_told_row(*each) for each in told))


def _told_row(step: PriceStep, subscription: Subscription, mail: Mail | None, told: str) -> list[Any]:
    return [
        subscription.customer.name,
        subscription.label,
        step.unit_cents,
        iso(step.effective_on),
        step.recipient,
        look_of(f"mail_{told}").word,
        iso(mail and mail.sent_at),
        mail.server_answer if mail else "",
    ]
