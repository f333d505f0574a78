"""An order by card, from its link to its keys: what the bank answers decides, and everything happens once."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from portal.billing.models import Invoice, Payment
from portal.blobs import content_of
from portal.cards.models import CardPayment, CardPaymentState, KeptCard
from portal.cards.settling import look_at_open_pages
from portal.catalogue.models import Method
from portal.customers.models import CustomerKind
from portal.db import db
from portal.jobs import Task, TaskState
from portal.licensing.models import ActivationKey
from portal.subscriptions.models import Order, OrderState, Subscription
from portal.subscriptions.unpaid import look_at_waiting_orders
from tests.builders import House, a_customer, an_entity, an_outsider, stored, work
from tests.cards.paying import ORDER, Browser, mails, order_by_card, pay_link
from tests.fake_stripe import Stripe, signed
from tests.subscriptions.builders import a_flat_product, a_product
from tests.subscriptions.test_orders import text_of

At = Callable[[datetime], None]
C = CardPaymentState


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def the_payment() -> CardPayment:
    return stored(db.session.scalars(select(CardPayment).order_by(CardPayment.id.desc()).limit(1)).one())


def tell(browser: Browser, stripe: Stripe, page: str, kind: str = "checkout.session.completed") -> int:
    body, headers = stripe.event(page, kind)
    return browser().post("/card-events", data=body, headers=headers).status_code


def test_000_16_the_order_by_card_is_confirmed_once_its_bank_has_approved(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    order = order_by_card(house, browser)
    assert order.state == OrderState.PENDING_APPROVAL and order.proforma is None
    path, buyer = pay_link(), browser()
    page = buyer.get(path)
    assert "299,40" in page.text and "5 × NATSO BACKUP+ Poste de travail" in page.text
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    way = buyer.post(path)
    assert way.status_code == 200 and f'href="{stripe.page["url"]}"' in way.text
    assert stripe.page["success_url"].endswith(f"{path}/return")
    assert "examine le paiement" in buyer.get(f"{path}/return").text
    work()
    assert stored(order).state == OrderState.PENDING_APPROVAL and count(ActivationKey) == 0
    assert mails("subscriptions/mail_paid") == []
    at(datetime(2026, 11, 25, 9, 10, tzinfo=UTC))
    stripe.pay()
    buyer.get(f"{path}/return")
    work()
    invoice = db.session.scalars(select(Invoice)).one()
    assert stored(order).state == OrderState.DELIVERED and the_payment().state == C.PAID
    assert (invoice.method, invoice.paid_on) == (Method.CARD, date(2026, 11, 25))
    assert "Facture acquittée le 25 novembre 2026 par carte bancaire." in text_of(
        content_of(invoice.document)
    )
    (mail,) = mails("subscriptions/mail_paid")
    assert db.session.scalars(select(ActivationKey)).one().code in mail.body
    subscription = db.session.scalars(select(Subscription)).one()
    page = buyer.get(f"{path}/return")
    assert "Paiement accepté" in page.text and f"/subscriptions/{subscription.uid}" in page.text
    assert buyer.get(f"{path}/invoice.pdf").data.startswith(b"%PDF")
    staff = browser(house.sales).get(f"/orders/{order.uid}")
    assert "autorisé" in staff.text and "Renvoyer le lien de paiement" not in staff.text


def test_000_34_without_the_banks_authorisation_the_order_is_not_validated(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    order = order_by_card(house, browser)
    path, buyer = pay_link(), browser()
    buyer.post(path)
    stripe.decline()
    assert tell(browser, stripe, stripe.page["id"]) == 204
    work()
    assert stored(order).state == OrderState.PENDING_APPROVAL  # another card may still be tried
    at(datetime(2026, 11, 23, 10, 1, tzinfo=UTC))
    assert tell(browser, stripe, stripe.expire(), "checkout.session.expired") == 204
    work()
    assert stored(order).state == OrderState.REFUSED and the_payment().state == C.REFUSED
    assert (count(Invoice), count(ActivationKey), count(Subscription)) == (0, 0, 0)
    (mail,) = mails("cards/mail_refused")
    assert "rien n'est débité" in mail.body.replace("\u2019", "'")
    assert "pas autorisé" in buyer.get(path).text and buyer.post(path).status_code == 409
    assert "Commander à nouveau" in browser(house.sales).get(f"/orders/{order.uid}").text
    stripe.pay()  # and all the same its bank agrees
    assert tell(browser, stripe, stripe.page["id"]) == 204
    work()
    assert stored(order).state == OrderState.DELIVERED and count(ActivationKey) == 1


def test_a_notification_and_a_return_and_the_hour_settle_once(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    order = order_by_card(house, browser)
    path, buyer = pay_link(), browser()
    for _ in range(2):  # a double click opens one page
        buyer.post(path)
    assert len(stripe.pages) == 1
    page = stripe.pay()
    for _ in range(3):
        tell(browser, stripe, page)
        buyer.get(f"{path}/return")
        work()
    at(datetime(2026, 11, 23, 11, tzinfo=UTC))
    look_at_open_pages()
    work()
    assert stored(order).state == OrderState.DELIVERED
    assert (count(Invoice), count(Payment), count(ActivationKey), count(Subscription)) == (1, 1, 1, 1)
    assert len(mails("subscriptions/mail_paid")) == 1


def test_a_lost_notification_is_made_up_for_within_the_hour(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    order = order_by_card(house, browser)
    browser().post(pay_link())
    stripe.pay()
    at(datetime(2026, 11, 23, 10, tzinfo=UTC))
    look_at_open_pages()
    work()
    assert stored(order).state == OrderState.DELIVERED


def test_a_gateway_that_is_down_loses_nothing(
    house: House, browser: Browser, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_by_card(house, browser)
    path, buyer = pay_link(), browser()
    stripe.down = True
    answer = buyer.post(path)
    assert answer.status_code == 422 and "ne répond pas" in answer.text
    stripe.down = False
    assert buyer.post(path).status_code == 200 and len(stripe.pages) == 1 and count(CardPayment) == 1
    tell(browser, stripe, stripe.pay())
    stripe.down = True
    work()
    task = db.session.scalars(select(Task).where(Task.kind == "cards.look")).one()
    assert (task.state, task.attempts) == (TaskState.QUEUED, 0)
    stripe.down = False
    task.not_before = 0
    work()
    assert stored(order).state == OrderState.DELIVERED


@pytest.mark.parametrize("killed_at", ["look", "deliver_paid", "queue_mail"])
def test_a_worker_that_is_killed_anywhere_goes_on_and_settles_once(
    house: House, browser: Browser, stripe: Stripe, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    order = order_by_card(house, browser)
    browser().post(pay_link())
    tell(browser, stripe, stripe.pay())
    place = {
        "look": "portal.cardpay.stripe_gateway.StripeGateway.look",
        "deliver_paid": "portal.cards.settling.deliver_paid",
        "queue_mail": "portal.subscriptions.paid_orders.queue_mail",
    }[killed_at]

    def die(*_args: object, **_values: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, die)
        with pytest.raises(KeyboardInterrupt):
            work()
    db.session.rollback()
    assert stored(order).state == OrderState.PENDING_APPROVAL and count(Invoice) == 0
    db.session.scalars(select(Task).where(Task.kind == "cards.look")).one().lease_until = 0
    work()
    assert stored(order).state == OrderState.DELIVERED
    assert (count(Invoice), count(Payment), len(mails("subscriptions/mail_paid"))) == (1, 1, 1)


def test_another_amount_waits_for_a_person_who_gives_it_back(
    house: House, browser: Browser, stripe: Stripe
) -> None:
    order = order_by_card(house, browser)
    browser().post(pay_link())
    tell(browser, stripe, stripe.pay(cents=100))
    work()
    assert stored(order).state == OrderState.PENDING_APPROVAL and count(Invoice) == 0
    payment = the_payment()
    assert payment.state == C.REVIEW
    finance = browser(house.finance)
    assert "Paiement par carte à regarder" in finance.get("/").text
    assert "Rendre à la carte" in finance.get(f"/orders/{order.uid}").text
    refund = f"/card-payments/{payment.uid}/refund"
    assert browser(house.sales).post(refund).status_code == 403
    assert [finance.post(refund).status_code for _ in range(2)] == [303, 409]
    work()
    assert the_payment().state == C.RETURNED and [row["amount"] for row in stripe.refunds] == [100]


@pytest.mark.parametrize("before", ["cancelled", "paid"])
def test_what_is_paid_for_nothing_goes_back_to_the_card(
    house: House, browser: Browser, stripe: Stripe, at: At, before: str
) -> None:
    order = order_by_card(house, browser)
    path, buyer = pay_link(), browser()
    buyer.post(path)
    first = stripe.page["id"]
    if before == "cancelled":
        assert browser(house.sales).post(f"/orders/{ORDER}/cancellation").status_code == 303
    else:
        at(datetime(2026, 11, 23, 10, tzinfo=UTC))  # the first page closes: another one is opened
        buyer.post(path)
        tell(browser, stripe, stripe.pay())
        work()
    state = stored(order).state
    tell(browser, stripe, stripe.pay(first, last4="0005"))
    work()
    assert stored(order).state == state
    payment = db.session.scalars(select(CardPayment).where(CardPayment.checkout_id == first)).one()
    assert payment.state == C.RETURNED and [row["amount"] for row in stripe.refunds] == [29940]
    assert count(Invoice) == (before == "paid")
    assert ("plus rien à payer" if before == "cancelled" else "Paiement accepté") in buyer.get(path).text


def test_an_unsigned_notification_is_not_read(house: House, browser: Browser, stripe: Stripe) -> None:
    order_by_card(house, browser)
    browser().post(pay_link())
    body, headers = stripe.event(stripe.pay())
    stranger = browser()
    for sign in ("", "t=1,v1=0", signed(body, "whsec_other"), headers["Stripe-Signature"][:-1]):
        answer = stranger.post("/card-events", data=body, headers={"Stripe-Signature": sign})
        assert answer.status_code == 400
    assert db.session.scalars(select(Task).where(Task.kind == "cards.look")).all() == []
    unknown, known = stripe.event("cs_of_another_shop")
    assert stranger.post("/card-events", data=unknown, headers=known).status_code == 204


def test_a_consumers_keys_wait_also_when_she_pays_by_card(
    house: House, browser: Browser, stripe: Stripe
) -> None:
    buyer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None)
    order_by_card(house, browser, buyer)
    path = pay_link()
    browser().post(path)
    tell(browser, stripe, stripe.pay())
    work()
    (mail,) = mails("subscriptions/mail_paid")
    assert "/keys-now/" in mail.body and count(ActivationKey) == 0
    assert "délai de rétractation" in browser().get(f"{path}/return").text


def test_the_card_is_kept_at_the_gateway_and_never_here(
    house: House, browser: Browser, stripe: Stripe
) -> None:
    order = order_by_card(house, browser)
    browser().post(pay_link())
    tell(browser, stripe, stripe.pay())
    work()
    card = db.session.scalars(select(KeptCard)).one()
    assert (card.customer_id, card.label, card.expires) == (order.customer_id, "VISA •••• 4242", "2028-11")


def test_a_lost_link_is_sent_again_and_the_old_one_stops(
    house: House, browser: Browser, stripe: Stripe
) -> None:
    order = order_by_card(house, browser)
    old = pay_link()
    assert browser(house.finance).post(f"/orders/{order.uid}/pay-link").status_code == 403
    assert browser(an_outsider(house)).post(f"/orders/{order.uid}/pay-link").status_code == 404
    assert browser(house.sales).post(f"/orders/{order.uid}/pay-link").status_code == 303
    assert browser().get(old).status_code == 410 and browser().get(pay_link()).status_code == 200


def test_cards_are_offered_where_contract_gateway_and_issuer_allow(
    house: House, browser: Browser, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    address = f"/customers/{customer.uid}/orders/new?product={product.uid}"
    form = {"product": product.uid, "quantity": "1", "method": "card"}
    sales = browser(house.sales)
    assert 'value="card"' in sales.get(address).text
    flat = a_flat_product(house)
    buyer = a_customer(house.reseller, accepted="dobaas", name="Autre", siren=None)
    other = {"product": flat.uid, "quantity": "1", "method": "card"}
    assert sales.post(f"/customers/{buyer.uid}/orders", data=other).status_code == 422
    with monkeypatch.context() as off:
        off.setenv("CARD_KEY", "")
        assert 'value="card"' not in sales.get(address).text
        assert sales.post(f"/customers/{customer.uid}/orders", data=form).status_code == 422
        assert browser().post("/card-events", data=b"{}").status_code == 404
    db.session.add(an_entity(house.reseller))
    db.session.commit()
    assert 'value="card"' not in browser(house.sales).get(address).text
    assert count(Order) == 0


def test_an_order_that_nobody_pays_is_reminded_and_over(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    order = order_by_card(house, browser)
    at(datetime(2027, 1, 20, 9, tzinfo=UTC))
    look_at_waiting_orders()
    work()
    (mail,) = mails("subscriptions/mail_order_reminder")
    assert "par carte" in mail.body
    at(datetime(2027, 2, 20, 9, tzinfo=UTC))
    look_at_waiting_orders()
    work()
    assert stored(order).state == OrderState.LAPSED
