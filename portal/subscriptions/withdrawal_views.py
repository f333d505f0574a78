"""The consumer's withdrawal in two steps, as the law wants it on line."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.db import db
from portal.errors import Refused
from portal.panels import Link
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.subscriptions.withdrawal import statement_of, withdraw, withdrawal_of

bp = Blueprint("withdrawals", __name__, url_prefix="/subscriptions/<uid>/withdrawal")


@subscription_link()
def withdrawal_link(subscription: Subscription) -> list[Link]:
    if not may("subscription:terminate") or withdrawal_of(subscription) is None:
        return []
    return [Link(url_for("withdrawals.show", uid=subscription.uid), _("Renoncer au contrat ici"), "x-circle")]


@bp.get("")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def show(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    page = render_template(
        "subscriptions/withdrawal.html",
        subscription=subscription,
        withdrawal=withdrawal_of(subscription),
        statement=statement_of(subscription),
        form=FlaskForm(),
    )
    return make_response(page)


@bp.post("")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def confirm(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    try:
        withdraw(subscription, by=g.actor)
        db.session.commit()
    except Refused:
        db.session.rollback()
        return make_response(show(uid).get_data(), 422)
    text = _("Rétractation enregistrée : l'accusé de réception part par e-mail.")
    return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=text)
