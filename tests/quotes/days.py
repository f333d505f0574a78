"""A quote on its way: written, sent, opened on the signatory's phone, accepted with a code."""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from portal.catalogue.models import Product
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.quotes.models import Quote
from tests.customers.test_acceptance import shown_on
from tests.sepa.people import code_in_mail, last_mail

Browser = Callable[..., FlaskClient]
SIGNER = {"agree": "y", "entitled": "y", "signer_name": "Camille Martin", "signer_role": "gérante"}


def the_quote() -> Quote:
    """The newest one, as committed."""
    db.session.rollback()
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(Quote).order_by(Quote.id.desc())).first()


def a_draft(
    client: FlaskClient, customer: Customer, *products: Product, quantity: int = 2, **head: str
) -> str:
    """Written through the pages by its seller; the uid."""
    head = {"valid_until": "2026-12-20", **head}
    answer = client.post(f"/customers/{customer.uid}/quotes", data=head)
    assert answer.status_code == 303, answer.text
    uid = answer.location.rpartition("/")[2]
    for product in products:
        form = {"product": product.uid, "quantity": str(quantity), "method": "wire", "health": "no"}
        answer = client.post(f"/quotes/{uid}/lines", data=form)
        assert answer.status_code == 303, answer.text
    return uid


def send(client: FlaskClient, uid: str) -> str:
    """The token that the signatory's mail brings."""
    answer = client.post(f"/quotes/{uid}/sending")
    assert answer.status_code == 303, answer.text
    return token_of(the_quote())


def token_of(quote: Quote) -> str:
    return last_mail(quote).body.split("/quote/")[1].split()[0]


def agree(phone: FlaskClient, token: str) -> Any:
    shown = shown_on(phone.get(f"/quote/{token}").text)
    return phone.post(f"/quote/{token}", data={"shown": shown, **SIGNER})


def accept(phone: FlaskClient, token: str) -> Any:
    assert agree(phone, token).location == f"/quote/{token}/code"
    return phone.post(f"/quote/{token}/code", data={"code": code_in_mail(the_quote())})


def line_uid(page: str) -> str:
    return re.search(r"/quote-lines/([a-z2-7]{16})/", page).group(1)
