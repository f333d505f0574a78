"""A reseller that bills its customers itself pays them back itself, and nobody else's."""

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access import Role
from portal.billing.credit_models import CreditReason, Refund, RefundFile, RefundState
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.debits import pay_by_wire
from portal.billing.issue import issue_invoice
from portal.billing.models import Invoice, add_charge, pending_charges
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.refunds.accounts import RefundAccount, account_for
from portal.refunds.answers import RefundAnswer
from portal.resellers.models import LegalEntity, name_entity
from tests.builders import SIRENS, House, a_customer, a_user, stored, work
from tests.sepa.people import IBAN, OTHER_IBAN
from tests.sepa.raw_bank_files import pain
from tests.subscriptions.test_order_form import text_of
from tests.wholesale.test_own_month import ITS_IBAN, its_issuer, of, the_providers

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
LATER = datetime(2026, 12, 2, 9, tzinfo=UTC)
TYPED = {"iban": OTHER_IBAN, "holder": "Compte du client"}


def an_invoice(customer: Customer, entity: LegalEntity, cents: int = 12_000) -> Invoice:
    """By wire, of an issuer, whoever bills this customer otherwise."""
    origin = f"own:{entity.id}:{customer.uid}:{cents}"
    values = {"label": "Abonnement", "quantity": 1, "unit_cents": cents, "includes_vat": True}
    add_charge(customer, origin=origin, method=Method.WIRE, **values)
    days = {"issued_on": clock.today(), "due_on": clock.today()}
    invoice = issue_invoice(
        customer, entity, pending_charges(customer), method=Method.WIRE, by=SYSTEM, **days
    )
    db.session.commit()
    return invoice


def owed_back(customer: Customer, entity: LegalEntity, cents: int = 12_000) -> Refund:
    """What was paid to an issuer, and taken back whole by a credit note."""
    invoice = an_invoice(customer, entity, cents)
    pay_by_wire(invoice, clock.today(), f"VIR {invoice.id}", by=SYSTEM)
    values = {"origin": f"own:{invoice.id}", "reason": CreditReason.ERROR, "note": "Facturé par erreur."}
    issue_credit_note(invoice, rest_of(invoice), by=SYSTEM, **values)
    db.session.commit()
    query = db.select(Refund).where(Refund.invoice_id == invoice.id)
    return db.session.scalars(query).one()


def billed_by(entity: LegalEntity, house: House, name: str, number: int) -> Customer:
    customer = a_customer(house.reseller, name=name, siren=SIRENS[number])
    name_entity(customer.organisation, entity)
    db.session.commit()
    return customer


