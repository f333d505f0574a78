"""The means of payment of a subscription: which there are, from when another one counts, and the act."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.catalogue.models import Method
from portal.customers.models import ContactRole
from portal.forms import WHOLE, refusals_in, saving
from portal.means.acts import ask_means, cancel_means
from portal.means.forms import MeansForm
from portal.means.planning import awaited_mandate, check_open, clause_of, idle_mandate, plan_means
from portal.panels import Link, Panel
from portal.sepa.models import next_collections
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.subscriptions.panels import subscription_link, subscription_panel

bp = Blueprint("means", __name__, url_prefix="/subscriptions/<uid>/means")


def _page(subscription: Subscription, form: MeansForm, status: int = 200) -> Response:
    plan = plan_means(subscription)
    if not form.form_errors:
        with refusals_in(form, WHOLE):
            check_open(subscription, plan.effective_on)
    page = render_template(
        "means/means.html",
        subscription=subscription,
        form=form,
        plan=plan,
        present=clause_of(subscription),
        signatory=subscription.customer.contact(ContactRole.SIGNATORY),
        debits=next_collections(subscription.customer),
        idle=idle_mandate(subscription),
        awaited=awaited_mandate(subscription),
    )
    return make_response(page, status)


@bp.get("")
@requires(Permission.SUBSCRIPTION_CHANGE)
def show(uid: str) -> Response:
    """Every means with its clause, and from which period another one would count."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    return _page(subscription, MeansForm(formdata=None))


@bp.post("")
@requires(Permission.SUBSCRIPTION_CHANGE)
def ask(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor).with_for_update(of=Subscription), uid)
    form = MeansForm()
    if form.validate():
        with saving(form, WHOLE):
            ask_means(subscription, Method(form.method.data), form.seen.data or "", by=g.actor)
        if not form.errors and not form.form_errors:
            text = _("La demande est enregistrée.")
            return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=text)
    return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)


@bp.post("/cancellation")
@requires(Permission.SUBSCRIPTION_CHANGE)
def cancel(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor).with_for_update(of=Subscription), uid)
    form = MeansForm(formdata=None)
    with saving(form, WHOLE):
        cancel_means(subscription, by=g.actor)
    if form.form_errors:
        return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)
    text = _("La demande est annulée : le moyen de paiement reste le même.")
    return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=text)


@subscription_link(rank=31)
def means_link(subscription: Subscription) -> list[Link] | None:
    withdrawn = subscription.state == SubscriptionState.WITHDRAWN
    if not may(Permission.SUBSCRIPTION_CHANGE) or subscription.is_over or withdrawn:
        return None
    return [Link(url_for("means.show", uid=subscription.uid), _("Moyen de paiement"), "bank")]


@subscription_panel(rank=13)
def means_panel(subscription: Subscription) -> Panel | None:
    if subscription.coming_method is None:
        return None
    context = {
        "subscription": subscription,
        "mandate": awaited_mandate(subscription) if subscription.waits_for_mandate else None,
        "signatory": subscription.customer.contact(ContactRole.SIGNATORY),
    }
    return Panel("means/_panel.html", context)
