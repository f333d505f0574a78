"""Mistakes undone by people: a wire on the wrong invoice, a payment noted twice, a charge in error."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask.testing import FlaskClient

from portal.billing.balance import position_of
from portal.billing.credit_models import Refund, RefundState
from portal.billing.models import Charge, Invoice, InvoiceState, Payment, PaymentKind, add_charge
from portal.billing.run import start_run
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM, JournalEntry
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.wires.models import WireState
from tests.builders import SIRENS, House, a_customer, an_outsider, stored, work
from tests.contracts.builders import numspot
from tests.dunning.days import kinds, live
from tests.dunning.test_ladder import a_debtor, pay, set_ladder
from tests.sepa.people import the_entity
from tests.sepa.test_returns import book as book_file
from tests.sepa.test_returns import credited, exported, invoice_of
from tests.wires.builders import an_invoice, an_order, the_transfer, transfers, upload, wire
from tests.wires.test_wires import DAYS, LATER, post, target

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def reverse(client: FlaskClient, payment: Payment, reason: str = "Mauvais client") -> Any:
    return client.post(f"/billing/payments/{payment.uid}/reversal", data={"reason": reason})


def payments() -> list[Payment]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Payment).order_by(Payment.id)))


def letters(kind: str) -> list[Mail]:
    return list(db.session.scalars(db.select(Mail).where(Mail.kind == kind).order_by(Mail.id)))


def verbs(uid: str) -> list[str]:
    query = db.select(JournalEntry.what).where(JournalEntry.subject_uid == uid)
    return list(db.session.scalars(query.order_by(JournalEntry.id)))


def test_a_wire_on_the_wrong_customer_goes_to_the_right_one(house: House, browser: Browser, at: At) -> None:
    wrong = an_invoice(a_customer(house.reseller), **DAYS)
    right = an_invoice(a_customer(house.reseller, name="Épicerie Roux", siren=SIRENS[1]), 12_050, **DAYS)
    at(LATER)
    client = browser(house.finance)
    upload(client, wire(11_950, wrong.number, payer="Holding Roux", iban=""))
    assert stored(wrong).state == InvoiceState.PAID, "50 cents are let go"
    page = client.get(f"/billing/invoices/{wrong.uid}").text
    assert "Annuler ce paiement" in page and "écart abandonné" in page
    received = payments()[0]
    form = client.get(f"/billing/payments/{received.uid}/reversal").text
    assert "119,50" in form and "attend de nouveau" in form
    assert reverse(client, received, " ").status_code == 422
    assert reverse(client, received).status_code == 303
    amounts = [(row.kind, row.amount_cents) for row in payments()]
    kind = PaymentKind
    assert amounts == [
        (kind.RECEIVED, 11_950),
        (kind.LET_GO, 50),
        (kind.REVERSED, -11_950),
        (kind.REVERSED, -50),
    ]
    assert (stored(wrong).state, position_of(wrong).rest) == (InvoiceState.ISSUED, 12_000)
    assert verbs(wrong.uid)[-2:] == ["reverse_payment", "reopen"]
    row = the_transfer()
    assert (row.state, row.free_cents, row.why) == (WireState.WAITING, 11_950, "Mauvais client")
    assert reverse(client, received).status_code == 409, "once"
    work()
    assert the_transfer().state == WireState.WAITING, "the worker does not repeat the mistake"
    assert post(client, row, target=target(right), cents="119,50").status_code == 303
    assert (stored(right).state, stored(wrong).state) == (InvoiceState.PAID, InvoiceState.ISSUED)
    page = client.get(f"/wires/{row.uid}").text
    assert right.number in page and "annulé" in page
    assert sum(row.amount_cents for row in payments()) == 12_050


def noted_by_hand(client: FlaskClient, invoice: Invoice, reference: str) -> None:
    noted = {"on": "2026-12-07", "reference": reference, "amount": "120,00"}
    assert client.post(f"/billing/invoices/{invoice.uid}/payment", data=noted).status_code == 303


def test_a_payment_noted_twice_leaves_nothing_owed_to_the_customer(
    house: House, browser: Browser, at: At
) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    at(LATER)
    client = browser(house.finance)
    noted_by_hand(client, invoice, "Vir 7/12")
    upload(client, wire(12_000, invoice.number))
    row = the_transfer()
    assert row.state == WireState.WAITING and "déjà payée" in row.why
    assert post(client, row, whole=target(invoice)).status_code == 303
    refund = db.session.scalars(db.select(Refund)).one()
    assert refund.cents == 12_000
    assert reverse(client, payments()[0], "Noté à la main et par le relevé").status_code == 303
    assert (stored(refund).state, stored(invoice).state) == (RefundState.DROPPED, InvoiceState.PAID)
    assert position_of(invoice).received == 12_000


def test_a_wire_that_came_while_its_invoice_seemed_paid_is_booked_once_it_is_owed_again(
    house: House, browser: Browser, at: At
) -> None:
    """The clock stands still: what is owed again a moment later is looked at too."""
    customer = a_customer(house.reseller)
    invoices = [an_invoice(customer, 12_000, number, **DAYS) for number in (1, 2)]
    at(LATER)
    client = browser(house.finance)
    for number, invoice in enumerate(invoices):
        noted_by_hand(client, invoice, f"Vir {number}")
    wires = [wire(12_000, each.number, reference=f"V{n}") for n, each in enumerate(invoices)]
    upload(client, *wires)
    assert [row.state for row in transfers()] == [WireState.WAITING, WireState.WAITING]
    for paid, invoice in zip(payments(), invoices, strict=True):
        assert reverse(client, paid, "Noté par erreur").status_code == 303
        assert stored(invoice).state == InvoiceState.ISSUED
        work()
        assert stored(invoice).state == InvoiceState.PAID, "the same day"
    assert {stored(row).state for row in transfers()} == {WireState.BOOKED}


def test_a_reference_that_was_reversed_may_be_noted_on_the_right_invoice(
    house: House, browser: Browser, at: At
) -> None:
    customer = a_customer(house.reseller)
    wrong, right = an_invoice(customer, **DAYS), an_invoice(customer, 12_000, 2, **DAYS)
    at(LATER)
    client = browser(house.finance)
    noted = {"on": "2026-12-07", "reference": "VIR 9"}
    for _time in range(2):
        assert client.post(f"/billing/invoices/{wrong.uid}/payment", data=noted).status_code == 303
        assert reverse(client, payments()[-1]).status_code == 303
    assert client.post(f"/billing/invoices/{right.uid}/payment", data=noted).status_code == 303
    assert client.post(f"/billing/invoices/{wrong.uid}/payment", data=noted).status_code == 422
    references = [row.reference for row in payments() if row.kind == PaymentKind.RECEIVED]
    assert references == ["VIR 9", "VIR 9 (2)", "VIR 9 (3)"]
    assert (stored(wrong).state, stored(right).state) == (InvoiceState.ISSUED, InvoiceState.PAID)


def test_000_10_keys_that_a_wrong_wire_delivered_wait_until_the_order_is_paid(
    house: House, browser: Browser, at: At
) -> None:
    order = an_order(house)
    assert order.proforma is not None
    at(LATER)
    client, machine = browser(house.finance), browser()
    upload(client, wire(17_964, order.proforma.number))
    key = db.session.scalars(db.select(ActivationKey)).one()
    invoice = db.session.scalars(db.select(Invoice)).one()

    def activate(fingerprint: str) -> tuple[int, str]:
        body = {"key": key.code, "fingerprint": fingerprint}
        answer = machine.post("/api/v1/activations", json=body)
        return answer.status_code, answer.text

    assert activate("a")[0] == 201
    page = client.get(f"/billing/payments/{payments()[0].uid}/reversal").text
    assert "Les clés de cette commande" in page
    assert reverse(client, payments()[0]).status_code == 303
    assert stored(invoice).state == InvoiceState.ISSUED and stored(key).held_at is not None
    status, text = activate("b")
    assert (status, "HELD" in text) == (403, True)
    told = letters("subscriptions/mail_keys_held")
    assert len(told) == 1 and invoice.number in told[0].subject and "179,64" in told[0].body
    assert activate("a")[0] == 201, "a machine that is active goes on"
    assert "hold_keys" in verbs(order.uid) and "hold_keys" in verbs(invoice.uid)
    assert "Clés suspendues" in client.get(f"/orders/{order.uid}").text
    held = browser(house.owner).get("/keys?state=key_held").text
    assert key.masked in held and key.masked not in browser(house.owner).get("/keys?state=key_usable").text
    row = the_transfer()
    assert post(client, row, whole=target(invoice)).status_code == 303
    assert stored(invoice).state == InvoiceState.PAID and stored(key).held_at is None
    assert activate("b")[0] == 201
    assert "free_keys" in verbs(order.uid)


def test_003_15_letters_go_on_when_the_payment_that_ended_them_is_reversed(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, numspot, "Menuiserie du Port", SIRENS[1])
    at(datetime(2025, 6, 1, 11, tzinfo=UTC))
    client = browser(house.finance)
    assert set_ladder(client) == 303
    live(at, date(2025, 6, 5))
    client = browser(house.finance)
    pay(client, invoice, date(2025, 6, 5), "VIR 1")
    live(at, date(2025, 6, 16))
    assert kinds() == ["reminder"], "paid: no second letter"
    client = browser(house.finance)
    assert reverse(client, payments()[0]).status_code == 303
    live(at, date(2025, 6, 17))
    assert kinds() == ["reminder", "reminder"], "owed again: the ladder begins again"


def test_a_reversal_asks_who_it_is_and_is_for_finance(house: House, browser: Browser, at: At) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    at(LATER)
    noted = {"on": "2026-12-07", "reference": "VIR 9"}
    browser(house.finance).post(f"/billing/invoices/{invoice.uid}/payment", data=noted)
    (payment,) = payments()
    asked = reverse(browser(house.finance, confirmed=False), payment)
    assert asked.status_code != 303 or "password" in asked.location
    for person in (house.operator, house.owner, an_outsider(house)):
        assert reverse(browser(person), payment).status_code in (403, 404)
    assert "Annuler ce paiement" not in browser(house.owner).get(f"/billing/invoices/{invoice.uid}").text
    assert len(payments()) == 1 and stored(invoice).state == InvoiceState.PAID


def test_a_debit_comes_back_through_the_bank_alone(house: House, browser: Browser) -> None:
    _batch, (debit,) = exported(house)
    book_file(credited(debit))
    client = browser(house.finance)
    (payment,) = payments()
    assert "Annuler ce paiement" not in client.get(f"/billing/invoices/{invoice_of(debit).uid}").text
    answer = reverse(client, payment)
    assert answer.status_code == 422 and "réponse de la banque" in answer.text
    assert invoice_of(debit).state == InvoiceState.PAID


def a_charge(customer: Any) -> Charge:
    values = {"label": "Option en trop", "quantity": 1, "unit_cents": 3_600, "includes_vat": True}
    add_charge(customer, origin="option:7", clause="000-10", method=Method.WIRE, **values)
    db.session.commit()
    return db.session.scalars(db.select(Charge).where(Charge.origin == "option:7")).one()


def test_a_charge_in_error_is_dropped_and_no_run_brings_it_back(
    house: House, browser: Browser, at: At
) -> None:
    customer = a_customer(house.reseller)
    charge = a_charge(customer)
    client = browser(house.finance)
    page = client.get(f"/customers/{customer.uid}").text
    assert "Option en trop" in page and "option:7" in page and "36,00" in page
    assert "Option en trop" not in browser(house.owner).get(f"/customers/{customer.uid}").text
    address = f"/billing/charges/{charge.uid}/drop"
    assert address in page and client.get(address).status_code == 200
    assert client.post(address, data={"reason": ""}).status_code == 422
    assert browser(house.operator).post(address, data={"reason": "Erreur"}).status_code == 403
    assert client.post(address, data={"reason": "Saisie deux fois"}).status_code == 303
    assert client.post(address, data={"reason": "encore"}).status_code == 409
    assert "drop_charge" in verbs(customer.uid)
    assert "Option en trop" not in client.get(f"/customers/{customer.uid}").text.partition("Chronologie")[0]
    a_charge(customer)  # whoever added it adds it again
    start_run(the_entity(), "2026-11", by=SYSTEM)
    work()
    assert db.session.scalars(db.select(Invoice)).all() == []
    assert stored(charge).dropped_why == "Saisie deux fois"


def test_a_charge_that_an_invoice_carries_is_not_dropped(house: House, browser: Browser) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    charge = db.session.scalars(db.select(Charge).where(Charge.invoice_id == invoice.id)).one()
    answer = browser(house.finance).post(f"/billing/charges/{charge.uid}/drop", data={"reason": "Erreur"})
    assert answer.status_code == 409 and "avoir" in answer.text
