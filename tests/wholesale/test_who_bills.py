"""Who invoices a customer is asked where she is entered: on the form, and of a partner's system."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM, JournalEntry
from portal.resellers.models import LegalEntity, issuer_for, name_entity
from portal.subscriptions.ordering import place_order, record_wire
from portal.terms.in_force import find_stack
from tests.builders import House, an_entity
from tests.customers.test_views import ENTRY
from tests.partners.builders import Partner, a_body, a_token
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_order_form import text_of
from tests.wholesale.test_month import its_own_entity

Browser = Callable[..., FlaskClient]
_ASKED = "Qui facture ce client"


@pytest.fixture
def own(house: House) -> LegalEntity:
    """The reseller's, which may bill; its rule today is the provider's."""
    entity = its_own_entity(house)
    name_entity(house.reseller, issuer_of_the_provider(house))
    db.session.commit()
    return entity


def issuer_of_the_provider(house: House) -> LegalEntity:
    query = db.select(LegalEntity).where(LegalEntity.organisation_id == house.provider.id)
    return db.session.scalars(query).one()


def entered() -> Customer:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(Customer).order_by(Customer.id.desc())).first()  # type: ignore[return-value]


def test_nothing_is_asked_of_a_reseller_without_an_entity(house: House, browser: Browser) -> None:
    sales = browser(house.sales)
    assert _ASKED not in sales.get("/customers/new").text
    answer = sales.post("/customers/new", data={**ENTRY, "billed_by": "reseller"})
    assert answer.status_code == 422 and "n'a pas d'entité juridique à elle" in words(answer)
    assert db.session.scalar(db.select(db.func.count(Customer.id))) == 0


def test_she_is_invoiced_by_who_is_chosen_until_her_first_invoice(
    house: House, browser: Browser, own: LegalEntity
) -> None:
    sales = browser(house.sales)
    page = words(sales.get("/customers/new"))
    assert _ASKED in page and "Par la règle d'aujourd'hui : DROPCLOUD SAS" in page
    assert sales.post("/customers/new", data={**ENTRY, "billed_by": "reseller"}).status_code == 303
    customer = entered()
    assert issuer_for(customer).id == own.id
    (line,) = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "name_issuer"))
    assert line.by_user_id == house.sales.id
    page = words(browser(house.owner).get(f"/customers/{customer.uid}"))
    assert "REVENDEUR SARL, le revendeur, facture" in page
    order = an_order(customer, house)
    invoice = record_wire(order, received_on=date(2026, 11, 23), amount_cents=5988, reference="W", by=SYSTEM)
    db.session.commit()
    assert invoice.legal_entity_id == own.id
    other = issuer_of_the_provider(house)
    path = f"/billing/issuers/{customer.organisation.uid}"
    assert browser(house.operator).post(path, data={"entity": other.uid}).status_code == 422
    assert f"{invoice.number}" in browser(house.owner).get(f"/customers/{customer.uid}").text


def words(answer: Any) -> str:
    return unescape(text_of(answer.text))


def an_order(customer: Customer, house: House) -> Any:
    customer.accept(find_stack("natso"), by=SYSTEM, address="127.0.0.1")
    return place_order(customer, a_product(house), 1, Method.WIRE, by=SYSTEM)


def test_left_alone_her_reseller_s_rule_counts_on_its_later_days_too(
    house: House, browser: Browser, own: LegalEntity
) -> None:
    assert browser(house.sales).post("/customers/new", data={**ENTRY, "billed_by": ""}).status_code == 303
    customer = entered()
    assert issuer_for(customer).organisation_id == house.provider.id
    assert db.session.scalar(db.select(JournalEntry.id).where(JournalEntry.what == "name_issuer")) is None


def test_the_provider_may_be_chosen_where_the_rule_is_the_reseller(house: House, browser: Browser) -> None:
    own = its_own_entity(house)
    page = words(browser(house.sales).get("/customers/new"))
    assert f"Par la règle d'aujourd'hui : {own.name}" in page
    browser(house.sales).post("/customers/new", data={**ENTRY, "billed_by": "provider"})
    assert issuer_for(entered()).organisation_id == house.provider.id


def test_a_choice_that_is_not_possible_says_why(house: House, browser: Browser, own: LegalEntity) -> None:
    own.is_open = False
    db.session.commit()
    client = browser(house.owner)
    page = client.get("/customers/new")
    said = "attend l'accord d'une seconde personne : elle ne facture pas encore"
    assert said in words(page) and re.search(r'value="reseller"\s+disabled', page.text)
    refused = client.post("/customers/new", data={**ENTRY, "billed_by": "reseller"})
    assert refused.status_code == 422 and said in words(refused) and 'id="billed_by-error-1"' in refused.text
    assert db.session.scalar(db.select(db.func.count(Customer.id))) == 0
    assert client.post("/customers/new", data={**ENTRY, "billed_by": "nobody"}).status_code == 422


def test_the_provider_enters_for_any_reseller_and_is_told_who_can(
    house: House, browser: Browser, own: LegalEntity
) -> None:
    client = browser(house.operator)
    assert "Ont une entité juridique à eux : Revendeur." in words(client.get("/customers/new"))
    typed = {**ENTRY, "billed_by": "reseller"}
    assert client.post("/customers/new", data={**typed, "reseller": house.other.uid}).status_code == 422
    assert client.post("/customers/new", data={**typed, "reseller": house.reseller.uid}).status_code == 303
    assert issuer_for(entered()).id == own.id


def test_a_partner_s_system_names_who_invoices(app: Flask, house: House, own: LegalEntity) -> None:
    sales = Partner(app, a_token(house.sales))
    refused = Partner(app, a_token(house.operator)).post(
        "/customers", a_body(billed_by="reseller", reseller=house.other.uid)
    )
    assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "#/billed_by"
    assert sales.post("/customers", a_body(billed_by="nobody")).status_code == 422
    made = sales.post("/customers", a_body(billed_by="reseller")).json
    assert made["billed_by"] == "reseller" and issuer_for(entered()).id == own.id
    other = sales.post("/customers", a_body(name="Autre", siren="732829320")).json
    assert other["billed_by"] == "provider"
    told = {row["uid"]: row["billed_by"] for row in sales.get("/customers").json["data"]}
    assert told == {made["uid"]: "reseller", other["uid"]: "provider"}
    changed = sales.post(f"/customers/{made['uid']}", {"partner_reference": "C-9"}, method="PATCH")
    assert changed.json["billed_by"] == "reseller"


def test_an_entity_of_another_reseller_is_nobody_s_choice(house: House, browser: Browser) -> None:
    an_entity(house.other)
    db.session.commit()
    client = browser(house.sales)
    assert _ASKED not in client.get("/customers/new").text
    assert client.post("/customers/new", data={**ENTRY, "billed_by": "reseller"}).status_code == 422
