"""Changing a subscription: what it would cost, before anything is decided, and the act."""

from datetime import date

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import CUSTOMERS, Permission, get_or_404, may, requires
from portal.changes.acts import ask_change, cancel_change, send_link, subscription_of
from portal.changes.forms import ChangeForm, change_form
from portal.changes.planning import Plan, plan_change
from portal.db import db
from portal.forms import WHOLE, refusals_in, saving
from portal.panels import Link, Panel
from portal.subscriptions.changes import ChangeState, SubscriptionChange
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.panels import subscription_link, subscription_panel

bp = Blueprint("subscription_changes", __name__)


@bp.app_template_filter()
def as_day(value: date | str) -> date:
    """A day, also where it was kept as JSON."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _may_price() -> bool:
    """Staff agree on a price with the customer; she herself takes the listed one."""
    return g.actor.role not in CUSTOMERS


def _plan(subscription: Subscription, form: ChangeForm) -> Plan | None:
    """What the form leads to, or None with the refusal beside its field."""
    if form.errors:
        return None
    with refusals_in(form, WHOLE):
        return plan_change(subscription, form.wish(may_price=_may_price()))
    return None


def _page(subscription: Subscription, form: ChangeForm, status: int = 200, asked: bool = True) -> Response:
    plan = _plan(subscription, form) if asked else None
    return htmx.render(
        "changes/new.html",
        "changes/_plan.html",
        status,
        subscription=subscription,
        form=form,
        plan=plan,
        may_price=_may_price(),
    )


@bp.get("/subscriptions/<uid>/change")
@requires(Permission.SUBSCRIPTION_CHANGE)
def new_change(uid: str) -> Response:
    """What a change would mean, before anything is decided; changes with the form."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    if not request.args:
        present = {"quantity": subscription.quantity, "volume_gb": subscription.volume_gb}
        return _page(subscription, change_form(subscription, None, data=present), asked=False)
    form = change_form(subscription, request.args, meta={"csrf": False})
    form.validate()
    return _page(subscription, form)


@bp.post("/subscriptions/<uid>/change")
@requires(Permission.SUBSCRIPTION_CHANGE)
def create_change(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor).with_for_update(), uid)
    form = change_form(subscription)
    if form.validate():
        with saving(form, WHOLE):
            wish = form.wish(may_price=_may_price())
            row = ask_change(subscription, wish, form.seen.data or "", by=g.actor)
        if not form.errors and not form.form_errors:
            waits = row.state == ChangeState.ASKED
            text = _("Le lien de signature est envoyé.") if waits else _("Le changement est enregistré.")
            return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=text)
    return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)


@bp.post("/subscription-changes/<uid>/cancellation")
@requires(Permission.SUBSCRIPTION_CHANGE)
def cancel(uid: str) -> Response:
    row = get_or_404(SubscriptionChange.visible_to(g.actor).with_for_update(), uid)
    cancel_change(row, by=g.actor)
    db.session.commit()
    return _to(row, _("Le changement est annulé."))


@bp.post("/subscription-changes/<uid>/link")
@requires(Permission.SUBSCRIPTION_CHANGE)
def resend(uid: str) -> Response:
    row = get_or_404(SubscriptionChange.visible_to(g.actor).with_for_update(), uid)
    row.resend(by=g.actor)
    send_link(row, subscription_of(row), by=g.actor)
    db.session.commit()
    return _to(row, _("Le lien de signature est envoyé."))


def _to(row: SubscriptionChange, toast: str) -> Response:
    uid = subscription_of(row).uid
    return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=toast)


@subscription_link(rank=30)
def change_link(subscription: Subscription) -> list[Link] | None:
    if not may(Permission.SUBSCRIPTION_CHANGE) or subscription.state not in GOING_ON:
        return None
    address = url_for("subscription_changes.new_change", uid=subscription.uid)
    return [Link(address, _("Changer"), "pencil")]


@subscription_panel(rank=12)
def changes_panel(subscription: Subscription) -> Panel | None:
    rows = list(reversed(subscription.changes))
    return Panel("changes/_panel.html", {"rows": rows, "subscription": subscription}) if rows else None
