"""An accepted quote becomes orders at its price and terms; what refuses them waits for a person."""

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.accounts.models import User
from portal.actor import Actor
from portal.catalogue.models import Method
from portal.catalogue.price_lists import price_list
from portal.customers.references import own_references
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.i18n import said
from portal.journal import SYSTEM, record
from portal.quotes.models import Quote, QuoteLine, QuoteState
from portal.quotes.sending import ask_for_orders, tell_asker
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Order
from portal.subscriptions.offered import Offered
from portal.subscriptions.ordering import place_order


def carry_out(quote: Quote) -> None:
    """Place the orders of all its lines, or of none: by what refuses one, it is held for a person.

    Again, or after its orders, it does nothing.

    Source: 000-21, 000-23, 001-01, 002-22, 003-15.
    """
    if quote.state != QuoteState.ACCEPTED:
        return
    attempt = db.session.begin_nested()
    try:
        for line in quote.lines:
            _order(line)
        quote._take("order", by=SYSTEM)
        quote.held_because, quote.held_at = "", None
        attempt.commit()
    except Refused as refusal:
        attempt.rollback()
        hold(quote, refusal)


def hold(quote: Quote, refusal: Refused) -> None:
    """Keep why its orders are refused, in the language of who sent it, and tell her."""
    with scope(EVERYTHING):
        asker = db.session.get(User, quote.asked_by_id) if quote.asked_by_id else None
    with force_locale((asker and asker.language) or "fr"):
        quote.held_because, quote.held_at = said(refusal)[:500], clock.now()
    record(quote, "hold", by=SYSTEM, reason=quote.held_because)
    tell_asker(quote)


def go_on(quote: Quote, because: str, *, by: Actor) -> None:
    """A person has looked at what refuses the orders of an accepted quote: try again, for a reason.

    because: kept with each order where its contract asks for a reason (000-21), and lets a price below the
    reseller's own minimum be kept all the same. Raises Refused for a quote that nothing holds.
    """
    if quote.state != QuoteState.ACCEPTED or quote.held_at is None:
        raise Refused(_("Rien ne retient ce devis."))
    quote.tries, quote.go_on_because = quote.tries + 1, because
    quote.held_because, quote.held_at = "", None
    record(quote, "go_on", by=by, reason=because)
    ask_for_orders(quote)


def _order(line: QuoteLine) -> Order:
    quote = line.quote
    if not line.product.is_on_sale:
        raise Refused(_("%(product)s n'est plus en vente.", product=line.product_name))
    _check_floor(line)
    order = place_order(
        quote.customer,
        line.product,
        line.quantity,
        line.method,
        by=SYSTEM,
        uid=line.order_uid,
        volume_gb=line.volume_gb,
        health_data=line.health_data,
        accepted_because=quote.go_on_because,
        references=own_references(quote),
        offered=Offered(line.texts, line.unit_cents, line.price_uid, line.gb_month_cents, line.kept),
    )
    if order.method == Method.DIRECT_DEBIT:
        ask_for_mandate(order, by=SYSTEM)
    return order


def _check_floor(line: QuoteLine) -> None:
    """A price that has come to lie below what the reseller pays is kept only where a person says so."""
    customer = line.quote.customer
    with scope(EVERYTHING):  # the reseller's prices lie above the customer, for whom the task acts
        floor = price_list(customer.reseller_id).floor(line.product, clock.today())
    if floor is not None and line.unit_cents < floor and not line.quote.go_on_because:
        raise Refused(
            _(
                "Le prix de %(product)s est passé sous le minimum du revendeur depuis ce devis.",
                product=line.product_name,
            )
        )
