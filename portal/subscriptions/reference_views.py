"""The buyer's own references on the invoices of a subscription."""

from typing import Any

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.models import CustomerKind
from portal.customers.references import own_references, printed_references, references_for
from portal.forms import WHOLE, saving
from portal.panels import Panel
from portal.subscriptions.models import Subscription
from portal.subscriptions.order_fields import ReferencesForm
from portal.subscriptions.panels import subscription_panel
from portal.subscriptions.references import change_references
from portal.subscriptions.views import subscription_page

bp = Blueprint("references", __name__, url_prefix="/subscriptions")


@bp.post("/<uid>/references")
@requires(Permission.ORDER_WRITE)
def change(uid: str) -> Response:
    subscription, form = get_or_404(Subscription.visible_to(g.actor), uid), ReferencesForm()
    if form.validate():
        with saving(form, WHOLE):
            changed = change_references(subscription, form.values(), by=g.actor)
    if form.errors:
        return subscription_page(get_or_404(Subscription.visible_to(g.actor), uid), 422)
    toast = _("Les références sont enregistrées.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=toast)


@subscription_panel(rank=15)
def panel(subscription: Subscription) -> Panel | None:
    if subscription.customer.kind == CustomerKind.CONSUMER:
        return None
    form = ReferencesForm(obj=subscription)
    if request.method == "POST":
        form.validate()
    return Panel("subscriptions/_references.html", {"subscription": subscription, "form": form})


@bp.app_template_global()
def references_on(row: Any) -> list[tuple[str, str]]:
    """Those that the papers of an order or a subscription say from now on, with their names."""
    return printed_references(references_for(row.customer, own_references(row)))