def test_a_reseller_pays_its_customers_back_by_two_people_and_reads_what_its_bank_says(
    house: House, browser: Browser, at: At
) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    theirs = owed_back(billed_by(provider, house, "Garage", 2), provider)
    hers = owed_back(billed_by(own, house, "Boulangerie", 3), own)
    accountant = browser(house.accountant)
    listed = accountant.get("/refunds").text
    assert "Boulangerie" in listed and "Garage" not in listed
    told = accountant.get("/lists/refunds/file.csv").text
    assert hers.invoice is not None and "Boulangerie" in told and "Garage" not in told
    assert "/refunds" in accountant.get("/billing/invoices").text
    assert f"/refunds/{hers.uid}" in accountant.get(f"/billing/invoices/{hers.invoice.uid}").text
    assert f"/refunds/{theirs.uid}" not in accountant.get(f"/billing/invoices/{theirs.invoice.uid}").text
    assert accountant.get(f"/refunds/{theirs.uid}").status_code == 404
    assert accountant.post(f"/refunds/{hers.uid}/account/asking").status_code == 303
    assert accountant.post(f"/refunds/{hers.uid}/account", data={"iban": "FR76 1"}).status_code == 422
    assert accountant.post(f"/refunds/{hers.uid}/account", data=TYPED).status_code == 303
    assert accountant.post(f"/refunds/{theirs.uid}/account", data=TYPED).status_code == 404

    at(LATER)
    accountant, owner = browser(house.accountant), browser(house.owner)
    assert own.name in accountant.get("/refunds").text
    assert accountant.post("/refunds/files", data={"entity": provider.uid}).status_code == 404
    assert accountant.post("/refunds/files", data={"entity": own.uid}).status_code == 303
    (file,) = of(RefundFile, own)
    path = f"/refunds/files/{file.uid}"
    page = text_of(accountant.get(path).text)
    assert "une deuxième personne doit le libérer" in page and "la finance du fournisseur" in page
    assert file.msg_id in owner.get("/").text, "it waits in the day of the second person"
    assert accountant.post(f"{path}/release").status_code == 422
    assert owner.get(f"/documents/{file.document.uid}").status_code == 403, "the file leaves by its page"
    assert owner.post(f"{path}/release").status_code == 303
    taken = owner.post(f"{path}/file")
    assert ITS_IBAN.encode() in taken.data and OTHER_IBAN.replace(" ", "").encode() in taken.data
    assert owner.post(f"{path}/sending", data={"on": "2026-12-02"}).status_code == 303
    assert stored(hers).state == RefundState.REFUNDED and stored(theirs).state == RefundState.OWED
    told = text_of(browser(house.finance).get(path).text)
    assert house.accountant.name in told and house.owner.name in told, "the provider reads who did what"

    refused(accountant, own, file)
    assert stored(hers).state == RefundState.OWED
    assert "rejeté" in accountant.get(path).text
    set_scope(EVERYTHING)
    (answer,) = db.session.scalars(db.select(RefundAnswer).where(RefundAnswer.refund_id == hers.id))
    answer.why = "À regarder de plus près."
    db.session.commit()
    assert answer.why in accountant.get("/").text
    assert accountant.post(f"/refunds/answers/{answer.uid}/closing").status_code == 303
    assert answer.why not in accountant.get("/").text


def refused(client: FlaskClient, entity: LegalEntity, file: RefundFile) -> None:
    report = pain(file.msg_id, "RJCT", reason="AC04", message="R1")
    data = {"entity": entity.uid, "file": (io.BytesIO(report), "retour.xml")}
    assert client.post("/sepa/returns", data=data).status_code == 303
    work()
    set_scope(EVERYTHING)


def test_an_account_that_people_of_a_reseller_give_takes_no_money_of_the_provider(
    house: House, browser: Browser, at: At
) -> None:
    """One customer, owed by both: who runs one issuer says nothing of where the other one pays."""
    provider, own = the_providers(), its_issuer(house.reseller)
    customer = billed_by(own, house, "Boulangerie", 3)
    theirs, hers = owed_back(customer, provider, 6_000), owed_back(customer, own)
    accountant = browser(house.accountant)
    assert accountant.post(f"/refunds/{hers.uid}/account", data=TYPED).status_code == 303
    page = text_of(accountant.get(f"/refunds/{hers.uid}").text)
    assert "seulement pour les remboursements de" in page
    set_scope(EVERYTHING)
    assert account_for(stored(theirs)) is None
    assert "aucun compte connu" in browser(house.finance).get(f"/refunds/{theirs.uid}").text
    at(LATER)
    finance = browser(house.finance)
    page = finance.get("/refunds").text
    ready = [f'name="entity" value="{entity.uid}"' in page for entity in (provider, own)]
    assert ready == [False, True], "only what the reseller pays itself is ready"
    assert finance.post("/refunds/files", data={"entity": provider.uid}).status_code == 422
    assert finance.post(f"/refunds/{theirs.uid}/account", data=TYPED | {"iban": IBAN}).status_code == 303
    set_scope(EVERYTHING)
    both = [account_for(stored(each)) for each in (theirs, hers)]
    assert [each is not None and each.iban for each in both] == [IBAN, IBAN], "finance says it for both"
    assert len(db.session.scalars(db.select(RefundAccount)).all()) == 2


