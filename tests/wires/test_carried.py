"""A wire for an invoice of the former system: matched by its number, proposed by its amount."""

from collections.abc import Callable
from datetime import date, datetime

from flask.testing import FlaskClient

from portal.billing.carried import BalanceKind, BalanceState, CarriedBalance
from portal.billing.models import Payment
from portal.customers.models import Customer
from portal.db import db
from portal.dunning.carried import remind_of_carried
from portal.mail import Mail
from portal.wires.models import WireState
from tests.builders import House, a_customer, stored
from tests.dunning.builders import noon
from tests.dunning.days import kinds
from tests.dunning.test_ladder import set_ladder
from tests.wires.builders import the_transfer, upload, wire
from tests.wires.test_wires import LATER, post, target

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def a_balance(customer: Customer, number: str = "F2025/118", cents: int = 24_000) -> CarriedBalance:
    balance = CarriedBalance(
        organisation=customer.organisation,
        customer_id=customer.id,
        kind=BalanceKind.INVOICE,
        state=BalanceState.OWED,
        number=number,
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 31),
        net_cents=cents * 5 // 6,
        vat_cents=cents // 6,
        gross_cents=cents,
    )
    db.session.add(balance)
    db.session.commit()
    return balance


def test_a_wire_that_names_an_invoice_of_the_former_system_settles_it(
    house: House, browser: Browser, at: At
) -> None:
    balance = a_balance(a_customer(house.reseller))
    at(LATER)
    client = browser(house.finance)
    upload(client, wire(24_000, "Reglement facture f 2025-118"))
    row = the_transfer()
    assert (row.state, row.free_cents) == (WireState.BOOKED, 0)
    assert (stored(balance).state, balance.settled_on) == (BalanceState.SETTLED, date(2026, 12, 7))
    assert db.session.scalars(db.select(Payment)).all() == [], "it is no invoice of the portal"
    assert "F2025/118" in client.get(f"/wires/{row.uid}").text


def test_a_wire_of_its_amount_is_proposed_and_booked_by_a_person(
    house: House, browser: Browser, at: At
) -> None:
    balance = a_balance(a_customer(house.reseller))
    at(LATER)
    client = browser(house.finance)
    upload(client, wire(24_000, "merci", payer="Holding", iban=""))
    row = the_transfer()
    assert row.state == WireState.WAITING
    assert f"carried_balance:{balance.uid}" in client.get(f"/wires/{row.uid}").text
    assert post(client, row, target=target(balance), cents="100,00").status_code == 422
    assert post(client, row, whole=target(balance)).status_code == 303
    assert (the_transfer().state, stored(balance).state) == (WireState.BOOKED, BalanceState.SETTLED)


def test_too_little_for_it_waits_for_somebody(house: House, browser: Browser, at: At) -> None:
    balance = a_balance(a_customer(house.reseller))
    at(LATER)
    client = browser(house.finance)
    upload(client, wire(10_000, "F2025/118"))
    row = the_transfer()
    assert row.state == WireState.WAITING and stored(balance).state == BalanceState.OWED
    assert "solde repris de" in client.get(f"/wires/{row.uid}").text.replace("\u00a0", " ")
    assert post(client, row, whole=target(balance)).status_code == 422


def test_a_late_invoice_of_the_former_system_is_asked_for_twice_until_it_is_paid(
    house: House, browser: Browser, at: At
) -> None:
    balance = a_balance(a_customer(house.reseller))
    at(noon(date(2026, 11, 4)))
    assert set_ladder(browser(house.finance)) == 303

    def day(on: date) -> list[str]:
        at(noon(on))
        remind_of_carried()
        remind_of_carried()
        db.session.commit()
        return kinds()

    assert day(date(2026, 11, 4)) == [], "four days late"
    assert day(date(2026, 11, 5)) == ["carried"]
    assert day(date(2026, 11, 14)) == ["carried"]
    assert day(date(2026, 11, 15)) == ["carried"] * 2
    assert day(date(2026, 12, 15)) == ["carried"] * 2, "then people"
    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "dunning/mail_carried")).first()
    assert mail is not None and "F2025/118" in mail.body and "240,00" in mail.body
    assert stored(balance).reminders == 2
