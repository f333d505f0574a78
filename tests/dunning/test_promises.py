"""A promise that is kept and one that is broken; disputes, by the day of the contract."""

from collections.abc import Callable
from datetime import date, datetime

from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.models import User
from portal.billing.disputes import InvoiceDispute
from portal.billing.models import Charge, Invoice, InvoiceState, Payment
from portal.db import db
from portal.dunning.models import Instalment, PaymentPlan, PlanState
from portal.papers import values_of
from tests.builders import House, a_user, an_outsider, stored
from tests.contracts.builders import dobaas, natso, numspot
from tests.dunning.builders import noon
from tests.dunning.days import kinds, live
from tests.dunning.test_ladder import a_debtor, order, set_ladder, the_subscription

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def promise(client: FlaskClient, invoice: Invoice, parts: str) -> tuple[int, str]:
    form = {"said_by": "Camille Martin, gérante", "parts": parts}
    answer = client.post(f"/billing/invoices/{invoice.uid}/plan", data=form)
    return answer.status_code, answer.text.replace("\u202f", " ").replace("\xa0", " ")


def receive(client: FlaskClient, part: Instalment, on: str, reference: str) -> int:
    form = {"on": on, "reference": reference}
    return client.post(f"/billing/instalments/{part.uid}/payment", data=form).status_code


def the_plan() -> PaymentPlan:
    plan = db.session.scalars(db.select(PaymentPlan).order_by(PaymentPlan.id.desc())).first()
    assert plan is not None
    return stored(plan)


def test_a_plan_that_is_kept_pauses_the_ladder_and_pays_the_invoice_with_its_last_part(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, numspot, "Menuiserie du Port", "404833048")
    at(noon(date(2025, 6, 2)))
    client = browser(house.finance)
    assert set_ladder(client) == 303
    assert f"/billing/invoices/{invoice.uid}/plan" in client.get(f"/billing/invoices/{invoice.uid}").text
    for parts, sentence in (
        ("15/06/2025 700", "faire 1 200,00"),
        ("01/06/2025 1200", "jours à venir"),
        ("15/06/2025 600\n15/06/2025 600", "jours à venir"),
        ("demain", "Illisible"),
        ("31/02/2025 1200", "Illisible"),
        ("", "Une ligne par échéance"),
    ):
        status, text = promise(client, invoice, parts)
        assert status == 422 and sentence in text, parts
    assert promise(client, invoice, "15/06/2025 700,00\n30/06/2025 500")[0] == 303
    assert promise(client, invoice, "15/06/2025 1200")[0] == 422, "one at a time"
    live(at, date(2025, 6, 14))
    assert kinds() == [], "nothing leaves while the promise holds"
    client = browser(house.finance)
    first, second = the_plan().instalments
    at(noon(date(2025, 6, 15)))
    client = browser(house.finance)
    assert client.get(f"/billing/instalments/{first.uid}").status_code == 200
    assert receive(client, first, "2025-06-16", "VIR 1") == 422, "to come"
    assert receive(client, first, "2025-06-15", "VIR 1") == 303
    assert receive(client, first, "2025-06-15", "VIR 9") == 422
    assert stored(invoice).state == InvoiceState.ISSUED
    live(at, date(2025, 6, 30))
    client = browser(house.finance)
    assert receive(client, second, "2025-06-30", "VIR 1") == 422, "that reference is known"
    assert receive(client, second, "2025-06-30", "VIR 2") == 303
    assert (stored(invoice).state, invoice.paid_on) == (InvoiceState.PAID, date(2025, 6, 30))
    assert the_plan().state == PlanState.KEPT
    assert sorted(row.amount_cents for row in db.session.scalars(db.select(Payment))) == [50_000, 70_000]
    interest = db.session.scalars(db.select(Charge).where(Charge.origin.contains(":interest:"))).one()
    # 700 for 15 days and 500 for 30 days at 13.15 %: 3.78 + 5.40
    assert interest.unit_cents == 378 + 540
    assert kinds() == []


def test_a_promise_that_is_broken_lets_the_ladder_go_on_by_itself(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, numspot, "Menuiserie du Port", "404833048")
    at(noon(date(2025, 6, 2)))
    client = browser(house.finance)
    assert set_ladder(client) == 303
    assert promise(client, invoice, "20/06/2025 1200,00")[0] == 303
    assert "20" in client.get("/late").text
    live(at, date(2025, 6, 20))
    assert kinds() == [] and the_plan().state == PlanState.RUNNING
    live(at, date(2025, 6, 21))
    assert the_plan().state == PlanState.BROKEN and kinds() == ["reminder"]
    assert "rompue" in browser(house.finance).get(f"/billing/invoices/{invoice.uid}").text


