"""Transfers that came in: booked by the worker where that is certain, decided by finance where it is not."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.billing.balance import position_of
from portal.billing.credit_models import Refund, RefundState
from portal.billing.models import Invoice, InvoiceState, Payment
from portal.db import EVERYTHING, db, set_scope
from portal.dunning.models import Instalment
from portal.jobs import Task
from portal.jobs.duties import DUTIES
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.sepa.models import CollectionState
from portal.subscriptions.models import OrderState
from portal.wires.jobs import match_again
from portal.wires.models import IncomingTransfer, WireState
from tests.builders import SIRENS, House, a_customer, an_outsider, stored, work
from tests.sepa.raw_bank_files import entry
from tests.sepa.test_returns import book as book_file
from tests.sepa.test_returns import credited, exported, invoice_of
from tests.subscriptions.test_renewal_proformas import a_year, on, renewals
from tests.wires.builders import PAYER_IBAN, an_invoice, an_order, the_transfer, transfers, upload, wire

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
DAYS = {"issued_on": date(2026, 11, 23), "due_on": date(2026, 12, 23)}
LATER = datetime(2026, 12, 8, 9, tzinfo=UTC)


@pytest.fixture
def finance(house: House, browser: Browser, at: At) -> Callable[[], FlaskClient]:
    """The day after the statement of 7 December."""

    def open_() -> FlaskClient:
        at(LATER)
        return browser(house.finance)

    return open_


def post(client: FlaskClient, row: IncomingTransfer, act: str = "booking", **data: Any) -> Any:
    return client.post(f"/wires/{row.uid}/{act}", data=data)


def target(row: Any) -> str:
    return f"{row.__tablename__}:{row.uid}"


@pytest.mark.parametrize(
    "text",
    [
        "{n}",
        "Règlement {n} merci",
        "facture fa 2026 000001",
        "FA2026000001",
        "2026/000001",
        "VIR FA-2026-1",
        "FA-2026-0000 01",
    ],
)
def test_a_wire_that_names_its_invoice_and_pays_it_is_booked_by_the_worker(
    house: House, finance: Callable[[], FlaskClient], text: str
) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    client = finance()
    page = upload(client, wire(12_000, text.format(n=invoice.number)))
    assert (stored(invoice).state, invoice.paid_on) == (InvoiceState.PAID, date(2026, 12, 7))
    row = the_transfer()
    assert (row.state, row.amount_cents, row.free_cents) == (WireState.BOOKED, 12_000, 0)
    assert row.customer_id == invoice.customer_id
    assert "1 virement reçu" in client.get(page).text.replace("\xa0", " ")
    assert f"/wires/{row.uid}" in client.get(f"/billing/invoices/{invoice.uid}").text


def test_the_iban_of_a_payer_is_never_shown_nor_kept_in_clear(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    client = finance()
    upload(client, wire(12_000, "divers"))
    row = the_transfer()
    assert (
        row.iban == PAYER_IBAN and PAYER_IBAN not in str(row.iban_sealed) and len(str(row.iban_index)) == 32
    )
    for address in (f"/wires/{row.uid}", "/wires", "/wires?format=csv"):
        assert PAYER_IBAN not in client.get(address).text
    assert "FR14 •••• •••• 2606" in client.get(f"/wires/{row.uid}").text


def test_000_10_the_wire_of_an_order_delivers_its_keys_by_itself(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    order = an_order(house)
    assert order.proforma is not None
    client = finance()
    upload(client, wire(17_950, f"PRO FORMA {order.proforma.number}"))  # a bank kept 14 cents
    assert stored(order).state == OrderState.DELIVERED
    assert db.session.scalars(db.select(ActivationKey)).one().source_uid == order.uid
    invoice = db.session.scalars(db.select(Invoice)).one()
    assert invoice.state == InvoiceState.PAID and position_of(invoice).rest == 0
    kinds = db.session.scalars(db.select(Mail.kind)).all()
    assert "subscriptions/mail_paid" in kinds
    assert "Virement enregistré" in client.get(f"/wires/{the_transfer().uid}").text


def test_too_little_for_an_order_waits_in_words(house: House, finance: Callable[[], FlaskClient]) -> None:
    order = an_order(house)
    assert order.proforma is not None
    client = finance()
    upload(client, wire(10_000, order.proforma.number))
    row = the_transfer()
    assert row.state == WireState.WAITING and "il manque 79,64" in row.why.replace("\xa0", " ")
    answer = post(client, row, whole=target(order))
    assert answer.status_code == 422 and "ne correspond pas à la pro forma" in answer.text
    assert stored(order).state == OrderState.AWAITING_PAYMENT
    assert db.session.scalars(db.select(Payment)).all() == []


def test_the_same_wire_in_two_files_counts_once(house: House, finance: Callable[[], FlaskClient]) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    client = finance()
    told = wire(12_000, invoice.number)
    upload(client, told, version="camt.054.001.08")
    upload(client, told, message="M2")
    twins = [wire(5_000, "acompte", reference="") for _number in range(2)]
    upload(client, *twins, message="M3")
    upload(client, *twins, wire(5_000, "acompte", reference=""), message="M4")
    assert [row.amount_cents for row in transfers()] == [12_000, 5_000, 5_000, 5_000]
    assert position_of(invoice).received == 12_000


def test_what_is_no_transfer_of_a_payer_is_only_counted(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    """Interest, a card, a transfer that left and came back, one that is not booked, another currency."""
    client = finance()
    upload(
        client,
        entry(100, side="CRDT", code="MCOP/INTR"),
        entry(100, side="CRDT", code="MCRD/POSP"),
        entry(100, side="CRDT", code="ICDT/RRTN"),
        wire(100, status="PDNG"),
        wire(100, currency="CHF").replace('</Refs><Amt Ccy="EUR"', '</Refs><Amt Ccy="CHF"'),
        entry(100, side="DBIT", code="ICDT/ESCT"),
    )
    assert transfers() == []


def test_one_wire_pays_several_invoices_that_it_names(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    customer = a_customer(house.reseller)
    first, second = an_invoice(customer, **DAYS), an_invoice(customer, 6_000, 2, **DAYS)
    client = finance()
    upload(client, wire(18_000, f"{first.number} ET {second.number}"))
    row = the_transfer()
    assert row.state == WireState.BOOKED
    assert [(each.invoice_id, each.cents) for each in row.bookings] == [
        (first.id, 12_000),
        (second.id, 6_000),
    ]
    assert {stored(first).state, stored(second).state} == {InvoiceState.PAID}


def test_numbers_of_two_customers_are_not_booked_without_a_person(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    first = an_invoice(a_customer(house.reseller), **DAYS)
    second = an_invoice(a_customer(house.reseller, name="Épicerie Roux", siren=SIRENS[1]), 6_000, **DAYS)
    client = finance()
    upload(client, wire(18_000, f"{first.number} ET {second.number}"))
    row = the_transfer()
    assert row.state == WireState.WAITING
    wrong = client.post(
        f"/wires/{row.uid}/booking",
        data={"target": [target(first), target(second)], "cents": ["120,00", "50,00"]},
    )
    assert wrong.status_code == 422 and "laisse" in wrong.text and 'value="50,00"' in wrong.text
    right = {"target": [target(first), target(second)], "cents": ["120,00", "60,00"]}
    assert client.post(f"/wires/{row.uid}/booking", data=right).status_code == 303
    assert (stored(first).state, stored(second).state) == (InvoiceState.PAID, InvoiceState.PAID)


def test_a_part_and_a_surplus_are_booked_with_one_button(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    client = finance()
    upload(client, wire(5_000, invoice.number))
    row = the_transfer()
    page = client.get(f"/wires/{row.uid}").text.replace("\xa0", " ")
    assert "Paiement partiel" in page and "il reste 70,00 €" in page
    assert post(client, row, whole=target(invoice)).status_code == 303
    assert position_of(stored(invoice)).rest == 7_000
    upload(client, wire(10_000, invoice.number, reference="V2"), message="M2")
    more = transfers()[1]
    assert more.state == WireState.WAITING
    assert "30,00 € de trop sont dus au client" in client.get(f"/wires/{more.uid}").text.replace("\xa0", " ")
    assert post(client, more, whole=target(invoice)).status_code == 303
    refund = db.session.scalars(db.select(Refund)).one()
    assert (refund.cents, refund.state, stored(invoice).state) == (3_000, RefundState.OWED, InvoiceState.PAID)


def test_an_unknown_payer_is_searched_by_name_and_known_the_next_time(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    customer = a_customer(house.reseller, name="Menuiserie du Port", siren=SIRENS[1])
    first = an_invoice(customer, **DAYS)
    client = finance()
    upload(client, wire(5_000, "acompte", payer="M. Durand Paul", iban=""))
    row = the_transfer()
    page = client.get(f"/wires/{row.uid}").text
    assert "Rien ne correspond" in page and "Aucun numéro" in page
    assert first.number in client.get(f"/wires/{row.uid}?q=menuiserie").text
    assert first.number in client.get(f"/wires/{row.uid}?q={first.number.lower()}").text
    data = {"target": target(first), "cents": "50"}
    assert post(client, row, **data).status_code == 303
    upload(client, wire(7_000, "solde", payer="DURAND PAUL", iban="", reference="V2"), message="M2")
    known = transfers()[1]
    page = client.get(f"/wires/{known.uid}").text
    assert first.number in page and "même montant, payeur connu" in page


def test_one_of_another_house_and_other_roles_see_no_wire(
    house: House, browser: Browser, finance: Callable[[], FlaskClient]
) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    upload(finance(), wire(5_000, invoice.number))
    row = the_transfer()
    assert browser(house.operator).get(f"/wires/{row.uid}").status_code == 200
    assert post(browser(house.operator), row, whole=target(invoice)).status_code == 403
    for person in (house.owner, an_outsider(house)):
        assert browser(person).get(f"/wires/{row.uid}").status_code == 404, "of the provider's issuer"
        assert post(browser(person), row, whole=target(invoice)).status_code == 404


def test_a_wire_that_is_not_ours_is_dismissed_with_a_reason_and_taken_up_again(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    client = finance()
    upload(client, wire(5_000, "remboursement assurance"))
    row = the_transfer()
    assert "Virement reçu à rapprocher" in client.get("/").text
    assert post(client, row, "dismissal", note=" ").status_code == 422
    assert post(client, row, "dismissal", note="Assurance des locaux").status_code == 303
    assert (stored(row).state, row.why) == (WireState.DISMISSED, "Assurance des locaux")
    assert post(client, row, "dismissal", note="encore").status_code == 409
    assert "Virement reçu à rapprocher" not in client.get("/").text
    assert post(client, row, "return").status_code == 303
    assert stored(row).state == WireState.WAITING
    listed = client.get("/wires?state=wire_waiting").text
    assert f"/wires/{row.uid}" in listed
    assert f"/wires/{row.uid}" not in client.get("/wires?state=wire_booked").text


@pytest.mark.parametrize("on", ["2026-11-20", "2026-12-24"])
def test_a_wire_of_an_impossible_day_waits(house: House, finance: Callable[[], FlaskClient], on: str) -> None:
    """Before its invoice was issued, or of a day to come."""
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    upload(finance(), wire(12_000, invoice.number, on=on))
    row = the_transfer()
    assert row.state == WireState.WAITING and row.why
    assert stored(invoice).state == InvoiceState.ISSUED


def test_a_wire_beside_a_debit_at_the_bank_waits_and_its_surplus_is_owed(
    house: House, browser: Browser
) -> None:
    """Paid twice on one day: nothing is lost."""
    _batch, (debit,) = exported(house)
    invoice, client = invoice_of(debit), browser(house.finance)
    upload(client, wire(1_000, invoice.number, on="2026-11-23"))
    row = the_transfer()
    assert row.state == WireState.WAITING and "chez la banque" in row.why
    assert post(client, row, whole=target(invoice)).status_code == 422
    book_file(credited(debit))
    assert stored(debit).state == CollectionState.SETTLED and stored(invoice).state == InvoiceState.PAID
    assert "tout est dû au client" in client.get(f"/wires/{row.uid}").text
    assert post(client, row, whole=target(invoice)).status_code == 303
    refund = db.session.scalars(db.select(Refund)).one()
    assert (refund.cents, refund.customer_id, refund.state) == (1_000, invoice.customer_id, RefundState.OWED)
    assert stored(invoice).state == InvoiceState.PAID and position_of(invoice).received == 2_000


def test_what_waited_is_booked_on_the_day_on_which_it_is_certain(
    house: House, browser: Browser, at: At
) -> None:
    """The wire names a number that is issued a day later; the duty of the morning books it."""
    customer = a_customer(house.reseller)
    at(LATER)
    upload(browser(house.finance), wire(12_000, "FA-2026-000001", on="2026-12-08"))
    row = the_transfer()
    assert row.state == WireState.WAITING and "ne porte ce numéro" in row.why
    invoice = an_invoice(customer, issued_on=date(2026, 12, 8), due_on=date(2027, 1, 8))
    at(datetime(2026, 12, 9, 9, tzinfo=UTC))
    set_scope(EVERYTHING)
    assert "wires.day" in DUTIES
    match_again()
    work()
    assert (stored(row).state, stored(invoice).state) == (WireState.BOOKED, InvoiceState.PAID)
    assert {task.state for task in db.session.scalars(db.select(Task).where(Task.kind == "wires.match"))} == {
        "done"
    }


def test_a_payment_that_a_person_noted_before_is_not_booked_again(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    customer = a_customer(house.reseller)
    first, second = an_invoice(customer, **DAYS), an_invoice(customer, 12_000, 2, **DAYS)
    client = finance()
    noted = {"on": "2026-12-07", "reference": "V1", "amount": "120,00"}
    assert client.post(f"/billing/invoices/{first.uid}/payment", data=noted).status_code == 303
    upload(client, wire(12_000, second.number))
    row = the_transfer()
    assert row.state == WireState.WAITING and first.number in row.why
    assert stored(second).state == InvoiceState.ISSUED
    assert "déjà notée" in client.get(f"/wires/{row.uid}").text


def test_a_part_that_was_promised_counts_for_its_promise(
    house: House, finance: Callable[[], FlaskClient]
) -> None:
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    client = finance()
    plan = {"said_by": "Camille Martin", "parts": "10/12/2026 50,00\n10/01/2027 70,00"}
    assert client.post(f"/billing/invoices/{invoice.uid}/plan", data=plan).status_code == 303
    upload(client, wire(5_000, invoice.number))
    assert post(client, the_transfer(), whole=target(invoice)).status_code == 303
    first, second = db.session.scalars(db.select(Instalment).order_by(Instalment.id)).all()
    assert (first.received_on, second.received_on) == (date(2026, 12, 7), None)
    assert position_of(stored(invoice)).rest == 7_000
    payment = db.session.scalars(db.select(Payment)).one()
    mistake = {"reason": "Autre client"}
    assert client.post(f"/billing/payments/{payment.uid}/reversal", data=mistake).status_code == 303
    assert (stored(first).received_on, position_of(stored(invoice)).rest) == (None, 12_000)


def test_001_14_the_wire_of_a_renewal_pays_its_year_before_it_begins(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    on(at, 2027, 10, 7)
    (paper,) = renewals()
    client = browser(house.finance)
    upload(client, wire(4_000, paper.number, on="2027-10-07", reference="V8"))
    short = the_transfer()
    assert short.state == WireState.WAITING and "il manque 60,00" in short.why.replace("\xa0", " ")
    assert post(client, short, whole=target(paper)).status_code == 422
    told = wire(10_000, f"renouvellement {paper.number}", on="2027-10-07", reference="V9")
    upload(client, told, message="M2")
    row = transfers()[1]
    assert row.state == WireState.BOOKED
    (invoice,) = [each.invoice for each in row.bookings]
    assert (invoice.state, invoice.gross_cents) == (InvoiceState.PAID, 10_000)
    assert stored(subscription).billed_before == date(2028, 11, 23)
    page = client.get(f"/wires/{short.uid}").text
    assert invoice.number in page and "tout est dû au client" in page, "the number now leads to the invoice"
