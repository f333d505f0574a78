"""A month in which a reseller bills its customers, and the provider bills the reseller, as people live it."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.moving import move_below
from portal.billing.models import Charge, Invoice
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import subscriptions_of
from portal.subscriptions.ordering import place_order
from portal.wholesale.models import WholesaleBuyer, WholesaleLine, annex_of
from tests.builders import SIRENS, House, a_customer, an_entity, an_outsider, work
from tests.margins.test_price_lists import reseller_of
from tests.partners.builders import Partner, a_token
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_order_form import text_of
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def its_own_entity(house: House) -> LegalEntity:
    entity = an_entity(house.reseller)
    entity.name, entity.siren, entity.vat_number = "REVENDEUR SARL", SIRENS[1], "FR03404833048"
    db.session.commit()
    return entity


def sold(house: House, name: str, product: Product, quantity: int, number: int | None) -> Customer:
    siren = SIRENS[number] if number is not None else None
    customer = a_customer(house.reseller, accepted="dropcloud", name=name, siren=siren)
    place_order(customer, product, quantity, Method.DIRECT_DEBIT, by=SYSTEM).deliver(by=SYSTEM)
    db.session.commit()
    return customer


def agree(browser: Browser, house: House, product: Product, price: str, **typed: str) -> None:
    data = {"price": price, "effective_on": "2026-11-23", "product": product.uid, **typed}
    path = f"/price-lists/{reseller_of(house.reseller).uid}/wholesale"
    assert browser(house.operator).post(path, data=data).status_code == 303


def bill(client: FlaskClient, entity: LegalEntity, month: str) -> Any:
    """Ask for the month on its page; the worker does it."""
    answer = client.post("/billing/runs", data={"entity": entity.uid, "month": month})
    work()
    set_scope(EVERYTHING)
    return answer


def bulk() -> list[Invoice]:
    set_scope(EVERYTHING)
    buyer = db.session.scalars(db.select(WholesaleBuyer)).one()
    query = db.select(Invoice).where(Invoice.customer_id == buyer.customer_id).order_by(Invoice.id)
    return list(db.session.scalars(query))


def test_one_invoice_a_month_whose_annex_is_what_the_interface_says(
    house: House, browser: Browser, at: At, app: Flask
) -> None:
    """Prices, sales, both runs, paper, annex, CSV, interface: one figure everywhere, and never twice."""
    provider, own = db.session.scalars(db.select(LegalEntity)).one(), its_own_entity(house)
    product = a_monthly_product(house)  # public: 12,00 € with VAT
    agree(browser, house, product, "7,19")  # 5,99 € without VAT, which is not exact
    agree(browser, house, product, "6,00", from_quantity="5")
    for number, (name, quantity) in enumerate((("Boulangerie", 3), ("Menuiserie", 2), ("Garage", 6)), 2):
        sold(house, name, product, quantity, number)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    finance = browser(house.finance)
    assert bill(finance, provider, "2026-11").status_code == 303
    (invoice,) = bulk()
    assert invoice.legal_entity_id == provider.id and invoice.number == "FA-2026-000001"
    lines = {(line.label, line.quantity, line.unit_cents): line.net_cents for line in invoice.lines}
    assert lines == {("WeSend mensuel", 5, 599): 2_995, ("WeSend mensuel", 6, 500): 3_000}
    assert invoice.parties["buyer"]["name"] == "REVENDEUR SARL"
    assert (invoice.net_cents, invoice.vat_cents) == (5_995, 1_199)

    assert bill(browser(house.finance), provider, "2026-11").status_code == 303
    assert len(bulk()) == 1, "a further run bills nothing twice"
    assert bill(browser(house.finance), own, "2026-11").status_code == 303
    set_scope(EVERYTHING)
    retail = [each for each in db.session.scalars(db.select(Invoice)) if each.legal_entity_id == own.id]
    assert len(retail) == 3 and {each.number[:7] for each in retail} == {"FA-2026"}
    assert bill(browser(house.finance), provider, "2026-11").status_code == 303
    assert len(bulk()) == 1, "what the reseller has invoiced since was bought before"

    owner = browser(house.owner)
    page = text_of(owner.get(f"/wholesale/{invoice.uid}").text)
    assert "Boulangerie" in page and "17,97 €" in page and "Total HT 59,95 €" in page
    head, *rows = table(owner.get(f"/wholesale/{invoice.uid}/annex.csv").text)
    assert head[0] == "Client" and [row[-1] for row in rows] == ["17,97", "30,00", "11,98"]
    paper = owner.get(f"/wholesale/{invoice.uid}/annex.pdf")
    assert (
        paper.data.startswith(b"%PDF") and paper.data == owner.get(f"/wholesale/{invoice.uid}/annex.pdf").data
    )
    assert "Voir l'annexe" in text_of(owner.get(f"/billing/invoices/{invoice.uid}").text)
    said = Partner(app, a_token(house.owner)).get("/usage", month="2026-11").json
    told = [line["wholesale_net"]["cents"] for each in said["data"] for line in each["lines"]]
    assert sum(told) == said["wholesale_net"]["cents"] == invoice.net_cents == 5_995
    margins = text_of(owner.get("/margins").text)
    assert "59,95 € Acheté, HT" in margins
    for outsider in (browser(an_outsider(house)),):
        for path in ("", "/annex.csv", "/annex.pdf"):
            assert outsider.get(f"/wholesale/{invoice.uid}{path}").status_code == 404

    at(datetime(2026, 12, 31, 9, tzinfo=UTC))
    bill(browser(house.finance), provider, "2026-12")
    assert [each.net_cents for each in bulk()] == [5_995, 5_995]
    at(datetime(2027, 3, 1, 9, tzinfo=UTC))
    listed = text_of(browser(house.finance).get("/billing/invoices?state=overdue").text)
    assert "REVENDEUR SARL" in listed, "unpaid, it is late and reminded of like any other"


def test_who_invoices_a_customer_is_said_and_stands_from_her_first_invoice_on(
    house: House, browser: Browser, at: At
) -> None:
    provider, own = db.session.scalars(db.select(LegalEntity)).one(), its_own_entity(house)
    product = a_monthly_product(house)
    agree(browser, house, product, "6,00")
    hers, theirs = sold(house, "Boulangerie", product, 1, 2), sold(house, "Garage", product, 1, 3)
    operator = browser(house.operator)
    page = text_of(operator.get(f"/customers/{hers.uid}").text)
    assert "REVENDEUR SARL, le revendeur, facture" in page and "jusqu'à la première facture" in page
    answer = operator.post(f"/billing/issuers/{theirs.organisation.uid}", data={"entity": provider.uid})
    assert answer.status_code == 303
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill(browser(house.finance), provider, "2026-11")
    bill(browser(house.finance), own, "2026-11")
    (invoice,) = bulk()
    assert invoice.net_cents == 500, "only the customer whom the reseller bills is bought for"
    operator = browser(house.operator)
    page = text_of(operator.get(f"/customers/{theirs.uid}").text)
    assert "DROPCLOUD SAS, le fournisseur, facture" in page and "Ne change plus depuis la facture" in page
    refused = operator.post(f"/billing/issuers/{hers.organisation.uid}", data={"entity": provider.uid})
    assert refused.status_code == 422 and "a déjà une facture" in refused.text
    whole = text_of(operator.get(f"/resellers/{reseller_of(house.reseller).uid}").text)
    assert "Factures de gros" in whole and invoice.number in whole
    record = text_of(operator.get(f"/customers/{invoice.customer.uid}").text)
    assert "Cette fiche représente Revendeur comme acheteur" in record


def test_a_period_without_an_agreed_price_is_asked_before_and_bought_once_one_is_agreed(
    house: House, browser: Browser, at: At
) -> None:
    provider = db.session.scalars(db.select(LegalEntity)).one()
    its_own_entity(house)
    product, other = a_monthly_product(house), a_product(house)
    agree(browser, house, other, "36,00")
    sold(house, "Boulangerie", product, 1, 2)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill(browser(house.finance), provider, "2026-11")
    assert bulk() == [], "nothing to bill makes no invoice"
    refused = bill(browser(house.finance), provider, "2026-11")
    assert refused.status_code == 422 and "écart attend une décision" in refused.text
    data = {"price": "6,00", "effective_on": "2026-11-30", "product": product.uid}
    path = f"/price-lists/{reseller_of(house.reseller).uid}/wholesale"
    assert browser(house.operator).post(path, data=data).status_code == 303
    at(datetime(2026, 12, 31, 9, tzinfo=UTC))
    answer = browser(house.finance).post(
        "/billing/runs", data={"entity": provider.uid, "month": "2026-12", "certain": "y"}
    )
    assert answer.status_code == 303
    work()
    assert [each.net_cents for each in bulk()] == [500], "the period of December; November had no price"


def test_a_customer_who_moves_is_bought_by_whoever_invoiced_her(
    house: House, browser: Browser, at: At
) -> None:
    """What the first house invoiced is bought by it, even after she has gone; then she follows the other."""
    provider, own = db.session.scalars(db.select(LegalEntity)).one(), its_own_entity(house)
    product = a_monthly_product(house)
    agree(browser, house, product, "6,00")
    customer = sold(house, "Boulangerie", product, 1, 2)
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill(browser(house.finance), own, "2026-11")
    move_below(customer.organisation, house.other)
    db.session.commit()
    at(datetime(2026, 12, 31, 9, tzinfo=UTC))
    bill(browser(house.finance), provider, "2026-12")
    assert [each.net_cents for each in bulk()] == [500], "November, which it invoiced"
    set_scope(EVERYTHING)
    later = db.session.scalars(db.select(Invoice).where(Invoice.customer_id == customer.id)).all()
    assert [each.legal_entity_id for each in later] == [own.id, provider.id]
    bought = db.session.scalars(db.select(WholesaleLine)).one()
    assert db.session.get(Charge, bought.charge_id).invoice_id == later[0].id  # type: ignore[union-attr]


def test_two_files_of_one_customer_who_was_bought_for_become_one(
    house: House, browser: Browser, at: At
) -> None:
    """What was bought moves with her; what it says does not change, and it is not bought again."""
    provider = db.session.scalars(db.select(LegalEntity)).one()
    its_own_entity(house)
    product = a_monthly_product(house)
    agree(browser, house, product, "6,00")
    kept, gone = (
        sold(house, name, product, 2, number) for name, number in (("Garage", 2), ("Garages", None))
    )
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    bill(browser(house.finance), provider, "2026-11")
    (invoice,) = bulk()
    page = browser(house.owner).get(f"/wholesale/{invoice.uid}/annex.csv").text
    merged = browser(house.owner).post(f"/customers/{kept.uid}/merge", data={"double": gone.uid})
    assert merged.status_code == 303, merged.text
    set_scope(EVERYTHING)
    assert {line.customer_id for line in annex_of(invoice)} == {kept.id}
    assert browser(house.owner).get(f"/wholesale/{invoice.uid}/annex.csv").text == page
    bill(browser(house.finance), provider, "2026-11")
    assert len(bulk()) == 1


def test_a_period_that_was_called_off_is_not_bought_and_stops_no_month(
    house: House, browser: Browser, at: At, app: Flask
) -> None:
    provider, own = db.session.scalars(db.select(LegalEntity)).one(), its_own_entity(house)
    product = a_monthly_product(house)
    agree(browser, house, product, "6,00")
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    customer = sold(house, "Boulangerie", product, 2, 2)
    at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    bill(browser(house.finance), own, "2026-12")  # the month of 30 November, and that of 30 December
    (subscription,) = subscriptions_of(customer)
    at(datetime(2026, 12, 4, 9, tzinfo=UTC))
    form = {"sent_on": "2026-12-04", "reason": "none"}
    path = f"/subscriptions/{subscription.uid}/termination"
    assert browser(house.owner).post(path, data=form).status_code == 303
    bill(browser(house.finance), provider, "2026-12")
    (invoice,) = bulk()
    assert [(line.quantity, line.net_cents) for line in invoice.lines] == [(2, 1_000)]


def test_a_reseller_reads_what_it_lacks_before_it_bills_its_customers(house: House, browser: Browser) -> None:
    product = a_monthly_product(house)
    page = f"/resellers/{reseller_of(house.reseller).uid}"

    def told(who: Any) -> str:
        return unescape(text_of(browser(who).get(page).text))

    assert "Une entité juridique à lui" in told(house.operator) and product.name in told(house.owner)
    own = its_own_entity(house)
    own.ics, own.is_open = "", False
    db.session.commit()
    assert "L'accord d'une seconde personne" in told(house.owner) and "Un ICS" in told(house.owner)
    set_scope(EVERYTHING)
    own = db.session.get_one(LegalEntity, own.id)
    own.ics, own.is_open = "FR15ZZZ588627", True
    db.session.commit()
    agree(browser, house, product, "7,19")
    for each in db.session.scalars(db.select(Product)):
        each.is_on_sale = each.id == product.id
    db.session.commit()
    assert "Il ne lui manque rien" in told(house.owner)
