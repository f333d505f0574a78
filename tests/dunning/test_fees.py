"""What a late payment costs is billed once the invoice is paid; its page and its charge say the same."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.billing.models import Charge, Invoice, InvoiceState
from portal.billing.rates import enter_rate, known_rates
from portal.customers.models import CustomerKind
from portal.db import db
from portal.dunning.contracts import late_facts
from portal.dunning.fees import FeeState, LateFee
from tests.builders import House, an_outsider, stored, work
from tests.contracts.builders import dobaas, natso, numspot
from tests.dunning.builders import noon, of_contract
from tests.sepa.bank_files import Back, camt
from tests.sepa.test_returns import back, book, exported, invoice_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
PAID = date(2025, 7, 20)


def pay(client: FlaskClient, invoice: Invoice, on: date, reference: str = "VIR 1") -> None:
    form = {"on": on.isoformat(), "reference": reference}
    answer = client.post(f"/billing/invoices/{invoice.uid}/payment", data=form)
    assert answer.status_code == 303, answer.text


def charges(invoice: Invoice) -> list[tuple[int, str]]:
    query = db.select(Charge).where(Charge.origin.startswith(f"late-fee:{invoice.uid}")).order_by(Charge.id)
    return [(row.unit_cents, row.clause) for row in db.session.scalars(query)]


def test_003_51_003_52_a_late_wire_costs_interest_and_forty_euros_on_the_next_invoice(
    house: House, browser: Browser, at: At
) -> None:
    invoice = of_contract(numspot, house)
    at(noon(PAID))
    client = browser(house.finance)
    before = client.get(f"/billing/invoices/{invoice.uid}").text
    assert "20,96" in before and "003-52" in before and "003-51" in before
    said = [each.cents for each in late_facts(stored(invoice))]
    assert charges(invoice) == [], "nothing is billed before it is paid"
    pay(client, invoice, PAID)
    assert charges(invoice) == [(2096, "003-52"), (4000, "003-51")] and said == [2096, 4000]
    assert client.post("/billing/runs", data={"entity": entity(), "month": "2025-07"}).status_code == 303
    work()
    fees = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc())).first()
    assert fees is not None and (fees.gross_cents, fees.vat_cents) == (6096, 0)
    page = client.get(f"/billing/invoices/{invoice.uid}").text
    assert "20,96" in page and "facturés" in page, "what was billed is still told after the payment"
    at(noon(date(2025, 12, 1)))
    assert sum(each.cents for each in late_facts(stored(fees))) == 0, "no interest on interest"


def entity() -> str:
    from portal.resellers.models import LegalEntity

    return db.session.scalars(db.select(LegalEntity)).one().uid


@pytest.mark.parametrize(
    ("values", "expected", "law"),
    [
        ({}, [(2096, "003-52"), (4000, "003-51")], "003-52"),
        ({"kind": CustomerKind.PUBLIC_BODY}, [(1833, "L6"), (4000, "003-51")], "R2192-31"),
        ({"kind": CustomerKind.CONSUMER, "siren": None}, [], ""),
    ],
)
def test_businesses_public_bodies_and_consumers_each_owe_their_own(
    house: House, browser: Browser, at: At, values: dict[str, Any], expected: list[Any], law: str
) -> None:
    make = natso if values.get("kind") == CustomerKind.CONSUMER else numspot
    invoice = of_contract(make, house, **values)
    at(noon(PAID))
    client = browser(house.finance)
    page = client.get(f"/billing/invoices/{invoice.uid}").text
    assert law in page
    if values.get("kind") == CustomerKind.PUBLIC_BODY:
        assert "L441-10" not in page and "18,33" in page
        assert client.get(f"/billing/invoices/{invoice.uid}/late-statement").mimetype == "application/pdf"
    pay(client, invoice, PAID)
    assert charges(invoice) == expected


def test_a_contract_that_is_silent_leaves_the_law(house: House, browser: Browser, at: At) -> None:
    invoice = of_contract(dobaas, house)
    at(noon(PAID))
    pay(browser(house.finance), invoice, PAID)
    assert charges(invoice) == [(2096, "L6"), (4000, "L6")]


def test_an_invoice_paid_in_time_or_on_its_last_day_owes_nothing(
    house: House, browser: Browser, at: At
) -> None:
    invoice = of_contract(numspot, house)
    at(noon(PAID))
    pay(browser(house.finance), invoice, date(2025, 5, 31))
    assert charges(invoice) == [] and late_facts(stored(invoice)) == []


def test_without_a_rate_the_fee_waits_and_is_charged_when_the_rate_is_entered(
    house: House, browser: Browser, at: At
) -> None:
    invoice = of_contract(numspot, house, due_on=date(2026, 5, 31), cents=30_000)
    at(datetime(2026, 11, 28, 11, tzinfo=UTC))
    client = browser(house.finance)
    page = client.get(f"/billing/invoices/{invoice.uid}").text
    assert "2026 S2" in page and "40,00" in page, "the fixed fee needs no rate"
    pay(client, invoice, date(2026, 11, 28))
    assert charges(invoice) == []
    waiting = client.get("/").text
    assert "Taux de la BCE à saisir" in waiting and invoice.number in waiting
    form = {"semester": "2026 S2", "rate": "2,15", "source": "BCE"}
    assert client.post("/billing/rates", data=form).status_code == 303
    assert "2026 S2" in known_rates()
    assert charges(invoice) == [(1808, "003-52"), (4000, "003-51")]
    assert "Taux de la BCE à saisir" not in client.get("/").text


def test_a_waiver_takes_the_interest_first_and_all_of_it_only_before_it_is_billed(
    house: House, browser: Browser, at: At
) -> None:
    invoice = of_contract(numspot, house)
    at(noon(PAID))
    client = browser(house.finance)
    pay(client, invoice, PAID)
    fee = db.session.scalars(db.select(LateFee)).one()
    address = f"/billing/late-fees/{fee.uid}/waiver"
    link = f"/billing/late-fees/{fee.uid}"
    assert link in client.get(f"/billing/invoices/{invoice.uid}").text and client.get(link).status_code == 200
    assert "Dites pourquoi" in client.post(address, data={"cents": "10"}).text
    assert "Il reste 60,96" in client.post(address, data={"cents": "61", "why": "geste"}).text
    assert client.post(address, data={"cents": "20,96", "why": "geste"}).status_code == 303
    assert charges(invoice) == [(4000, "003-51")]
    assert browser(house.owner).post(address, data={"why": "x"}).status_code == 404
    assert browser(an_outsider(house)).get(link).status_code in (403, 404)
    assert client.post(address, data={"why": "geste"}).status_code == 303
    assert charges(invoice) == [] and stored(fee).state == FeeState.WAIVED
    assert client.post(address, data={"why": "geste"}).status_code in (409, 422)


def test_our_own_late_debit_bears_no_fee_and_one_that_came_back_does(house: House, at: At) -> None:
    """C-L13: the debit is presented after the due date by our own doing."""
    _batch, (row,) = exported(house, due_rule="end_of_month")
    invoice = invoice_of(row)
    assert invoice.due_on == date(2026, 11, 30) < row.due_on
    at(datetime(2026, 12, 12, 11, tzinfo=UTC))
    assert late_facts(invoice_of(row)) == [], "it waits for our debit"
    book(camt([Back(row.end_to_end_id, row.amount_cents, credited=True)]))
    assert invoice_of(row).state == InvoiceState.PAID and invoice_of(row).paid_on == date(2026, 12, 10)
    assert charges(invoice) == []
    book(back(row, booked_on=date(2026, 12, 15)))
    at(datetime(2027, 2, 15, 11, tzinfo=UTC))
    for semester in ("2026 S2", "2027 S1"):
        enter_rate(semester, 215, "BCE", by=house.finance)
    db.session.commit()
    days = (date(2027, 2, 15) - stored(row).due_on).days
    cents = round(1_000 * 1215 * days / 10_000 / 365)
    assert [each.cents for each in late_facts(invoice_of(row))] == [cents, 4000]


def test_a_payment_that_comes_back_takes_its_fee_with_it_and_the_next_one_is_reckoned_anew(
    house: House, browser: Browser, at: At
) -> None:
    invoice = of_contract(numspot, house)
    at(noon(PAID))
    client = browser(house.finance)
    pay(client, invoice, date(2025, 6, 30))
    assert charges(invoice)[0] == (1297, "003-52")
    stored(invoice).reopen(reason="revenu", by=house.finance)
    db.session.commit()
    assert charges(invoice) == []