def test_what_is_owed_pays_an_invoice_of_the_same_issuer_alone(house: House, browser: Browser) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    customer = billed_by(own, house, "Boulangerie", 3)
    refund = owed_back(customer, own)
    foreign, mine = an_invoice(customer, provider, 5_000), an_invoice(customer, own, 7_000)
    accountant = browser(house.accountant)
    page = accountant.get(f"/refunds/{refund.uid}").text
    assert mine.uid in page and foreign.uid not in page
    path, consent = f"/refunds/{refund.uid}/set-off", {"consent": "oui, par e-mail"}
    assert accountant.post(path, data=consent | {"invoice": foreign.uid}).status_code == 422
    assert accountant.post(path, data=consent | {"invoice": mine.uid}).status_code == 303
    assert stored(mine).state == "paid" and stored(foreign).state == "issued"


def test_the_providers_finance_lets_go_what_a_house_of_one_person_has_prepared(
    house: House, browser: Browser, at: At
) -> None:
    own = its_issuer(house.reseller)
    refund = owed_back(billed_by(own, house, "Boulangerie", 3), own)
    house.accountant.is_enabled = False
    db.session.commit()
    assert browser(house.owner).post(f"/refunds/{refund.uid}/account", data=TYPED).status_code == 303
    at(LATER)
    owner, finance = browser(house.owner), browser(house.finance)
    assert owner.post("/refunds/files", data={"entity": own.uid}).status_code == 303
    (file,) = of(RefundFile, own)
    assert owner.post(f"/refunds/files/{file.uid}/release").status_code == 422
    assert file.msg_id in finance.get("/").text
    assert finance.post(f"/refunds/files/{file.uid}/release").status_code == 303
    assert house.finance.name in owner.get(f"/refunds/files/{file.uid}").text


def test_nobody_else_of_the_house_pays_back_and_a_house_without_issuer_has_no_such_page(
    house: House, browser: Browser
) -> None:
    own = its_issuer(house.reseller)
    refund = owed_back(billed_by(own, house, "Boulangerie", 3), own)
    for role in (Role.SALES, Role.SUPPORT, Role.READER):
        client = browser(house.people[role])
        assert client.get("/refunds").status_code == 403
        assert client.post(f"/refunds/{refund.uid}/account", data=TYPED).status_code == 403
    stranger = a_user(house.other, Role.ACCOUNTANT, "comptable")
    db.session.commit()
    client = browser(stranger)
    for path in ("/refunds", f"/refunds/{refund.uid}"):
        assert client.get(path).status_code == 404
    assert client.get("/lists/refunds/file.csv").status_code in {403, 404}
    assert 'href="/refunds"' not in client.get("/billing/invoices").text


@pytest.mark.usefixtures("no_badges")
def test_what_waits_to_be_paid_back_is_told_to_who_runs_the_issuer(house: House, browser: Browser) -> None:
    provider, own = the_providers(), its_issuer(house.reseller)
    for entity, name, number in ((provider, "Garage", 2), (own, "Boulangerie", 3)):
        owed_back(billed_by(entity, house, name, number), entity).due_by = date(2026, 11, 25)
    db.session.commit()
    for person in (house.owner, house.accountant):
        told = browser(person).get("/").text
        assert "Boulangerie" in told and "Garage" not in told
    told = browser(house.finance).get("/").text
    assert "Boulangerie" in told and "Garage" in told


LINK = re.compile(r'<a [^>]*href="(/[^"#]*)"')


@pytest.mark.usefixtures("no_badges")
def test_every_link_on_the_pages_of_what_is_owed_back_opens_for_each_of_its_people(
    house: House, browser: Browser, at: At
) -> None:
    own = its_issuer(house.reseller)
    refund = owed_back(billed_by(own, house, "Boulangerie", 3), own)
    browser(house.owner).post(f"/refunds/{refund.uid}/account", data=TYPED)
    at(LATER)
    accountant = browser(house.accountant)
    accountant.post("/refunds/files", data={"entity": own.uid})
    (file,) = of(RefundFile, own)
    browser(house.owner).post(f"/refunds/files/{file.uid}/release")
    refused(accountant, own, file)
    pages = ["/refunds", f"/refunds/{refund.uid}", f"/refunds/files/{file.uid}"]
    for person in (house.owner, house.accountant):
        client = browser(person)
        found = {unescape(link) for page in pages for link in LINK.findall(client.get(page).text)}
        closed = {link for link in found if client.get(link).status_code in {403, 404}}
        assert closed == set(), person.role
