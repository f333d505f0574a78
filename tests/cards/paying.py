"""What a reseller and her customer do about a payment by card."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.catalogue.models import Product
from portal.customers.models import Customer
from portal.db import db
from portal.mail import Mail
from portal.subscriptions.models import Order
from tests.builders import House, a_customer
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
ORDER = "abcdefghij234567"


def order_by_card(
    house: House, browser: Browser, customer: Customer | None = None, product: Product | None = None
) -> Order:
    """Ordered on screen; the mail with the link has been written."""
    customer, product = customer or a_customer(house.reseller), product or a_product(house)
    form = {"product": product.uid, "quantity": "5", "method": "card", "once": ORDER}
    answer = browser(house.sales).post(f"/customers/{customer.uid}/orders", data=form)
    assert answer.status_code == 303, answer.text
    return db.session.scalars(select(Order).where(Order.uid == ORDER)).one()


def pay_link(kind: str = "cards/mail_pay_order") -> str:
    """The path of the link in the newest mail of this kind."""
    query = select(Mail).where(Mail.kind == kind).order_by(Mail.id.desc()).limit(1)
    found = re.search(r"/pay/\S+", db.session.scalars(query).one().body)
    assert found is not None
    return found[0]


def mails(kind: str) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.id)))
