"""A consumer's keys: at once if she gives up her right to withdraw, else when her delay has ended."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import jobs
from portal.billing.models import Invoice, InvoiceState, Payment
from portal.billing.reversing import reverse_payment
from portal.catalogue.models import Method
from portal.customers.models import CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.subscriptions.models import Order, Subscription, SubscriptionState
from portal.subscriptions.ordering import place_order, record_wire
from portal.subscriptions.waiting_keys import KeyWait, KeyWaitState
from tests.builders import House, a_customer, stored, work
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
PAID = {"received_on": "2026-11-23", "amount": "299,40", "reference": "VIR 9"}
BOTH = {"early": "y", "loses": "y"}


def bought(house: House, browser: Browser) -> Order:
    """Paid by wire on 23 November 2026: her last day to withdraw is 7 December."""
    buyer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None, name="Anne Le Goff")
    order = place_order(buyer, a_product(house), 5, Method.WIRE, by=SYSTEM)
    db.session.commit()
    assert browser(house.finance).post(f"/orders/{order.uid}/payment", data=PAID).status_code == 303
    work()
    return stored(order)


def mail(kind: str) -> Mail:
    set_scope(EVERYTHING)
    query = db.select(Mail).where(Mail.kind == f"subscriptions/{kind}").order_by(Mail.id.desc())
    return db.session.scalars(query.limit(1)).one()


def keys() -> list[ActivationKey]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(ActivationKey)))


def wait() -> KeyWait:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(KeyWait)).one()


def token_in(letter: Mail) -> str:
    return letter.body.split("/keys-now/")[1].split()[0]


def code_sent() -> str:
    return re.search(r"(\d{3}) (\d{3})", mail("mail_keys_code").body).expand(r"\1\2")  # type: ignore[union-attr]


def morning(at: At, *day: int) -> None:
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    jobs.run_periodic()
    set_scope(EVERYTHING)
    db.session.commit()
    work()


def test_000_36_without_a_word_the_key_leaves_when_the_delay_has_ended(
    house: House, browser: Browser, at: At
) -> None:
    order = bought(house, browser)
    assert keys() == [] and "partira le 8 décembre 2026" in mail("mail_paid").body
    assert "en attente du délai de rétractation" in browser(house.owner).get(f"/orders/{order.uid}").text
    morning(at, 2026, 12, 7)
    assert keys() == []
    morning(at, 2026, 12, 8)
    (key,) = keys()
    assert key.code in mail("mail_keys").body and wait().state == KeyWaitState.LEFT
    morning(at, 2026, 12, 9)
    assert len(keys()) == 1
    gone = browser(None).get(f"/keys-now/{token_in(mail('mail_paid'))}")
    assert gone.status_code == 410 and key.code not in gone.text


def test_000_36_three_proofs_give_the_key_at_once_and_end_the_right(
    house: House, browser: Browser, at: At
) -> None:
    order = bought(house, browser)
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    phone, address = browser(None), f"/keys-now/{token_in(mail('mail_paid'))}"
    assert "8 décembre 2026" in phone.get(address).text
    one = phone.post(address, data={"early": "y"}, follow_redirects=True)
    assert "Cochez cette case" in one.text and keys() == []
    assert phone.post(address, data=BOTH).status_code == 303
    assert keys() == [], "the ticks alone are not enough"
    wrong = phone.post(f"{address}/code", data={"code": "000000"}, follow_redirects=True)
    assert "pas le bon" in wrong.text and keys() == []
    done = phone.post(f"{address}/code", data={"code": code_sent()})
    assert done.status_code == 200 and "Votre clé part par e-mail" in done.text
    (key,), letter, proof = keys(), mail("mail_keys"), wait()
    assert key.code in letter.body and "perds mon droit de me rétracter" in letter.body
    assert "L221-28" in letter.body and proof.confirmation_uid == letter.uid
    assert proof.is_right_lost and proof.signer == letter.recipient and "avant la fin" in proof.words
    subscription = db.session.scalars(db.select(Subscription)).one()
    window = browser(house.owner)
    assert "Renoncer au contrat" not in window.get(f"/subscriptions/{subscription.uid}").text
    late = window.post(f"/subscriptions/{subscription.uid}/withdrawal")
    assert late.status_code == 422 and stored(subscription).state == SubscriptionState.ACTIVE
    morning(at, 2026, 12, 8)
    assert len(keys()) == 1 and stored(order)


def test_000_37_a_withdrawal_keeps_the_key_from_leaving(house: House, browser: Browser, at: At) -> None:
    bought(house, browser)
    at(datetime(2026, 12, 7, 9, tzinfo=UTC))
    subscription = db.session.scalars(db.select(Subscription)).one()
    assert browser(house.owner).post(f"/subscriptions/{subscription.uid}/withdrawal").status_code == 303
    morning(at, 2026, 12, 8)
    assert keys() == [] and wait().state == KeyWaitState.DROPPED
    subscription = stored(subscription)
    assert subscription.refund_cents == 29_940
    invoice, seen = stored(db.session.scalars(db.select(Invoice)).one()), browser(house.owner)
    line = unescape(seen.get(f"/billing/invoices/{invoice.uid}").text).replace("\u00a0", " ")
    assert "Avoir émis : rétractation" in line
    for path in (f"/subscriptions/{subscription.uid}", f"/orders/{subscription.order_uid}"):
        page = seen.get(path).text
        assert "Aucune clé" in page and "Aucune clé avant le paiement" not in page


def test_000_10_a_payment_that_has_gone_back_keeps_the_key(house: House, browser: Browser, at: At) -> None:
    bought(house, browser)
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    invoice = db.session.scalars(db.select(Invoice)).one()
    payment = db.session.scalars(db.select(Payment)).one()
    reverse_payment(payment, reason="mauvais client", by=SYSTEM)
    db.session.commit()
    assert stored(invoice).state == InvoiceState.ISSUED
    phone, address = browser(None), f"/keys-now/{token_in(mail('mail_paid'))}"
    phone.post(address, data=BOTH)
    refused = phone.post(f"{address}/code", data={"code": code_sent()})
    assert refused.status_code == 422 and "paiement de cette commande manque" in refused.text
    morning(at, 2026, 12, 8)
    assert keys() == []
    pay = {"on": "2026-12-09", "reference": "VIR 10"}
    at(datetime(2026, 12, 9, 9, tzinfo=UTC))
    page = browser(house.finance).post(f"/billing/invoices/{invoice.uid}/payment", data=pay)
    assert page.status_code == 303
    morning(at, 2026, 12, 10)
    assert len(keys()) == 1


def test_her_link_is_sent_again_and_the_one_before_is_dead(house: House, browser: Browser) -> None:
    order = bought(house, browser)
    first = token_in(mail("mail_paid"))
    assert browser(house.owner).post(f"/orders/{order.uid}/key-link").status_code == 303
    second = token_in(mail("mail_keys_wait"))
    phone = browser(None)
    assert phone.get(f"/keys-now/{first}").status_code == 410
    assert phone.get(f"/keys-now/{second}").status_code == 200


@pytest.mark.parametrize("kind", [CustomerKind.BUSINESS, CustomerKind.PUBLIC_BODY])
def test_who_has_no_such_right_has_the_key_at_once(house: House, kind: Any) -> None:
    order = place_order(a_customer(house.reseller, kind=kind), a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=29_940, reference="V", by=SYSTEM)
    assert len(keys()) == 1 and db.session.scalars(db.select(KeyWait)).all() == []
