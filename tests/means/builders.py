"""A subscription that is paid by one means, and what its people do to pay by another."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from flask.testing import FlaskClient

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.catalogue.models import Method
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.sepa.models import Mandate
from portal.sepa.models.mandate import find_usable_mandate
from portal.subscriptions.mandates import start_mandated
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user
from tests.sepa.people import code_in_mail, go_to_code, the_entity
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_flat_product, a_product

Browser = Callable[..., FlaskClient]


def wired(house: House, **values: Any) -> Subscription:
    """A month of 300.00 without VAT, from 23 November 2026 on, paid by wire."""
    customer = a_customer(house.reseller, accepted="dobaas", **values)
    order = place_order(customer, a_flat_product(house), 1, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=clock.today(), amount_cents=order.gross_cents, reference="V1", by=SYSTEM)
    db.session.commit()
    return db.session.scalars(db.select(Subscription).where(Subscription.order_uid == order.uid)).one()


def debited(house: House, **values: Any) -> Subscription:
    """The same under a signed mandate; nothing is billed yet."""
    customer = a_customer(house.reseller, accepted="dobaas", **values)
    sign_now(customer, the_entity())
    order = place_order(customer, a_flat_product(house), 1, Method.DIRECT_DEBIT, by=SYSTEM)
    start_mandated(order, find_usable_mandate(customer, the_entity(), clock.today()), by=SYSTEM)
    db.session.commit()
    return db.session.scalars(db.select(Subscription).where(Subscription.order_uid == order.uid)).one()


def a_year(house: House, **values: Any) -> Subscription:
    """NATSO, three licences a year with their key, from 23 November 2026 on, paid by wire."""
    customer, product = a_customer(house.reseller, **values), a_product(house)
    order = place_order(customer, product, 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=clock.today(), amount_cents=17_964, reference="V1", by=SYSTEM)
    db.session.commit()
    return db.session.scalars(db.select(Subscription).where(Subscription.order_uid == order.uid)).one()


def her(subscription: Subscription, role: Role = Role.CUSTOMER) -> User:
    set_scope(EVERYTHING)
    user = a_user(subscription.customer.organisation, role, "Camille")
    db.session.commit()
    return user


def wish(client: FlaskClient, subscription: Subscription, method: str) -> Any:
    """Read from when it would count, then ask."""
    path = f"/subscriptions/{subscription.uid}/means"
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', client.get(path).text)
    data = {"method": method, "seen": unescape(seen.group(1)) if seen else ""}
    return client.post(path, data=data)


def sign_by_link(phone: FlaskClient, mandate: Mandate) -> None:
    """The signatory's way: the link of her mail, then the code of the next one."""
    set_scope(EVERYTHING)
    kind = Mail.kind == "sepa/mail_sign"
    sent = db.session.scalars(db.select(Mail).where(Mail.subject_uid == mandate.uid, kind)).one()
    token = re.search(r"/sign/(\S+)", sent.body).group(1)  # type: ignore[union-attr]
    go_to_code(phone, token)
    answer = phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)})
    assert answer.status_code == 303
    set_scope(EVERYTHING)


def mails_of(kind: str) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(Mail).where(Mail.kind == kind).order_by(Mail.id)))
