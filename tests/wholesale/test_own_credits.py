"""A reseller that bills its customers itself takes back what it billed, and decides on what it owes them."""

from collections.abc import Callable
from datetime import date, datetime

from flask.testing import FlaskClient

from portal.availability.credits import CreditState, ServiceCredit
from portal.billing.credit_models import CreditNote, Refund
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import name_entity
from portal.subscriptions.models import Subscription
from tests.availability.builders import EXAMPLE, a_cloud, measures, noon, the_day
from tests.builders import House, stored, work
from tests.refunds.test_giving_back import credit
from tests.wholesale.test_own_month import its_issuer, of, the_providers
from tests.wholesale.test_own_refunds import an_invoice, billed_by

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def test_a_reseller_issues_credit_notes_on_its_own_invoices_alone(house: House, browser: Browser) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    theirs = an_invoice(billed_by(provider, house, "Garage", 2), provider)
    hers = an_invoice(billed_by(own, house, "Boulangerie", 3), own)
    accountant = browser(house.accountant)
    for invoice, is_own in ((theirs, False), (hers, True)):
        page = accountant.get(f"/billing/invoices/{invoice.uid}").text
        assert (f"/billing/invoices/{invoice.uid}/credit" in page) is is_own
        see = accountant.get(f"/billing/invoices/{invoice.uid}/credit").status_code
        assert see == (200 if is_own else 404)
    assert credit(accountant, theirs).status_code == 404
    assert credit(accountant, hers, note="").status_code == 422
    assert credit(accountant, hers).status_code == 303
    set_scope(EVERYTHING)
    (note,) = of(CreditNote, own)
    assert (note.number, note.gross_cents) == ("AV-2026-000001", 12_000)
    assert of(CreditNote, provider) == [] and of(Refund, own) == [], "nothing was paid"
    assert note.number in accountant.get("/billing/credit-notes").text
    assert browser(house.sales).get(f"/billing/invoices/{hers.uid}/credit").status_code == 403


def proposed(house: House, browser: Browser, at: At) -> tuple[Subscription, ServiceCredit]:
    row: Subscription = a_cloud(house)
    at(noon(date(2026, 11, 30)))
    assert measures(browser(house.technician), EXAMPLE).status_code == 303
    at(noon(date(2026, 12, 1), 5))
    the_day()
    set_scope(EVERYTHING)
    return row, db.session.scalars(db.select(ServiceCredit)).one()


def test_whoever_bills_the_customer_decides_on_the_credit_of_a_month_below_its_promise(
    house: House, browser: Browser, at: At
) -> None:
    provider = the_providers()
    row, due = proposed(house, browser, at)
    customer = row.customer.organisation
    own = its_issuer(house.reseller)
    name_entity(customer, provider)
    db.session.commit()
    accountant, owner = browser(house.accountant), browser(house.owner)
    path = f"/credits-due/{due.uid}"
    assert accountant.get(path).status_code == 404
    assert accountant.post(f"{path}/acceptance").status_code == 404
    assert due.uid not in accountant.get("/credits-due").text
    assert "Avoir à décider" not in accountant.get("/").text

    set_scope(EVERYTHING)
    name_entity(db.session.merge(customer), own)
    db.session.commit()
    assert due.uid in accountant.get("/credits-due").text and 'href="/credits-due"' in owner.get("/").text
    assert "Avoir à décider, 11/2026" in accountant.get("/").text
    assert "/service-levels/" in owner.get(path).text and "/service-levels/" not in accountant.get(path).text
    assert accountant.post(f"{path}/refusal", data={"why": ""}).status_code == 422
    assert accountant.post(f"{path}/acceptance").status_code == 303
    work()
    set_scope(EVERYTHING)
    assert stored(due).state is CreditState.GRANTED
    assert house.accountant.name in browser(house.operator).get(path).text, "the provider reads who decided"
    assert browser(house.sales).get(path).status_code == 403
