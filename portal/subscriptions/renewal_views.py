"""The pro-formas of a subscription's renewals on its page, and the wire that pays one."""

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.models import Proforma
from portal.forms import WHOLE, saving
from portal.i18n import eur
from portal.panels import Panel
from portal.subscriptions.forms import WireForm
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel
from portal.subscriptions.renewals import pay_renewal, renewals_of
from portal.subscriptions.views import subscription_page

bp = Blueprint("renewals", __name__, url_prefix="/proformas")


@subscription_panel(rank=8)
def renewals_panel(subscription: Subscription) -> Panel | None:
    rows = renewals_of(subscription)
    if not rows:
        return None
    form = g.get("renewal_form") or WireForm(
        formdata=None, received_on=clock.today(), amount=eur(rows[0].gross_cents)
    )
    return Panel(
        "subscriptions/_renewals.html",
        {"rows": rows, "open": rows[0].period_on == subscription.billed_before, "form": form},
    )


@bp.post("/<uid>/payment")
@requires(Permission.PAYMENT_WRITE)
def record_renewal(uid: str) -> Response:
    proforma = get_or_404(Proforma.visible_to(g.actor), uid)
    form = WireForm()
    subscription = get_or_404(Subscription.visible_to(g.actor), proforma.subscription_uid or "")
    if form.validate():
        with saving(form, WHOLE):
            invoice = pay_renewal(
                proforma,
                received_on=form.received_on.data,
                amount_cents=form.amount_cents,
                reference=form.reference.data.strip(),
                by=g.actor,
            )
    if form.errors:
        g.renewal_form = form
        return subscription_page(get_or_404(Subscription.visible_to(g.actor), subscription.uid), 422)
    text = _("Facture %(number)s émise et envoyée.", number=invoice.number)
    return htmx.go(url_for("subscriptions.show_subscription", uid=subscription.uid), toast=text)
