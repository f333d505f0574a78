"""The numbers of orders, a series for each issuer and year (CMD-2026-000123), which may have gaps."""

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import jobs
from portal.billing.documents import a_day
from portal.db import db
from portal.resellers.models import LegalEntity, next_number
from portal.subscriptions.models import Order

_PREFIX = "CMD"


def number_for(order: Order, issuer: LegalEntity) -> str:
    """The issuer's next one, inside the present transaction."""
    return next_number(issuer, _PREFIX, order.ordered_on.year)


@jobs.periodic("subscriptions.number_orders", jobs.daily)
def number_orders() -> None:
    """Number the orders that the release before placed while this one was being installed."""
    for order in db.session.scalars(select(Order).where(Order.number == "").order_by(Order.id)).all():
        order.number = number_for(order, order.legal_entity)


def ordered(order: Order) -> tuple[str, str]:
    """Number and day of an order, as its papers say them in the customer's language."""
    language = order.customer.language
    with force_locale(language):
        day = a_day(order.ordered_on, language)
        return _("Commande"), _("%(number)s du %(day)s", number=order.number, day=day)
