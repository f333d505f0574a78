"""Onboarding: the form, its checks, its draft."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.models import OrganisationKind, User
from portal.customers.models import ContactRole, Customer, Draft
from portal.customers.terms_requests import TermsRequest
from portal.db import db
from portal.mail import Mail
from portal.search.words import fold
from tests.builders import SIRENS, House, a_customer, an_outsider
from tests.sepa.people import last_mail
from tests.test_access import without_tokens

Browser = Callable[..., FlaskClient]

ENTRY = {
    "kind": "business",
    "name": "Menuiserie Évrard",
    "siren": "732 829 320",
    "siret": "",
    "vat_number": "FR 44 732829320",
    "street": "12 rue des Lilas",
    "postcode": "35000",
    "town": "Rennes",
    "country": "FR",
    "language": "fr",
    "health_data": "no",
    "billing-name": "Paul Évrard",
    "billing-email": "Compta@Evrard.example",
    "technical-name": "Luc",
    "technical-email": "luc@evrard.example",
    "terms": "natso",
}


def test_the_signatory_is_invited_to_a_space_that_is_hers_to_run(house: House, browser: Browser) -> None:
    signatory = {"signatory-name": "Anne Évrard", "signatory-email": "anne@evrard.example", "space": "y"}
    assert browser(house.sales).post("/customers/new", data={**ENTRY, **signatory}).status_code == 303
    invited = db.session.scalars(db.select(User).where(User.email == "anne@evrard.example")).one()
    assert (invited.role, invited.joined_at) == (Role.CUSTOMER, None)
    assert invited.organisation.name == ENTRY["name"]
    assert db.session.scalars(db.select(Mail).where(Mail.kind == "people/mail_invitation")).one()


def test_a_customer_is_onboarded_on_one_form(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    answer = client.post("/customers/new", data=ENTRY)
    assert answer.status_code == 303
    customer = db.session.scalars(db.select(Customer)).one()
    assert customer.siren == "732829320"
    assert customer.organisation.kind == OrganisationKind.CUSTOMER
    assert customer.organisation.parent_id == house.reseller.id
    assert customer.contact(ContactRole.TECHNICAL).email == "luc@evrard.example"
    assert customer.contact(ContactRole.SIGNATORY).email == "compta@evrard.example"
    assert "Menuiserie Évrard" in client.get(answer.location).text


def test_the_host_of_an_address_is_kept_as_mail_systems_write_it(house: House, browser: Browser) -> None:
    entry = {**ENTRY, "billing-email": "compta@Café.example"}
    assert browser(house.owner).post("/customers/new", data=entry).status_code == 303
    customer = db.session.scalars(db.select(Customer)).one()
    assert customer.contact(ContactRole.BILLING).email == "compta@xn--caf-dma.example"


def test_the_signatory_is_asked_to_accept_the_chosen_contract(house: House, browser: Browser) -> None:
    browser(house.owner).post("/customers/new", data=ENTRY)
    customer = db.session.scalars(db.select(Customer)).one()
    request = db.session.scalars(db.select(TermsRequest)).one()
    assert (request.terms, request.state, customer.acceptances) == ("natso", "sent", [])
    assert last_mail(request).recipient == "compta@evrard.example"


def test_a_customer_may_be_kept_without_any_contract_yet(house: House, browser: Browser) -> None:
    assert browser(house.owner).post("/customers/new", data={**ENTRY, "terms": ""}).status_code == 303
    assert db.session.scalars(db.select(TermsRequest)).all() == []


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("siren", "732829321", "sa clé de contrôle est fausse"),
        ("siren", "12345", "compte 9 chiffres"),
        ("siren", "", "obligatoire"),
        ("siret", "73282932000075", "pas valable"),
        ("siret", "40483304800022", "appartient pas au SIREN"),
        ("vat_number", "FR00732829320", "pas valable"),
        ("street", "", "Indiquez le numéro et la rue"),
        ("billing-email", "pas une adresse", "pas valable"),
        ("billing-email", '"a b"@client.example', "pas valable"),
        ("billing-email", "compta@[127.0.0.1]", "pas valable"),
        ("billing-email", "compta@client.example, autre@client.example", "pas valable"),
        ("billing-name", "", "contact de facturation"),
        ("health_data", "", "oui ou par non"),
    ],
)
def test_a_bad_field_is_named_and_nothing_typed_is_lost(
    house: House, browser: Browser, field: str, typed: str, sentence: str
) -> None:
    entry = {**ENTRY, field: typed}
    if not typed:
        entry.pop(field)
    answer = browser(house.owner).post("/customers/new", data=entry)
    assert answer.status_code == 422
    assert sentence in answer.text.replace("\u00a0", " ").replace("&#39;", "'")
    assert "Menuiserie Évrard" in answer.text
    assert db.session.scalars(db.select(Customer)).all() == []


def test_a_consumer_needs_no_siren(house: House, browser: Browser) -> None:
    entry = {**ENTRY, "kind": "consumer", "siren": "", "vat_number": ""}
    assert browser(house.owner).post("/customers/new", data=entry).status_code == 303


def test_one_field_is_checked_on_change_and_the_entry_kept_as_a_draft(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    answer = client.post("/customers/new/check/siren", data={**ENTRY, "siren": "123"})
    assert answer.status_code == 200
    assert "compte 9 chiffres" in answer.text
    assert answer.text.count("field-siren") == 1
    draft = db.session.scalars(db.select(Draft)).one()
    assert "Évrard" not in draft.content_sealed
    assert "Menuiserie Évrard" in client.get("/customers/new").text
    client.post("/customers/new/draft/discard")
    assert "Menuiserie Évrard" not in client.get("/customers/new").text


def entry_of(page: str) -> str:
    found = re.search(r'name="entry" value="(\w+)"', page)
    assert found
    return found[1]


def test_a_field_verified_after_its_form_was_sent_brings_no_draft_back(
    house: House, browser: Browser
) -> None:
    client = browser(house.owner)
    entry = {**ENTRY, "entry": entry_of(client.get("/customers/new").text)}
    assert client.post("/customers/new", data=entry).status_code == 303
    late = client.post("/customers/new/check/siren", data=entry)
    assert late.status_code == 200
    page = client.get("/customers/new").text
    assert 'value="Menuiserie Évrard"' not in page
    assert entry_of(page) != entry["entry"]


def test_an_entry_taken_up_again_keeps_its_name_and_is_closed_when_given_up(
    house: House, browser: Browser
) -> None:
    client = browser(house.owner)
    entry = {**ENTRY, "entry": entry_of(client.get("/customers/new").text)}
    client.post("/customers/new/check/siren", data=entry)
    assert entry_of(client.get("/customers/new").text) == entry["entry"]
    client.post("/customers/new/draft/discard", data={"entry": entry["entry"]})
    client.post("/customers/new/check/siren", data=entry)
    assert "Menuiserie Évrard" not in client.get("/customers/new").text


def test_a_nested_contact_field_is_checked_too(house: House, browser: Browser) -> None:
    entry = {**ENTRY, "technical-email": "non"}
    answer = browser(house.owner).post("/customers/new/check/technical-email", data=entry)
    assert "pas valable" in answer.text
    assert browser(house.owner).post("/customers/new/check/nothing", data=entry).status_code == 404


def test_the_same_siren_twice_is_refused_for_one_reseller_only(house: House, browser: Browser) -> None:
    a_customer(house.other, name="Chez l'autre")
    client = browser(house.owner)
    assert client.post("/customers/new", data=ENTRY).status_code == 303
    again = client.post("/customers/new", data=ENTRY)
    assert again.status_code == 422
    assert "déjà celui" in again.text


def test_colleagues_without_the_right_get_403(house: House, browser: Browser) -> None:
    assert browser(house.reader).post("/customers/new", data=ENTRY).status_code == 403


def test_a_foreign_customer_is_a_missing_customer(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    client = browser(an_outsider(house))
    foreign, missing = client.get(f"/customers/{customer.uid}"), client.get("/customers/aaaaaaaaaaaaaaaa")
    assert foreign.status_code == missing.status_code == 404
    assert without_tokens(foreign.data) == without_tokens(missing.data)


def test_the_search_ignores_case_and_accents_and_finds_a_siren(house: House, browser: Browser) -> None:
    a_customer(house.reseller, name="Œuvres Éclair")
    a_customer(house.reseller, name="Zinc", siren=SIRENS[1])
    client = browser(house.reader)
    for text, found in (("oeuvres e", "Œuvres Éclair"), ("404 833", "Zinc")):
        page = client.get("/customers", query_string={"q": text}).text
        assert found in page
    assert "Zinc" not in client.get("/customers?q=oeuvres").text
    assert fold("Œuvre À") == "oeuvre a"


def test_long_lists_are_paged_by_key(house: House, browser: Browser) -> None:
    for number in range(27):
        a_customer(house.reseller, name=f"Client {number:02d}", siren=None, accepted="")
    client = browser(house.reader)
    first = client.get("/customers").text
    assert "Client 24" in first and "Client 25" not in first
    link = first.split('id="list-more"><a href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(link).text
    assert "Client 25" in second and "Client 26" in second and "Client 24" not in second


def test_the_table_holds_every_customer_of_the_search_and_nobody_elses(
    house: House, browser: Browser
) -> None:
    for number in range(27):
        a_customer(house.reseller, name=f"Client {number:02d}", siren=None, accepted="")
    a_customer(house.reseller, name="Zinc")
    page = browser(house.reader).get("/customers?q=cl").text
    assert 'href="/lists/customers/file.csv?q=cl"' in page
    answer = browser(house.reader).get("/lists/customers/file.csv?q=cl")
    assert [row[0] for row in table(answer.text)[1:]] == [f"Client {number:02d}" for number in range(27)]
    head, *_clients, zinc = table(browser(house.reader).get("/lists/customers/file.csv").text)
    assert dict(zip(head, zinc, strict=True)) == {
        "Client": "Zinc",
        "Contrats": "",
        "Prochain préavis": "",
        "Dû": "",
        "Suspension": "",
        "Type": "Entreprise",
        "SIREN": "732829320",
        "SIRET": "",
        "Numéro de TVA": "",
        "Référence du revendeur": "",
        "Bon de commande du client": "",
        "Numéro d'engagement": "",
        "Code service": "",
        "Numéro et rue": "3 rue du Four",
        "Code postal": "75006",
        "Ville": "Paris",
        "Pays": "FR",
        "Langue des e-mails": "fr",
        "Données de santé": "non",
        "Contact de facturation": "Camille Martin",
        "Adresse e-mail": "contact@client.example",
        "Téléphone": "0102030405",
        "Depuis": "2026-11-23",
    }
    assert len(table(browser(an_outsider(house)).get("/lists/customers/file.csv").text)) == 1


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_a_fragment_for_htmx_and_a_page_for_a_history_restore(house: House, browser: Browser) -> None:
    client = browser(house.reader)
    fragment = client.get("/customers", headers={"HX-Request": "true"})
    assert "<html" not in fragment.text
    assert "HX-Request" in fragment.headers["Vary"]
    restore = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get("/customers", headers=restore).text


def test_a_hostile_name_is_text(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, name='<img src=x onerror=alert(1)>"&')
    page = browser(house.owner).get(f"/customers/{customer.uid}").text
    assert "<img" not in page


def test_003_02_onboarding_says_beside_the_contract_that_it_is_for_businesses(
    house: House, browser: Browser
) -> None:
    form = {**ENTRY, "kind": "consumer", "siren": "", "terms": "numspot"}
    refused = browser(house.sales).post("/customers/new", data=form)
    assert refused.status_code == 422 and "aux particuliers (003-02)" in refused.text
    assert db.session.scalars(db.select(Customer)).all() == []