def hers(invoice: Invoice) -> User:
    person = a_user(invoice.customer.organisation, Role.BILLING)
    db.session.commit()
    return person


def test_003_53_an_invoice_is_disputed_within_fifteen_days_and_counts_as_accepted_afterwards(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, numspot, "Menuiserie du Port", "404833048")  # issued on 1 May
    person = hers(invoice)
    assert invoice.document is not None
    said = [block[1] for block in values_of(invoice.document)["draft"]["blocks"] if block[0] == "text"]
    assert any("16 mai 2025 inclus" in text and "003-53" in text for text in said), "its paper says so"
    at(noon(date(2025, 5, 17)))
    client, address = browser(person), f"/billing/invoices/{invoice.uid}"
    page = client.get(address).text
    assert "003-53" in page and "acceptée" in page
    late = client.post(f"{address}/dispute", data={"reason": "Double facturation"})
    assert late.status_code == 422 and "003-53" in late.text
    assert browser(house.reader).post(f"{address}/dispute", data={"reason": "x"}).status_code == 403
    assert browser(an_outsider(house)).get(f"{address}/dispute").status_code in (403, 404)
    at(noon(date(2025, 5, 16)))
    client = browser(person)
    assert "Contestable" in client.get(address).text and "16" in client.get(address).text
    assert client.post(f"{address}/dispute", data={"reason": " "}).status_code == 422
    assert client.post(f"{address}/dispute", data={"reason": "Double facturation"}).status_code == 303
    assert client.post(f"{address}/dispute", data={"reason": "Encore"}).status_code == 422
    at(noon(date(2025, 6, 1)))
    assert set_ladder(browser(house.finance)) == 303
    live(at, date(2025, 6, 20))
    assert kinds() == [], "the ladder stands still while it is disputed"
    finance = browser(house.finance)
    assert "Double facturation" in finance.get(address).text
    dispute = db.session.scalars(db.select(InvoiceDispute)).one()
    assert f"/billing/disputes/{dispute.uid}" in finance.get("/").text
    outcome = f"/billing/disputes/{dispute.uid}/outcome"
    assert finance.post(outcome, data={"state": "dispute_rejected"}).status_code == 422
    form = {"state": "dispute_rejected", "outcome": "Le contrat prévoit ce montant."}
    assert finance.post(outcome, data=form).status_code == 303
    assert finance.post(outcome, data=form).status_code == 409
    assert kinds() == ["dispute"]
    live(at, date(2025, 6, 21))
    assert kinds() == ["dispute", "reminder"], "and goes on once it is closed"


def test_004_28_a_claim_holds_back_no_payment_under_dobaas(house: House, browser: Browser, at: At) -> None:
    invoice = a_debtor(house, dobaas, "Menuiserie du Port", "404833048")
    at(noon(date(2025, 5, 10)))
    client, address = browser(house.finance), f"/billing/invoices/{invoice.uid}/dispute"
    assert "les relances continuent" in client.get(address).text
    assert client.post(address, data={"reason": "Trop cher"}).status_code == 303
    dispute = db.session.scalars(db.select(InvoiceDispute)).one()
    assert "004-28" in client.get(f"/billing/disputes/{dispute.uid}").text
    at(noon(date(2025, 6, 1)))
    assert set_ladder(browser(house.finance)) == 303
    live(at, date(2025, 6, 20))
    assert kinds() == ["reminder"], "the ladder goes on while it is disputed"


def test_000_21_an_open_dispute_blocks_orders_unless_a_person_accepts_with_a_reason(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, natso, "Menuiserie du Port", "404833048")
    at(noon(date(2026, 11, 24)))
    form = {"reason": "Clés non reçues"}
    client = browser(house.finance)
    assert client.post(f"/billing/invoices/{invoice.uid}/dispute", data=form).status_code == 303
    row, sales = the_subscription(invoice), browser(house.sales)
    refused = order(sales, row)
    assert "litige de paiement est ouvert" in refused and invoice.number in refused
    assert "000-21" in sales.get(f"/customers/{row.customer.uid}/orders/new").text
    done = order(sales, row, accepted_because="Réglé par téléphone")
    assert "Commande enregistrée" in done and "Réglé par téléphone" in done
    dispute = db.session.scalars(db.select(InvoiceDispute)).one()
    form = {"state": "dispute_upheld", "outcome": "Clés renvoyées."}
    assert client.post(f"/billing/disputes/{dispute.uid}/outcome", data=form).status_code == 303
    assert "Commande enregistrée" in order(sales, row)
