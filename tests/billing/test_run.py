"""The monthly run: invoices, announced debits, each once."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.models import BillingRun, Charge, Invoice, RunState, add_charge
from portal.billing.run import start_run
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.sepa.formats.pain008 import validate
from portal.sepa.models import Collection, Mandate
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Order, OrderState, Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import House, a_customer, stored, work
from tests.sepa.people import a_mandate, freeze_batch
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_monthly_product
from tests.subscriptions.test_orders import text_of
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]


def entity_of(house: House) -> LegalEntity:
    return db.session.scalars(db.select(LegalEntity)).one()


def a_monthly_order(house: House, quantity: int = 3) -> Order:
    customer = a_customer(house.reseller, accepted="dropcloud")
    order = place_order(customer, a_monthly_product(house), quantity, Method.DIRECT_DEBIT, by=SYSTEM)
    ask_for_mandate(order, by=SYSTEM)
    db.session.commit()
    return order


def a_running_subscription(house: House) -> Subscription:
    order = a_monthly_order(house)
    sign_now(order.customer, order.legal_entity)
    return db.session.scalars(db.select(Subscription)).one()


def run(house: House, month: str = "2026-11") -> BillingRun:
    made = start_run(entity_of(house), month, by=SYSTEM)
    db.session.commit()
    work()
    return stored(made)


def test_an_order_by_debit_shows_the_mandate_that_it_waits_for(house: House, browser: Browser) -> None:
    order = a_monthly_order(house)
    assert order.state == OrderState.AWAITING_MANDATE
    mails = [mail.recipient for mail in db.session.scalars(db.select(Mail))]
    assert mails == ["contact@client.example"]
    assert db.session.scalars(db.select(Subscription)).all() == []
    page = browser(house.sales).get(f"/orders/{order.uid}").text
    assert "Mandat attendu" in page and "Renvoyer le lien à contact@client.example" in page
    mandate = db.session.scalars(db.select(Mandate)).one()
    mandate.revoke(received_on=clock.today(), notice_months=0, by=SYSTEM)
    db.session.commit()
    page = browser(house.sales).get(f"/orders/{order.uid}").text
    assert f"/sepa/mandates/new/{order.customer.uid}" in page


def test_an_order_under_a_mandate_between_businesses_starts_once_the_debtors_bank_knows_it(
    house: House, browser: Browser
) -> None:
    customer = a_customer(house.reseller, accepted="dropcloud")
    mandate, _token = a_mandate(house, customer, scheme="B2B")
    order = place_order(customer, a_monthly_product(house), 3, Method.DIRECT_DEBIT, by=SYSTEM)
    ask_for_mandate(order, by=SYSTEM)
    db.session.commit()
    sign_now(customer, order.legal_entity)
    assert stored(order).state == OrderState.AWAITING_MANDATE  # what is signed, the bank does not know
    ask_for_mandate(order, by=SYSTEM)
    db.session.commit()
    assert db.session.scalars(db.select(Mandate)).one().uid == mandate.uid  # and no other one is asked for
    owner = browser(house.owner)
    assert "La banque du client doit enregistrer le mandat" in owner.get("/").text
    assert mandate.rum in owner.get("/sepa/mandates?state=at_bank").text
    path = f"/sepa/mandates/{mandate.uid}/bank-confirmation"
    assert owner.post(path, data={"on": "2026-11-23"}).status_code == 303
    assert "doit enregistrer" not in owner.get("/").text
    assert mandate.rum not in owner.get("/sepa/mandates?state=at_bank").text
    assert db.session.scalars(db.select(Subscription)).one().customer_id == customer.id
    assert stored(order).state == OrderState.DELIVERED


def test_the_run_invoices_collects_and_announces(house: House) -> None:
    a_running_subscription(house)
    made = run(house)
    assert (made.state, made.invoices, made.collections) == (RunState.DONE, 1, 1)
    invoice = db.session.scalars(db.select(Invoice)).one()
    assert (invoice.number, invoice.gross_cents) == ("FA-2026-000001", 3600)
    assert "du 23/11/2026 au 22/12/2026" in text_of(content_of(invoice.document))
    collection = db.session.scalars(db.select(Collection)).one()
    assert collection.reference == invoice.number
    assert collection.due_on == date(2026, 12, 7)  # 14 days after Monday 23 November, a TARGET day
    subjects = " ".join(mail.subject for mail in db.session.scalars(db.select(Mail)))
    assert "FA-2026-000001" in subjects


def test_003_50_the_file_of_the_batch_is_accepted_by_the_official_schema(
    house: House, tmp_path: object
) -> None:
    a_running_subscription(house)
    run(house)
    batch = freeze_batch(entity_of(house), "CORE", date(2026, 12, 31), SYSTEM)
    db.session.commit()
    work()
    document = stored(batch).document
    path = tmp_path / "batch.xml"  # type: ignore[operator]
    path.write_bytes(content_of(document))
    assert validate(path).total_cents == 3600


def test_a_month_is_not_run_twice_at_once(house: House) -> None:
    start_run(entity_of(house), "2026-11", by=SYSTEM)
    db.session.commit()
    with pytest.raises(Refused, match="en cours"):
        start_run(entity_of(house), "2026-11", by=SYSTEM)


def test_a_second_run_of_a_month_bills_only_what_was_added(house: House) -> None:
    subscription = a_running_subscription(house)
    assert run(house).invoices == 1
    assert run(house).invoices == 0
    a_charge(subscription.customer)
    second = run(house)
    assert (second.part, second.invoices, second.gross_cents) == (3, 1, 10800)


@pytest.mark.parametrize(
    ("month", "sentence"), [("2026-13", "2026-12"), ("nov", "2026-12"), ("2027-01", "commencé")]
)
def test_a_month_that_makes_no_sense_is_refused(house: House, month: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        start_run(entity_of(house), month, by=SYSTEM)


def test_without_a_mandate_the_invoice_leaves_and_says_so(house: House) -> None:
    customer = a_customer(house.reseller)
    a_charge(customer)
    assert run(house).invoices == 1
    assert db.session.scalars(db.select(Collection)).all() == []
    mail = db.session.scalars(db.select(Mail)).one()
    assert "Aucun mandat" in mail.body


def a_charge(customer: Customer, origin: str = "restore:x") -> None:
    add_charge(
        customer,
        origin=origin,
        label="Restauration d'un fichier",
        clause="002-08",
        quantity=1,
        unit_cents=9000,
        includes_vat=False,
        method=Method.DIRECT_DEBIT,
    )
    db.session.commit()


def test_the_same_origin_is_owed_once_and_billed_once(house: House) -> None:
    customer = a_customer(house.reseller)
    a_charge(customer)
    a_charge(customer)
    assert len(db.session.scalars(db.select(Charge)).all()) == 1
    run(house)
    assert db.session.scalars(db.select(Charge)).one().invoice_id is not None


def test_finance_starts_a_month_on_screen_and_follows_it(house: House, browser: Browser) -> None:
    a_running_subscription(house)
    client = browser(house.finance)
    form = {"entity": entity_of(house).uid, "month": "2026-11"}
    answer = client.post("/billing/runs", data=form)
    assert answer.status_code == 303
    fragment = client.get(answer.location, headers={"HX-Request": "true"})
    assert fragment.status_code == 200 and "every 2s" in fragment.text
    work()
    finished = client.get(answer.location, headers={"HX-Request": "true"})
    assert finished.status_code == 286 and "every 2s" not in finished.text
    again = client.post("/billing/runs", data=form)
    assert again.status_code == 303
    assert browser(house.owner).post("/billing/runs", data=form).status_code == 404


def test_an_invoice_is_seen_by_its_own_side_only(house: House, browser: Browser) -> None:
    a_running_subscription(house)
    run(house)
    invoice = db.session.scalars(db.select(Invoice)).one()
    assert "FA-2026-000001" in browser(house.reader).get(f"/billing/invoices/{invoice.uid}").text
    from tests.builders import an_outsider

    assert browser(an_outsider(house)).get(f"/billing/invoices/{invoice.uid}").status_code == 404


def test_the_months_billed_are_a_list_with_a_total_and_files(house: House, browser: Browser) -> None:
    client = browser(house.finance)
    assert "Aucun mois facturé." in client.get("/billing/runs").text
    a_charge(a_customer(house.reseller))
    first = run(house)
    a_charge(db.session.scalars(db.select(Customer)).one(), "restore:y")
    second = run(house)
    page = client.get("/billing/runs").text
    assert re.findall(r'href="/billing/runs/([a-z2-7]+)"', page) == [second.uid, first.uid]
    assert "complément 1" in page and "216,00" in page.partition('id="list-sum"')[2]
    assert 'action="/billing/runs"' in page
    head, *rows = table(client.get("/lists/billing-runs/file.csv?state=done").text)
    assert [row[head.index("Montant TTC")] for row in rows] == ["108,00", "108,00"]
    assert first.uid not in client.get("/billing/runs?state=running").text
    assert first.uid not in client.get("/billing/runs?started_to=2026-10-31").text
    refused = client.post("/billing/runs", data={"month": "nov"})
    assert refused.status_code == 422 and first.uid in refused.text
    assert browser(house.owner).get("/lists/billing-runs/file.csv").status_code == 403
