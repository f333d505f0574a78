"""What is kept and until when, kind by kind: nothing goes a day early, everything goes on its day."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.backups.models import BackupRun
from portal.backups.receive import receive_report
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.privacy.expiring import NOBODY, Expired, expire_steps
from portal.privacy.jobs import ask_to_expire
from portal.privacy.requests import Asked
from portal.resellers.models import LegalEntity
from portal.sepa.models import MandateState
from tests.backups.reporting import a_report, a_watched_machine
from tests.builders import a_customer, stored, work
from tests.privacy.builders import a_request
from tests.sepa.signed import sign_now
from tests.tickets.opening import a_contract, opened, the_ticket

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 30, 12, tzinfo=PARIS)
EVE, DAY = datetime(2031, 11, 29, 12, tzinfo=PARIS), datetime(2031, 11, 30, 12, tzinfo=PARIS)


def the_day() -> None:
    set_scope(EVERYTHING)
    ask_to_expire()
    work()
    set_scope(EVERYTHING)


def count(kind: str) -> int:
    set_scope(EVERYTHING)
    return sum(row.count for row in db.session.scalars(select(Expired).where(Expired.kind == kind)))


def test_c_civ_2224_a_ticket_is_emptied_five_years_after_its_closing(house, browser, at):
    at(NOON)
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user), text="Mme Roux ne lit plus rien.")
    row = the_ticket()
    closed = {"solution": "Disque remplacé.", "told": "mail"}
    assert browser(house.support).post(f"/tickets/{row.uid}/closing", data=closed).status_code == 303
    number = row.number
    at(EVE)
    the_day()
    assert "Mme Roux" in stored(row).messages[0].text and count("ticket") == 0
    at(DAY)
    the_day()
    assert stored(row).subject == "–" and {each.text for each in row.messages} == {"–"}
    assert row.number == number and count("ticket") == 1
    page = browser(house.support).get(f"/tickets/{row.uid}")
    assert page.status_code == 200 and "Mme Roux" not in page.text
    assert "tickets" in browser(house.operator).get("/privacy/retention").text.lower()


def test_c_civ_2224_a_mail_goes_after_five_years_unless_a_case_holds_it(house, browser, at):
    at(NOON)
    held = a_request(house.provider, "tenue@autre.example", Asked.ERASURE, identity_how="vue")
    db.session.commit()
    browser(house.operator).post(f"/privacy/requests/{held.uid}/erasure")
    browser(house.operator).post(f"/privacy/requests/{held.uid}/hold", data={"why": "procès"})
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    work()
    set_scope(EVERYTHING)
    everybody = set(db.session.scalars(select(Mail.recipient)))
    at(EVE)
    the_day()
    assert set(db.session.scalars(select(Mail.recipient))) >= everybody
    at(DAY)
    the_day()
    query = select(Mail.recipient).where(Mail.created_at < NOON + timedelta(days=1))
    assert set(db.session.scalars(query)) == {NOBODY, "tenue@autre.example"}
    assert count("mail") >= 1


def test_c_civ_2224_reports_of_machines_go_after_five_years(house, at):
    at(NOON)
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report())
    db.session.commit()
    at(EVE)
    the_day()
    assert db.session.scalar(select(BackupRun.id)) is not None
    at(DAY)
    the_day()
    assert db.session.scalar(select(BackupRun.id)) is None and count("machine_report") == 1


def test_cmf_l133_24_the_account_of_a_mandate_goes_fourteen_months_after_and_its_chain_stays(house, at):
    at(NOON)
    customer = a_customer(house.reseller, accepted="dropcloud")
    entity = db.session.scalars(select(LegalEntity)).one()
    mandate, running = (
        sign_now(customer, entity),
        sign_now(a_customer(house.reseller, name="Autre", siren=None, accepted="dropcloud"), entity),
    )
    mandate.state, mandate.revoked_on = MandateState.REVOKED, NOON.date()
    db.session.commit()
    links = mandate.evidence_length
    at(datetime(2028, 1, 29, 12, tzinfo=PARIS))
    the_day()
    assert stored(mandate).iban is not None
    at(datetime(2028, 1, 30, 12, tzinfo=PARIS))
    the_day()
    assert stored(mandate).iban is None and mandate.iban_masked and len(mandate.events) == links
    assert stored(running).iban is not None  # in force: it goes never by itself


def test_what_was_erased_before_a_fall_is_not_counted_twice(house, at):
    at(NOON)
    machine, _token = a_watched_machine(house)
    for number in range(3):
        receive_report(machine, a_report(f"run-{number}"))
    db.session.commit()
    at(DAY)
    set_scope(EVERYTHING)
    owner = db.session.get_one(Organisation, house.provider.id)
    assert len(list(expire_steps(owner))) >= 1
    db.session.rollback()  # it fell before its step was kept
    the_day()
    the_day()
    assert count("machine_report") == 3
