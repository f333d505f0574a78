"""What comes after the first period: the kept card is charged on the due day, a refusal asks for another."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from portal.billing.models import Invoice, InvoiceState
from portal.billing.run import start_run
from portal.blobs import content_of
from portal.cards.models import CardPayment, CardPaymentState, KeptCard, kept_card_of
from portal.cards.renewing import charge_what_is_due
from portal.cards.settling import ask_to_look
from portal.catalogue.models import Method
from portal.db import db
from portal.jobs import Task
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from tests.builders import House, a_customer, stored, work
from tests.cards.paying import Browser, mails, order_by_card, pay_link
from tests.fake_stripe import Stripe
from tests.subscriptions.builders import a_monthly_product
from tests.subscriptions.test_orders import text_of

At = Callable[[datetime], None]
DECEMBER = datetime(2026, 12, 23, 9, tzinfo=UTC)


def the_newest() -> CardPayment:
    return db.session.scalars(select(CardPayment).order_by(CardPayment.id.desc()).limit(1)).one()


def a_monthly_plan_by_card(house: House, browser: Browser, stripe: Stripe) -> None:
    customer = a_customer(house.reseller, accepted="dropcloud")
    order_by_card(house, browser, customer, a_monthly_product(house))
    browser().post(pay_link())
    stripe.pay()
    ask_to_look(the_newest())
    work()


def the_invoice_of(at: At, day: datetime) -> Invoice:
    """The month is billed on that day."""
    at(day)
    start_run(db.session.scalars(select(LegalEntity)).one(), f"{day:%Y-%m}", by=SYSTEM)
    work()
    return db.session.scalars(select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()


def charge() -> None:
    charge_what_is_due()
    work()


def test_001_12_the_card_of_a_monthly_plan_is_charged_on_its_due_day(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    a_monthly_plan_by_card(house, browser, stripe)
    invoice = the_invoice_of(at, DECEMBER)
    assert (invoice.method, invoice.due_on, invoice.gross_cents) == (Method.CARD, date(2026, 12, 23), 6000)
    assert "débitée le 23 décembre 2026 de la carte" in mails("billing/mail_invoice")[-1].body
    paper = text_of(content_of(invoice.document))
    assert "À régler par carte bancaire" in paper and "IBAN" not in paper
    page = browser(house.finance).get(f"/billing/invoices/{invoice.uid}").text
    assert "VISA •••• 4242" in page and "Envoyer un lien de paiement" in page
    for _ in range(2):
        charge()
    assert stored(invoice).state == InvoiceState.PAID and invoice.paid_on == date(2026, 12, 23)
    charges = [form for method, path, form in stripe.asked if path == "/v1/payment_intents"]
    assert [(each["amount"], each["off_session"]) for each in charges] == [("6000", "true")]
    assert "autorisé" in browser(house.finance).get(f"/billing/invoices/{invoice.uid}").text


def test_a_refused_card_asks_for_another_which_replaces_it(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    a_monthly_plan_by_card(house, browser, stripe)
    invoice = the_invoice_of(at, DECEMBER)
    stripe.declines = "expired_card"
    for _ in range(2):
        charge()
    assert stored(invoice).state == InvoiceState.ISSUED
    assert (the_newest().state, the_newest().note) == (CardPaymentState.REFUSED, "expired_card")
    assert len(mails("cards/mail_pay_invoice")) == 1
    path, payer = pay_link("cards/mail_pay_invoice"), browser()
    assert "60,00" in payer.get(path).text
    payer.post(path)
    stripe.pay(last4="1881")
    payer.get(f"{path}/return")
    work()
    assert stored(invoice).state == InvoiceState.PAID
    card = kept_card_of(invoice.customer)
    assert card is not None and card.label == "VISA •••• 1881"
    assert "Paiement accepté" in payer.get(path).text


def test_without_a_card_a_link_leaves_on_the_due_day_and_staff_send_it_again(
    house: House, browser: Browser, stripe: Stripe, at: At
) -> None:
    a_monthly_plan_by_card(house, browser, stripe)
    db.session.scalars(select(KeptCard)).one().removed_on = date(2026, 12, 1)
    invoice = the_invoice_of(at, DECEMBER)
    charge()
    assert stored(invoice).state == InvoiceState.ISSUED and len(mails("cards/mail_pay_invoice")) == 1
    again = f"/billing/invoices/{invoice.uid}/pay-link"
    assert browser(house.sales).post(again).status_code == 403
    assert browser(house.finance).post(again).status_code == 303
    assert len(mails("cards/mail_pay_invoice")) == 2


@pytest.mark.parametrize("answer", ["before", "after"])
def test_a_worker_that_is_killed_charges_once(
    house: House, browser: Browser, stripe: Stripe, at: At, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    a_monthly_plan_by_card(house, browser, stripe)
    invoice = the_invoice_of(at, DECEMBER)
    place = {"before": "portal.cards.renewing.gateway", "after": "portal.cards.renewing._end"}[answer]

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    before = len(stripe.intents)
    with monkeypatch.context() as patched:
        patched.setattr(place, die)
        with pytest.raises(KeyboardInterrupt):
            charge()
    db.session.rollback()
    db.session.scalars(select(Task).where(Task.kind == "cards.charge")).one().lease_until = 0
    work()
    assert stored(invoice).state == InvoiceState.PAID and len(stripe.intents) == before + 1
