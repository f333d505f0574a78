"""What is promised beyond the purchase: at the order, on the customer; and under what a reseller buys."""

from flask import Response, g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import BooleanField, SelectField

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import saving
from portal.panels import Panel
from portal.resellers.billers import BillingMode, mode_under
from portal.resellers.models import issuer_for
from portal.resellers.panels import reseller_panel
from portal.resellers.reseller import Reseller
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import Selling, selling_panel
from portal.terms.shipped import CONTRACTS
from portal.wholesale.models import buying_terms_of
from portal.wholesale.promises import is_refused, selling_of, set_buying_terms, wider_for
from portal.wholesale.views import bp
from portal.words.promises import TOPICS


class BuyingForm(FlaskForm):
    stack = SelectField(_l("Contrat d'achat"))
    refuses = BooleanField(_l("Refuser une commande qui promet au client plus que l'achat"))


def _buying_form(**values: object) -> BuyingForm:
    form = BuyingForm(**values)
    form.stack.choices = [
        ("", _("celui de l'offre vendue")),
        *((key, name) for key, (name, _codes) in CONTRACTS.items()),
    ]
    return form


@selling_panel(rank=10)
def before_ordering(selling: Selling) -> Panel | None:
    found = wider_for(selling)
    context = {"found": found, "topics": TOPICS, "refused": is_refused(selling.customer)}
    return Panel("wholesale/_wider.html", context) if found else None


@customer_panel(rank=46)
def promised_panel(customer: Customer) -> Panel | None:
    """What runs for a customer and promises her more than her reseller buys."""
    if not may(Permission.MARGIN_READ) or mode_under(issuer_for(customer)) != BillingMode.RESELLER:
        return None
    query = select(Subscription).where(
        Subscription.customer_id == customer.id, Subscription.ends_on.is_(None)
    )
    rows = db.session.scalars(query.order_by(Subscription.id))
    told = [(row, found) for row in rows if (found := wider_for(selling_of(row)))]
    return Panel("wholesale/_promised.html", {"told": told, "topics": TOPICS}) if told else None


@reseller_panel(rank=26)
def buying_panel(reseller: Reseller) -> Panel | None:
    if not may(Permission.WHOLESALE_WRITE):
        return None
    return Panel(
        "wholesale/_buying.html",
        {"form": _buying_form(formdata=None, obj=buying_terms_of(reseller.organisation_id))},
    )


@bp.post("/terms/<uid>")
@requires(Permission.WHOLESALE_WRITE)
def set_terms(uid: str) -> Response:
    reseller, form = get_or_404(Reseller.visible_to(g.actor), uid), _buying_form()
    if form.validate():
        with saving(form):
            set_buying_terms(reseller, form.stack.data, refuses=form.refuses.data, by=g.actor)
    words = _("Le contrat d'achat est enregistré.") if not form.errors else _("Ce contrat n'existe pas.")
    return htmx.go(url_for("resellers.show_reseller", uid=uid), toast=words)
