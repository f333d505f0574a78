"""A person is erased: at once what may go, the rest on its day, and never what a law or a case keeps."""

from datetime import date, datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import SignIn
from portal.db import EVERYTHING, db, set_scope
from portal.journal import JournalEntry
from portal.mail import Mail
from portal.privacy.erasing import Erasure
from portal.privacy.expiring import Expired, expire_steps
from portal.privacy.held import held_about
from portal.privacy.jobs import ask_to_expire
from portal.privacy.requests import Asked
from portal.privacy.retention import Kept
from portal.resellers.models import LegalEntity
from tests.builders import a_customer, a_user, stored, work
from tests.contracts.builders import dropcloud
from tests.privacy.builders import a_request
from tests.sepa.signed import sign_now

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 30, 12, tzinfo=PARIS)
LEA = "lea@autre.example"


def the_day() -> None:
    set_scope(EVERYTHING)
    ask_to_expire()
    work()
    set_scope(EVERYTHING)


def counts() -> dict[str, int]:
    set_scope(EVERYTHING)
    return {row.kind: row.count for row in db.session.scalars(select(Expired))}


def test_what_may_go_goes_at_once_in_every_house_and_the_rest_is_told(house, browser, at):
    customer = dropcloud(house).customer
    alone = a_customer(house.reseller, name="Seule", siren=None)
    at(NOON)
    contact = customer.contact("incident")
    contact.email, contact.name = LEA, "Léa Roux"
    for each in alone.contacts:
        each.email, each.name = LEA, "Léa Roux"
    hers = a_user(customer.organisation, Role.CUSTOMER, "Léa Roux")
    hers.person.email = LEA
    db.session.commit()
    first = a_request(house.provider, LEA, Asked.ERASURE)
    alone_shown = browser(house.operator).get(f"/privacy/requests/{first.uid}/erasure").text
    assert "dernière personne qui dirige" in alone_shown
    a_user(customer.organisation, Role.CUSTOMER, "Max").person.email = "max@autre.example"
    mandate = sign_now(customer, db.session.scalars(select(LegalEntity)).one())
    mandate.signer_email = LEA
    db.session.commit()
    row = a_request(house.provider, LEA, Asked.ERASURE)
    client, page = browser(house.operator), f"/privacy/requests/{row.uid}"
    assert f"{page}/erasure" in client.get(page).text
    shown = unescape(client.get(f"{page}/erasure").text)
    assert customer.name in shown and "Seule, Signataire" in shown  # of both customers
    assert "doit d'abord en nommer un autre" in shown and mandate.rum in shown and "L133-24" in shown
    assert client.post(f"{page}/erasure").status_code == 422  # nobody has checked who she is
    client.post(f"{page}/identity", data={"how": "Rappelée"})
    assert browser(house.owner).post(f"{page}/erasure").status_code == 403
    assert client.post(f"{page}/erasure").status_code == 303
    work()
    set_scope(EVERYTHING)
    assert stored(contact).email == "contact@client.example" and stored(hers).name == "–"
    assert not stored(hers).is_enabled and hers.person.email.endswith("@erased.invalid")
    held = {kind for kind, rows in held_about(LEA).items() if rows}
    assert held == {"contacts", "mandates", "mails", "requests"}  # of one who stays alone
    (mail,) = db.session.scalars(select(Mail).where(Mail.kind == "privacy/mail_person_erased"))
    assert mail.recipient == LEA and mail.sent_at is not None and mandate.rum in mail.body
    assert f"{customer.name}, Incidents" in mail.body and "incident," not in mail.body
    assert client.post(f"{page}/erasure").status_code == 422  # once
    assert client.get(f"{page}/erasure").status_code == 200


def test_the_rest_goes_on_its_day_unless_a_case_holds_it(house, browser, at):
    at(NOON)
    row = a_request(house.provider, LEA, Asked.ERASURE, identity_how="vue")
    client, page = browser(house.operator), f"/privacy/requests/{row.uid}"
    assert client.post(f"{page}/erasure").status_code == 303
    work()
    set_scope(EVERYTHING)
    (found,) = db.session.scalars(select(Erasure))
    assert found.next_on == date(2031, 11, 30)  # sixty months after its mail
    at(datetime(2031, 11, 29, 12, tzinfo=PARIS))
    the_day()
    assert stored(found).email == LEA
    at(datetime(2031, 11, 30, 12, tzinfo=PARIS))
    client = browser(house.operator)
    assert client.post(f"{page}/hold", data={"why": "Procès"}).status_code == 303
    the_day()
    assert stored(found).email == LEA
    assert client.post(f"{page}/hold", data={"why": ""}).status_code == 303
    at(datetime(2031, 12, 1, 12, tzinfo=PARIS))
    the_day()
    assert stored(found).email == "" and stored(row).name == "–"
    assert not db.session.scalars(select(Mail).where(Mail.recipient == LEA)).all()
    assert counts()["mail"] == 1
    shown = browser(house.operator).get("/privacy/retention").text
    assert "décembre 2031" in unescape(shown) and "2021-1362" in shown
    assert db.session.scalars(select(JournalEntry).where(JournalEntry.subject_uid == row.uid)).all()


def test_addresses_of_sign_ins_are_kept_for_a_year_to_the_day(house, browser, at):
    at(NOON)
    browser(house.operator).get("/")
    set_scope(EVERYTHING)
    rows = db.session.scalars(select(SignIn)).all()
    for each in rows:
        each.address, each.browser = "192.0.2.1", "Firefox"
    db.session.commit()
    at(datetime(2027, 11, 29, 12, tzinfo=PARIS))
    the_day()
    assert stored(rows[0]).address == "192.0.2.1"
    at(datetime(2027, 11, 30, 12, tzinfo=PARIS))
    the_day()
    assert {stored(each).address for each in rows} == {""}
    assert counts()["sign_in_address"] == len(rows)


def test_a_day_that_is_cut_off_counts_nothing_twice(house, browser, at):
    at(NOON)
    browser(house.operator).get("/")
    set_scope(EVERYTHING)
    row = db.session.scalars(select(SignIn).order_by(SignIn.id)).first()
    row.address = "192.0.2.1"
    db.session.commit()
    at(datetime(2028, 1, 1, 12, tzinfo=PARIS))
    set_scope(EVERYTHING)
    next(iter(expire_steps(house.provider)))
    db.session.rollback()  # killed before its commit
    set_scope(EVERYTHING)
    assert stored(row).address == "192.0.2.1" and counts() == {}
    the_day()
    once = counts()
    the_day()
    assert stored(row).address == "" and counts() == once


@pytest.mark.parametrize(
    ("day", "months", "gone"),
    [
        (date(2026, 11, 30), 12, date(2027, 11, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 1, 31), 14, date(2027, 3, 31)),
    ],
)
def test_a_record_is_kept_for_months_of_its_own_day(day, months, gone):
    assert Kept("", months, "", "", "").erased_from(day) == gone
