"""A customer changes: each change dated, with its paper; what was issued stays. Put away, taken back."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.billing.models import Invoice
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.customers.changes import ADDRESS, IDENTITY, CustomerChange
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import SIRENS, House, a_customer, an_outsider, stored
from tests.sepa.test_paper import SCAN
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]


def entry(customer: Customer, **changes: Any) -> dict[str, Any]:
    data = {name: getattr(customer, name) or "" for name in (*IDENTITY, *ADDRESS, "language")}
    for role in ContactRole:
        contact = customer.contact(role)
        data |= {f"{role}-name": contact.name, f"{role}-email": contact.email, f"{role}-phone": contact.phone}
    data |= {"health_data": "no", "why": "typo", "effective_on": "2026-11-23"}
    return {**data, **changes}


def send(client: FlaskClient, customer: Customer, paper: bytes = b"", **changes: Any) -> Any:
    data = entry(customer, **changes)
    if paper:
        data["paper"] = (io.BytesIO(paper), "kbis.pdf")
    return client.post(f"/customers/{customer.uid}/edit", data=data)


def changes_of(customer: Customer) -> list[CustomerChange]:
    set_scope(EVERYTHING)
    query = db.select(CustomerChange).where(CustomerChange.customer_id == customer.id)
    return list(db.session.scalars(query.order_by(CustomerChange.id)))


def test_a_typo_is_corrected_and_found_under_the_right_word(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, name="Boulangerie Marrtin")
    client = browser(house.sales)
    page = client.get(f"/customers/{customer.uid}/edit")
    assert page.status_code == 200 and 'value="Boulangerie Marrtin"' in page.text
    answer = send(client, customer, name="Boulangerie Martin", street="5 rue du Four")
    assert answer.status_code == 303
    assert (stored(customer).name, customer.organisation.name) == ("Boulangerie Martin",) * 2
    (row,) = changes_of(customer)
    assert row.changed == {
        "name": ["Boulangerie Marrtin", "Boulangerie Martin"],
        "street": [row.changed["street"][0], "5 rue du Four"],
    }
    page = client.get(answer.location).text
    assert "<del>Boulangerie Marrtin</del>" in page and house.sales.name in page
    assert "Boulangerie Martin" in client.get("/customers?q=martin").text
    assert 'class="near"' in client.get("/customers?q=marrtin").text  # by way of the right word alone


def test_a_new_name_needs_its_paper_and_invoices_keep_the_old_one(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    order = place_order(customer, a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    db.session.commit()
    client, wish = (
        browser(house.owner),
        {"name": "Pâtisserie Martin", "why": "new", "effective_on": "2026-11-01"},
    )
    answer = send(client, customer, **wish)
    assert answer.status_code == 422 and "Joignez le papier" in answer.text
    assert 'value="Pâtisserie Martin"' in answer.text and stored(customer).name == "Boulangerie Martin"
    assert send(client, customer, paper=b"MZ", **wish).status_code == 422
    assert send(client, customer, paper=SCAN, **wish).status_code == 303
    (row,) = changes_of(customer)
    assert (row.effective_on, content_of(row.document)) == (date(2026, 11, 1), SCAN)
    invoice = db.session.scalars(db.select(Invoice)).one()
    assert invoice.parties["buyer"]["name"] == "Boulangerie Martin"
    assert "Boulangerie Martin" in client.get(f"/billing/invoices/{invoice.uid}").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "Indiquez le nom du client"),
        ({"siren": "732829321"}, "clé de contrôle est fausse"),
        ({"postcode": "ABCDE"}, "forme de ce pays"),
        ({"billing-email": "nobody"}, "pas valable"),
        ({"effective_on": ""}, "depuis quel jour"),
        ({"effective_on": "2027-01-01", "street": "9 rue Neuve"}, "jour à venir"),
        ({"siren": SIRENS[1]}, "déjà celui de Voisine"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_nothing_changes(
    house: House, browser: Browser, changes: dict[str, str], words: str
) -> None:
    customer = a_customer(house.reseller)
    a_customer(house.reseller, name="Voisine", siren=SIRENS[1])
    answer = send(browser(house.owner), customer, **changes)
    assert answer.status_code == 422 and words in answer.text.replace("&#39;", "'")
    assert changes_of(customer) == []


def test_a_contact_changes_and_the_next_mail_goes_there(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    contact = {"billing-name": "Zoé", "billing-email": "Zoe@client.example"}
    send(browser(house.owner), customer, why="new", **contact)
    assert stored(customer).contact(ContactRole.BILLING).email == "zoe@client.example"
    assert list(changes_of(customer)[0].changed) == ["contact.billing"]


def test_nobody_but_who_may_write_changes_a_customer(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    for person, status in ((house.reader, 403), (house.finance, 403), (an_outsider(house, Role.OWNER), 404)):
        client = browser(person)
        assert client.get(f"/customers/{customer.uid}/edit").status_code == status
        assert send(client, customer, name="Autre").status_code == status
        assert client.post(f"/customers/{customer.uid}/archive").status_code == status
    assert send(browser(house.owner), customer).status_code == 303  # the same once more
    assert changes_of(customer) == []


def test_two_establishments_of_one_siren_are_two_customers(house: House) -> None:
    first, second = "73282932000074", "73282932000082"
    values = {"siren": "732829320", "siret": first}
    a_customer(house.reseller, name="Siège", **values)
    a_customer(house.reseller, name="Atelier", **{**values, "siret": second})
    for siret in (first, None):
        with pytest.raises(Refused, match="Siège"):
            a_customer(house.reseller, name="Encore", **{**values, "siret": siret})


def test_a_customer_with_something_alive_stays(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    order = place_order(customer, a_product(house), 5, Method.WIRE, by=SYSTEM)
    db.session.commit()
    client, path = browser(house.owner), f"/customers/{customer.uid}/archive"
    assert "une commande attend" in client.post(path).text
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    db.session.commit()
    assert "court encore" in client.post(path).text
    assert stored(customer).archived_at is None


def test_a_trial_entry_leaves_the_lists_and_comes_back(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, name="Essai", accepted="")
    client = browser(house.sales)
    assert client.post(f"/customers/{customer.uid}/archive").status_code == 303
    assert "Essai" not in client.get("/customers").text.split("<main")[1]
    assert customer.uid not in client.get("/customers?q=essai").text
    assert "Essai" in client.get("/customers/archived").text
    assert "Sortir des archives" in client.get(f"/customers/{customer.uid}").text
    assert client.post(f"/customers/{customer.uid}/unarchive").status_code == 303
    assert "Essai" in client.get("/customers").text.split("<main")[1]
