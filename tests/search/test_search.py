"""One search finds everything that a person may see, and nothing else."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.access import Role
from portal.backups.models import Machine
from portal.billing.models import Invoice, Proforma
from portal.customers.models import Contact, Customer
from portal.db import db
from portal.engine.models import Vault, register_vault
from portal.i18n import eur
from portal.licensing.models import ActivationKey
from portal.money import euros
from portal.restore_requests.models import RestoreRequest
from portal.reversibility.models import ReversibilityCase
from portal.search.models import SearchKey
from portal.sepa.models import Batch, Mandate
from portal.subscriptions.models import Order, Subscription
from tests.builders import House, a_customer, a_user, an_outsider
from tests.world import a_world

Browser = Callable[..., FlaskClient]
_KINDS = r"customers|orders|subscriptions|billing/invoices|sepa/mandates|sepa/batches|vaults|backups"
_HIT = re.compile(rf'href="/((?:{_KINDS}|restores|restore-requests|reversibility)/[a-z2-7]{{16}})"')


def found(client: FlaskClient, text: str) -> set[str]:
    """The addresses of the records that the palette finds."""
    part = client.get("/search", query_string={"q": text}, headers={"HX-Request": "true"})
    assert part.status_code == 200 and "<html" not in part.text
    return set(_HIT.findall(part.text))


def on_the_page(client: FlaskClient, text: str) -> set[str]:
    page = client.get("/search", query_string={"q": text})
    assert page.status_code == 200 and "<html" in page.text
    return set(_HIT.findall(page.text))


def one(model: type[Any]) -> Any:
    return db.session.scalars(select(model).order_by(model.id)).first()


def test_a_customer_is_found_by_whatever_a_person_knows_of_her(house: House, browser: Browser) -> None:
    martin = a_customer(house.reseller, siret="73282932000074", town="Saint-Malo")
    other = a_customer(house.reseller, name="Atelier du Port", siren="404833048", town="Brest")
    for contact in other.contacts:
        contact.email, contact.phone = "atelier@port.example", "+33 2 98 00 00 01"
    db.session.commit()
    texts = ("boul", "mart boulang", "732 829 320", "732829320", "73282932000074", "732829", "saint-malo")
    texts += ("contact@client.example", "CONTACT@client", "@client", "martin 732 829 320")
    texts += ("01 02 03 04 05", "01.02.03.04.05", "+33 1 02 03 04 05", "0033102030405", "0102030405")
    for person in (house.owner, house.finance, house.reader):
        client = browser(person)
        assert on_the_page(client, texts[0]) == on_the_page(client, texts[-1]) == {f"customers/{martin.uid}"}
        for text in texts:
            assert found(client, text) == {f"customers/{martin.uid}"}, text
        for text in ("02 98 00 00 01", "port", "atelier@", "brest", "+33298000001"):
            assert found(client, text) == {f"customers/{other.uid}"}, text
        assert found(client, "martin brest") == set()
    stranger = browser(an_outsider(house))
    assert all(found(stranger, text) == set() for text in texts)
    rows = browser(house.owner).get("/customers", query_string={"q": "02.98.00.00.01"}).text
    assert "Atelier du Port" in rows and "Boulangerie" not in rows


@pytest.mark.parametrize(
    "typed", ["boulangrie", "boulanngerie", "boulangarie", "buolangerie", "voulangerie", "boulanj"]
)
def test_one_typing_mistake_is_forgiven_and_said(house: House, browser: Browser, typed: str) -> None:
    martin = a_customer(house.reseller)
    a_customer(house.reseller, name="Atelier du Port", siren=None)
    hers = {f"customers/{martin.uid}"}
    for person in (house.owner, house.operator):
        client = browser(person)
        assert found(client, typed) == found(client, f"{typed} martin") == hers
        for address in ("/search", "/customers"):
            page = client.get(address, query_string={"q": typed}).text
            assert f"Rien pour « {typed} » : voici « boulangerie »" in unescape(page).replace(
                "\u00a0", " "
            ).replace("\u202f", " ")
    assert found(browser(an_outsider(house)), typed) == set()


@pytest.mark.parametrize("typed", ["gerie", "829 320", "0304 05 martin", "gerie martin", "82932000074"])
def test_an_end_finds_where_no_beginning_does(house: House, browser: Browser, typed: str) -> None:
    martin = a_customer(house.reseller, siret="73282932000074")
    a_customer(house.reseller, name="Atelier du Port", siren=None)
    for person in (house.owner, house.operator):
        assert found(browser(person), typed) == {f"customers/{martin.uid}"}
    assert found(browser(an_outsider(house)), typed) == set()


@pytest.mark.parametrize("typed", ["boul4ngerie", "boulnagreie", "porz", "voulang", "martin atellier"])
def test_two_mistakes_a_short_word_and_figures_are_taken_as_typed(
    house: House, browser: Browser, typed: str
) -> None:
    a_customer(house.reseller)
    a_customer(house.reseller, name="Atelier du Port", siren=None)
    assert found(browser(house.owner), typed) == set()


def test_of_several_near_words_the_commonest_is_shown_and_the_others_are_offered(
    house: House, browser: Browser
) -> None:
    for name in ("Martel Frères", "Martin Fils", "Martin Bois"):
        a_customer(house.reseller, name=name, siren=None)
    page = browser(house.owner).get("/customers", query_string={"q": "marten"}).text
    assert "Martin Fils" in page and "Martin Bois" in page and "Martel" not in page
    assert browser(house.owner).get("/customers?q=martel").text.count("Martel Fr") and "?q=martel" in page


def test_a_changed_contact_and_town_are_found_again(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    contact = db.session.scalars(select(Contact)).first()
    assert contact is not None
    contact.email, contact.phone, customer.town = "neuve@ailleurs.example", "0611223344", "Nantes"
    db.session.commit()
    client, here = browser(house.owner), {f"customers/{customer.uid}"}
    assert found(client, "neuve@") == found(client, "06 11 22 33 44") == found(client, "nantes") == here
    assert found(client, "paris") == set()
    assert found(client, "contact@client.example") == here  # the other contacts keep theirs


@pytest.mark.slow
def test_every_kind_is_found_by_its_number_or_name(house: House, browser: Browser) -> None:
    a_world(house)
    invoice, proforma, mandate, batch = one(Invoice), one(Proforma), one(Mandate), one(Batch)
    order = db.session.scalars(select(Order).where(Order.uid == proforma.order_uid)).one()
    vault, machine, key = one(Vault), one(Machine), one(ActivationKey)
    staff, lord = browser(house.owner), browser(house.operator)
    own = a_user(vault.customer.organisation, Role.CUSTOMER)
    beside = a_user(a_customer(house.reseller, name="Voisin", siren=None).organisation, Role.CUSTOMER)
    db.session.commit()
    customer, neighbour, stranger = browser(own), browser(beside), browser(an_outsider(house))
    cases = [
        (staff, invoice.number, f"billing/invoices/{invoice.uid}"),
        (lord, invoice.number[-6:], f"billing/invoices/{invoice.uid}"),
        (staff, invoice.number[:-3].lower(), f"billing/invoices/{invoice.uid}"),
        (staff, proforma.number, f"orders/{order.uid}"),
        (lord, proforma.number.replace("-", " "), f"orders/{order.uid}"),
        (staff, mandate.rum, f"sepa/mandates/{mandate.uid}"),
        (lord, mandate.rum[:-2], f"sepa/mandates/{mandate.uid}"),
        (staff, mandate.rum[-4:], f"sepa/mandates/{mandate.uid}"),
        (staff, mandate.iban_masked[-4:], f"sepa/mandates/{mandate.uid}"),
        (staff, "FR76 3000 6000 0112 3456 7890 189", f"sepa/mandates/{mandate.uid}"),
        (staff, eur(invoice.gross_cents), f"billing/invoices/{invoice.uid}"),
        (staff, f"{euros(invoice.gross_cents)}", f"billing/invoices/{invoice.uid}"),
        (lord, batch.msg_id[:9], f"sepa/batches/{batch.uid}"),
        (lord, batch.msg_id.lower(), f"sepa/batches/{batch.uid}"),
        (staff, vault.name[:4], f"vaults/{vault.uid}"),
        (customer, vault.name.upper(), f"vaults/{vault.uid}"),
        (lord, machine.name[:3], f"backups/{machine.uid}"),
        (customer, machine.name, f"backups/{machine.uid}"),
        (staff, key.code.lower().replace("-", " "), f"orders/{key.source_uid}"),
        (staff, "boulangerie", f"reversibility/{one(ReversibilityCase).uid}"),
        (staff, "martin", f"subscriptions/{one(Subscription).uid}"),
        (customer, "boul", f"subscriptions/{one(Subscription).uid}"),
        (lord, one(Subscription).product_name, f"subscriptions/{one(Subscription).uid}"),
    ]
    for client, text, address in cases:
        assert address in found(client, text), text
        assert found(stranger, text) == set(), text
    assert cases[0][2] in on_the_page(*cases[0][:2]) and on_the_page(stranger, cases[0][1]) == set()
    assert any(one(RestoreRequest).uid in address for address in found(staff, "martin"))
    page = staff.get("/search", query_string={"q": key.code}).text
    assert key.masked in page and page.count(key.code) == page.count(f'="{key.code}"')  # as it was typed
    assert not any(hit.startswith("sepa/batches") for hit in found(staff, batch.msg_id))  # not hers to read
    support = browser(house.people[Role.SUPPORT])
    assert not any("mandates" in hit for hit in found(support, mandate.rum))
    assert all(found(neighbour, text) == set() for _client, text, _address in cases)


def test_what_is_kept_follows_the_record(house: House, browser: Browser) -> None:
    vault = register_vault(a_customer(house.reseller), name="Serveur principal", location="/vaults/a")
    db.session.commit()
    client = browser(house.owner)
    assert found(client, "princ serv") == {f"vaults/{vault.uid}"}
    vault.name = "Archives"
    db.session.commit()
    assert found(client, "serveur") == set()
    assert found(client, "archives") == {f"vaults/{vault.uid}"}
    db.session.delete(vault)
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(SearchKey)) == 0


HOSTILE = (
    "x" * 5000,
    "\u200fmartin\u202e",
    "''\"\"; drop table customer; --",
    "%",
    "_",
    "\\",
    "<i>zz",
    "٣٤٥",
    "😀",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_find_nothing_and_break_nothing(house: House, browser: Browser, text: str) -> None:
    a_customer(house.reseller)
    hits = found(browser(house.owner), text)
    assert len(hits) == (1 if "martin" in text else 0)
    page = browser(house.owner).get("/search", query_string={"q": text}).text
    assert "<i>" not in page and "x" * 101 not in page


def test_nul_is_refused(house: House, browser: Browser) -> None:
    assert browser(house.owner).get("/search?q=a%00b").status_code == 400


def test_nobody_searches_without_an_account(browser: Browser, house: House) -> None:
    assert browser(None).get("/search?q=martin").status_code == 303


def places(client: FlaskClient, text: str = "") -> set[str]:
    """Names of what is found, but for pages of the guide."""
    page = client.get("/search", query_string={"q": text}, headers={"HX-Request": "true"}).text
    return set(map(unescape, re.findall(r'class="hit-name">([^<]+)', page.partition("<h2>Guide")[0])))


def test_where_one_can_go_is_what_the_role_may(house: House, browser: Browser) -> None:
    owner, reader, finance = browser(house.owner), browser(house.reader), browser(house.finance)
    assert {"Nouveau client", "Mandats", "Journal"} <= places(owner)
    assert "Nouveau client" not in places(reader) and "Clients" in places(reader)
    assert "Facturation mensuelle" in places(finance) and "Facturation mensuelle" not in places(owner)
    assert places(owner, "nouv") == {"Nouveau client"}
    assert "Factures" in places(owner, "fact") and "Clients" not in places(owner, "fact")
    assert "Rien ne correspond" in owner.get("/search?q=introuvable").text


def test_a_full_kind_leads_to_its_list(house: House, browser: Browser) -> None:
    for number in range(6):
        a_customer(house.reseller, name=f"Moulin {number}", siren=None, accepted="")
    page = browser(house.owner).get("/search?q=moulin").text
    assert len(set(_HIT.findall(page))) == 5 and 'href="/customers?q=moulin"' in page
    assert len(db.session.scalars(select(Customer)).all()) == 6
