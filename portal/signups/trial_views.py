"""A trial, as its customer and her reseller see it: its end, more days, and the way into production."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.customers.terms_requests import request_terms
from portal.db import db
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.paging import first_of
from portal.panels import Panel
from portal.signups.forms import ExtendForm, ProductionForm, offer_means
from portal.signups.lists import TRIALS
from portal.signups.models import Trial
from portal.signups.trials import extend_trial, go_on, means_of, price_of, waiting_order
from portal.terms.in_force import stack_in_force

bp = Blueprint("trials", __name__, url_prefix="/trials")
_NEWEST = 5


@bp.get("")
@requires(Permission.SUBSCRIPTION_READ)
def list_trials() -> Response:
    return list_page(TRIALS, "listing/page.html")


def _held(uid: str) -> Trial:
    query = Trial.visible_to(g.actor).with_for_update(of=Trial).execution_options(populate_existing=True)
    found: Trial = get_or_404(query, uid)
    return found


@bp.get("/<uid>")
@requires(Permission.SUBSCRIPTION_READ)
def show(uid: str) -> Response:
    return _page(get_or_404(Trial.visible_to(g.actor), uid))


def _page(trial: Trial, status: int = 200, **forms: FlaskForm) -> Response:
    """forms: those that come back with what is wrong in them (``production``, ``more``)."""
    page = render_template(
        "signups/trial.html",
        trial=trial,
        licence=trial.key,
        order=waiting_order(trial),
        price=price_of(trial),
        production=forms.get("production") or _production(trial, formdata=None),
        more=forms.get("more") or ExtendForm(formdata=None),
        today=clock.today(),
        events=timeline(trial),
        mails=mails_about(trial),
    )
    return make_response(page, status)


def _production(trial: Trial, **more: None) -> ProductionForm:
    form = ProductionForm(**more, data={"quantity": trial.seats})
    offer_means(form.method, means_of(trial))
    return form


@bp.post("/<uid>/production")
@requires(Permission.SUBSCRIPTION_CHANGE)
def produce(uid: str) -> Response:
    trial = _held(uid)
    form, terms = _production(trial), stack_in_force(trial.product.terms_stack, clock.today())
    if form.validate() and not trial.customer.has_accepted(terms):
        return _ask_terms(trial)
    if form.validate():
        with saving(form, WHOLE):
            go_on(trial, form.quantity.data or 0, Method(form.method.data), by=g.actor)
    if form.errors or form.form_errors:
        return _page(_held(uid), 422, production=form)
    return htmx.go(url_for(".show", uid=uid), toast=_("La commande est passée : la clé reste la même."))


def _ask_terms(trial: Trial) -> Response:
    """The contract has changed since the trial began: it is accepted anew before anything is ordered."""
    request_terms(trial.customer, trial.product.terms_stack, by=g.actor)
    db.session.commit()
    toast = _("Le contrat a changé : un lien part par e-mail pour l'accepter, puis la commande se passe ici.")
    return htmx.go(url_for(".show", uid=trial.uid), toast=toast)


@bp.post("/<uid>/extension")
@requires(Permission.ORDER_WRITE)
def extend(uid: str) -> Response:
    trial, form = _held(uid), ExtendForm()
    if form.validate():
        with saving(form, WHOLE):
            extend_trial(trial, form.days.data or 0, form.reason.data or "", by=g.actor)
    if form.errors or form.form_errors:
        return _page(_held(uid), 422, more=form)
    return htmx.go(url_for(".show", uid=uid), toast=_("L'essai est prolongé."))


@customer_panel(rank=9)
def trials_panel(customer: Customer) -> Panel | None:
    query = Trial.visible_to(g.actor).where(Trial.customer_id == customer.id).order_by(Trial.id.desc())
    rows = first_of(query, _NEWEST) if may(Permission.SUBSCRIPTION_READ) else []
    return Panel("signups/_customer_panel.html", {"trials": rows}) if rows else None


@bp.app_template_global()
def has_trials() -> bool:
    """Has whoever reads this page any trial to see?"""
    return bool(first_of(Trial.visible_to(g.actor).order_by(Trial.id), 1))
