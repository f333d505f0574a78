"""What quotes hang together with: the orders that they became, and the way back."""

from collections.abc import Iterator

from flask import g, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission
from portal.db import db
from portal.notes import takes_notes
from portal.panels import Related, relates
from portal.quotes.models import Quote, QuoteLine, shown_to
from portal.subscriptions.models import Order

takes_notes(Quote, Permission.QUOTE_READ, "quotes.show_quote")


@relates(Quote, Permission.ORDER_READ)
def orders_of_quote(quote: Quote) -> Iterator[Related]:
    query = Order.visible_to(g.actor).where(Order.uid.in_([line.order_uid for line in quote.lines]))
    for order in db.session.scalars(query.order_by(Order.id)):
        words = f"{order.number} : {order.quantity} × {order.product_name}"
        yield Related(_("Commande"), words, url_for("subscriptions.show_order", uid=order.uid))


@relates(Quote, Permission.QUOTE_READ)
def newer_versions(quote: Quote) -> Iterator[Related]:
    query = shown_to(g.actor).where(Quote.replaces_uid == quote.uid).order_by(Quote.id)
    for newer in db.session.scalars(query):
        yield Related(_("Nouvelle version"), newer.title, url_for("quotes.show_quote", uid=newer.uid))


@relates(Order, Permission.QUOTE_READ)
def quote_of_order(order: Order) -> Iterator[Related]:
    of_line = select(QuoteLine.quote_id).where(QuoteLine.order_uid == order.uid)
    for quote in db.session.scalars(shown_to(g.actor).where(Quote.id.in_(of_line))):
        yield Related(_("Devis"), quote.number, url_for("quotes.show_quote", uid=quote.uid))
