"""A customer goes from one reseller to another when three have agreed by code; all of hers goes along."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.accounts.moving import move_below
from portal.billing.models import Invoice, InvoiceLine
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import EVERYTHING, Base, db, set_scope
from portal.engine.models import Vault, register_vault
from portal.errors import Refused
from portal.journal import SYSTEM, JournalEntry
from portal.licensing.models import keys_of
from portal.mail import Mail
from portal.operations.journal_chain import add_link, verify
from portal.resellers.models import LegalEntity
from portal.resellers.reseller import Reseller
from portal.sepa.models import Mandate
from portal.subscriptions.ordering import place_order, record_wire
from portal.transfers.jobs import lapse_transfers
from portal.transfers.models import Party, Transfer
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.people.test_people import confirmed
from tests.sepa.people import a_signed_mandate
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]


def a_living_customer(house: House, **values: Any) -> Customer:
    """With licences paid by wire, an invoice, a vault and a signed mandate."""
    customer = a_customer(house.reseller, **values)
    order = place_order(customer, a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    register_vault(customer, name="Serveur", location="/nowhere")
    db.session.commit()
    a_signed_mandate(house, customer)
    return customer


def taker_of(house: House) -> User:
    """The owner of the other reseller."""
    query = select(User).where(User.organisation_id == house.other.id, User.role == Role.OWNER)
    return db.session.scalars(query).first() or an_outsider(house, Role.OWNER)


def ask(browser: Browser, house: House, customer: Customer) -> Transfer:
    taker_of(house)
    operator = confirmed(browser(house.operator))
    answer = operator.post(f"/customers/{customer.uid}/transfer", data={"taker": house.other.uid})
    assert answer.status_code == 303
    set_scope(EVERYTHING)
    return db.session.scalars(select(Transfer).order_by(Transfer.id.desc())).first()


def mails_to(address: str) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(Mail).where(Mail.recipient == address).order_by(Mail.id)))


def link_of(address: str) -> str:
    body = next(mail.body for mail in reversed(mails_to(address)) if "/consent/" in mail.body)
    return re.search(r"/consent/\S+", body).group()


def agree(browser: Browser, address: str, name: str = "Camille, gérante") -> Any:
    phone, path = browser(), link_of(address)
    assert phone.get(path).status_code == 200
    assert phone.post(f"{path}/code").status_code == 303
    code = "".join(re.search(r"^    (\d{3}) (\d{3})$", mails_to(address)[-1].body, re.M).groups())
    return phone.post(path, data={"code": code, "name": name})


def addresses(house: House) -> list[str]:
    return [house.owner.email, taker_of(house).email, "contact@client.example"]


def stray(old: str) -> list[str]:
    """Tables in which something still lies below a path."""
    set_scope(EVERYTHING)
    tables = [table for table in Base.metadata.tables.values() if "org_path" in table.c]
    found = [
        table.name
        for table in tables
        if db.session.execute(
            select(table.c.org_path).where(table.c.org_path.startswith(old)).limit(1)
        ).first()
    ]
    return found


def test_the_third_consent_moves_the_customer_with_all_that_is_hers(house: House, browser: Browser) -> None:
    customer = a_living_customer(house)
    old = customer.organisation.org_path
    transfer = ask(browser, house, customer)
    for number, address in enumerate(addresses(house)):
        assert stored(transfer).state == "transfer_asked", number
        assert agree(browser, address).status_code == 200
    assert stored(transfer).state == "transfer_done"
    assert stored(customer).organisation.org_path == f"{house.other.org_path}{customer.organisation.uid}/"
    assert (stray(old), customer.reseller_id) == ([], house.other.id)
    old_owner, new_owner = browser(house.owner), browser(taker_of(house))
    set_scope(EVERYTHING)
    invoice = db.session.scalars(select(Invoice)).one()
    pages = [f"/customers/{customer.uid}", f"/billing/invoices/{invoice.uid}"]
    pages += [f"/vaults/{row.uid}" for row in db.session.scalars(select(Vault))]
    pages += [f"/sepa/mandates/{row.uid}" for row in db.session.scalars(select(Mandate))]
    for page in pages:
        assert (old_owner.get(page).status_code, new_owner.get(page).status_code) == (404, 200), page
    assert customer.name in new_owner.get("/customers?q=martin").text
    assert customer.uid not in old_owner.get("/customers?q=martin").text


def test_nothing_stops_on_the_way(house: House, browser: Browser) -> None:
    customer = a_living_customer(house)
    key = keys_of(customer)[0]
    clear = key.code
    ask(browser, house, customer)
    for address in addresses(house):
        agree(browser, address)
    answer = browser().post("/api/v1/activations", json={"key": clear, "fingerprint": "m-1"})
    assert answer.status_code == 201, answer.text


def test_both_houses_keep_the_trace_and_the_chain_of_the_journal_holds(
    house: House, browser: Browser, at
) -> None:
    customer = a_living_customer(house)
    at(clock.now() + timedelta(hours=2))
    add_link()
    db.session.commit()
    ask(browser, house, customer)
    for address in addresses(house):
        agree(browser, address)
    set_scope(EVERYTHING)
    told = {
        (row.what, row.organisation_id)
        for row in db.session.scalars(select(JournalEntry).where(JournalEntry.subject_kind == "organisation"))
    }
    assert {("hand_over", house.reseller.id), ("take_over", house.other.id)} <= told
    assert verify() is not None


def test_one_who_refuses_ends_it_and_nothing_has_moved(house: House, browser: Browser) -> None:
    customer = a_living_customer(house)
    transfer = ask(browser, house, customer)
    agree(browser, house.owner.email)
    path = link_of("contact@client.example")
    assert browser().post(f"{path}/refusal", data={"reason": "je reste"}).status_code == 200
    assert (stored(transfer).state, transfer.refusal_reason) == ("refused", "je reste")
    assert stored(customer).reseller_id == house.reseller.id
    assert browser().get(link_of(taker_of(house).email)).status_code == 410
    assert "je reste" in mails_to(house.owner.email)[-1].body


def test_a_link_without_its_code_agrees_to_nothing_and_a_code_is_of_one_party(
    house: House, browser: Browser
) -> None:
    transfer = ask(browser, house, a_living_customer(house))
    giver, customers = link_of(house.owner.email), link_of("contact@client.example")
    thief = browser()
    for data in ({"code": "", "name": "X"}, {"code": "123456", "name": "X"}):
        assert thief.post(customers, data=data).status_code == 422
    thief.post(f"{giver}/code")
    code = "".join(re.search(r"^    (\d{3}) (\d{3})$", mails_to(house.owner.email)[-1].body, re.M).groups())
    assert thief.post(customers, data={"code": code, "name": "X"}).status_code == 422
    assert thief.post(giver, data={"code": code, "name": " "}).status_code == 422
    assert not any(stored(transfer).has_agreed(party) for party in Party)


def test_nobody_answers_and_it_ends_by_itself(house: House, browser: Browser, at) -> None:
    transfer = ask(browser, house, a_living_customer(house))
    agree(browser, house.owner.email)
    assert "Transfert vers" in browser(house.operator).get("/").text
    at(clock.now() + timedelta(days=30, minutes=1))
    lapse_transfers()
    work()
    assert stored(transfer).state == "transfer_lapsed"
    assert "Rien n'a bougé" in mails_to("contact@client.example")[-1].body


def test_only_who_stands_above_both_asks_for_it(house: House, browser: Browser) -> None:
    customer = a_living_customer(house)
    path = f"/customers/{customer.uid}/transfer"
    for person in (house.owner, house.sales, house.finance):
        assert browser(person).get(path).status_code == 403
        assert browser(person).post(path, data={"taker": house.other.uid}).status_code == 403
    asked = browser(house.operator, confirmed=False).post(path, data={"taker": house.other.uid})
    assert 'name="confirm-password"' in asked.text and house.other.uid in asked.text
    operator = browser(house.operator)
    assert operator.post(path, data={"taker": house.reseller.uid}).status_code == 422
    assert operator.post(path, data={"taker": "aaaaaaaaaaaaaaaa"}).status_code == 422


def test_another_issuer_needs_another_mandate(house: House, browser: Browser) -> None:
    customer = a_living_customer(house)
    own = db.session.scalars(select(LegalEntity)).one()
    columns = {c.key: getattr(own, c.key) for c in LegalEntity.__table__.columns}
    for name in ("id", "uid", "created_at", "organisation_id", "org_path", "iban_sealed"):
        columns.pop(name)
    entity = LegalEntity(
        organisation=house.other, **{**columns, "name": "REVENDEUR SAS", "mandate_prefix": "REV"}
    )
    entity.iban = own.iban
    db.session.add(entity)
    db.session.commit()
    ask(browser, house, customer)
    for address in addresses(house):
        agree(browser, address)
    set_scope(EVERYTHING)
    mandates = {row.legal_entity.name: row.state for row in db.session.scalars(select(Mandate))}
    assert mandates == {own.name: "signed", "REVENDEUR SAS": "sent"}


def test_a_whole_branch_moves_and_never_below_itself(house: House) -> None:
    below = Organisation(parent=house.reseller, kind=OrganisationKind.RESELLER, name="Sous-revendeur")
    db.session.add(below)
    db.session.flush()
    customer = a_customer(below)
    db.session.commit()
    with pytest.raises(Refused):
        move_below(house.reseller, below)
    old = below.org_path
    move_below(below, house.other)
    db.session.commit()
    assert stray(old) == []
    assert customer.org_path.startswith(f"{house.other.org_path}{below.uid}/")
    assert customer.reseller_id == below.id


def test_a_reseller_in_default_cannot_keep_its_customers(house: House, browser: Browser) -> None:
    customer = a_living_customer(house)
    giver = db.session.scalars(select(Reseller).where(Reseller.organisation_id == house.reseller.id)).one()
    giver.suspend("impayés", by=SYSTEM)
    db.session.commit()
    transfer = ask(browser, house, customer)
    assert transfer.waits_for(Party.GIVER)  # who is suspended comes back, and has a say
    transfer.cancel(by=SYSTEM)
    giver.default("liquidation", by=SYSTEM)
    db.session.commit()
    transfer = ask(browser, house, customer)
    assert "ne sert plus ses clients" in browser(house.operator).get(f"/customers/{customer.uid}").text
    for address in addresses(house)[1:]:
        agree(browser, address)
    assert stored(transfer).state == "transfer_done"
    told = [mail.subject for mail in mails_to(house.owner.email) if "transfert" in mail.subject.lower()]
    assert len(told) == 2  # of the first request


def test_nobody_goes_to_a_reseller_that_may_not_sell(house: House, browser: Browser) -> None:
    customer = a_living_customer(house)
    taker_of(house)
    other = db.session.scalars(select(Reseller).where(Reseller.organisation_id == house.other.id)).one()
    other.suspend("impayés", by=SYSTEM)
    db.session.commit()
    answer = browser(house.operator).post(
        f"/customers/{customer.uid}/transfer", data={"taker": house.other.uid}
    )
    assert answer.status_code == 422 and "ne peut plus vendre" in answer.text
    other.resume(by=SYSTEM)
    db.session.commit()
    ask(browser, house, customer)
    other.suspend("encore", by=SYSTEM)
    db.session.commit()
    assert agree(browser, "contact@client.example").status_code == 422
    assert stored(customer).reseller_id == house.reseller.id


# Two files of one customer


def test_the_double_gives_everything_to_who_stays(house: House, browser: Browser) -> None:
    gone = a_living_customer(house, name="Boulangerie Martin", siren=None)
    kept = a_customer(house.reseller, name="Martin Boulangerie", siren=None)
    owner, path = browser(house.owner), f"/customers/{kept.uid}/merge"
    assert gone.uid in owner.get(path).text  # the same e-mail
    assert gone.uid in owner.get(f"{path}?q=boulangerie").text
    place = gone.organisation.org_path
    set_scope(EVERYTHING)
    words = db.session.scalars(select(Invoice)).one().parties["buyer"]["name"]
    db.session.rollback()
    assert owner.post(path, data={"double": gone.uid}).status_code == 303
    assert set(stray(place)) <= {"organisation", "customer", "contact", "customer_word", "customer_change"}
    page = owner.get(f"/customers/{kept.uid}").text
    assert "NATSO" in page and "Serveur" in page
    set_scope(EVERYTHING)
    invoice = db.session.scalars(select(Invoice)).one()
    assert (invoice.customer_id, invoice.parties["buyer"]["name"]) == (kept.id, words)
    assert {row.org_path for row in db.session.scalars(select(InvoiceLine))} == {kept.org_path}
    assert stored(gone).merged_into_id == kept.id
    page = owner.get(f"/customers/{gone.uid}").text
    assert f'href="/customers/{kept.uid}"' in page and "Sortir des archives" not in page
    assert owner.post(f"/customers/{gone.uid}/unarchive").status_code == 422
    assert gone.uid not in owner.get("/customers?q=martin").text


def test_what_does_not_merge(house: House, browser: Browser) -> None:
    kept, other = a_customer(house.reseller), a_customer(house.other, name="Ailleurs", siren=None)
    owner, path = browser(house.owner), f"/customers/{kept.uid}/merge"
    assert owner.post(path, data={"double": other.uid}).status_code == 404
    assert owner.post(path, data={"double": ""}).status_code == 422
    assert owner.post(path, data={"double": kept.uid}).status_code == 422
    assert browser(house.operator).post(path, data={"double": other.uid}).status_code == 422
    assert browser(house.sales).get(path).status_code == 403
    assert browser(an_outsider(house, Role.OWNER)).get(path).status_code == 404
    assert stored(other).archived_at is None
