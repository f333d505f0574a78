"""Debits told before, erasures and their certificates, calls confirmed in writing: due, kept, missed."""

from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

from portal.db import db
from portal.journal import SYSTEM
from portal.obligations.models import Duty, Standing
from portal.reversibility.models import CaseState, Reason
from portal.reversibility.opening import open_case
from tests.builders import stored, work
from tests.conftest import MONDAY
from tests.obligations.test_meter import mails, meter, the
from tests.sepa.people import a_collection, a_signed_mandate
from tests.tickets.opening import a_contract, called, the_ticket
from tests.vaulting import a_vault

MINUTE = timedelta(minutes=1)


def noon(*day: int) -> datetime:
    return datetime(*day, 12, tzinfo=ZoneInfo("Europe/Paris"))


def page(browser, house) -> str:
    return " ".join(unescape(browser(house.operator).get("/obligations?state=clock_missed").text).split())


def test_003_50_a_debit_that_was_not_told_fourteen_days_before_is_missed(house, browser, at):
    row = a_collection(a_signed_mandate(house))
    meter()
    owed = the(Duty.DEBIT)
    assert (owed.clause, owed.standing) == ("003-50", Standing.DUE)
    at(owed.due_at + MINUTE)
    meter()
    assert stored(owed).standing == Standing.MISSED and row.reference in page(browser, house)
    assert "remboursement du prélèvement" in page(browser, house)
    work()  # the mail leaves in the end
    meter()
    assert stored(owed).standing == Standing.LATE


def test_003_50_a_debit_whose_notice_left_in_time_is_kept(house, at):
    a_collection(a_signed_mandate(house))
    work()
    meter()
    assert the(Duty.DEBIT).standing == Standing.KEPT


def test_004_13_a_call_that_is_not_confirmed_in_thirty_minutes_is_on_the_meter_and_blames_nobody(
    house, browser, at
):
    subscription, user = a_contract(house, "dobaas")
    browser(house.owner).post("/obligations/telling", data={"tells": "y"})
    assert called(browser(house.support), subscription).status_code == 303
    meter()
    owed = the(Duty.CONFIRMATION)
    assert owed.due_at == MONDAY + 30 * MINUTE and owed.clause == "004-13"
    at(MONDAY + 31 * MINUTE)
    meter()
    assert stored(owed).standing == Standing.MISSED and mails("missed") == []
    assert "à partir de sa confirmation écrite" in page(browser, house)
    browser(user).post(f"/tickets/{the_ticket().uid}/messages", data={"text": "Je confirme."})
    meter()
    assert stored(owed).standing == Standing.LATE


def test_001_46_003_59_an_erasure_and_its_certificate_have_their_day(house, browser, at, tmp_path):
    subscription, _user = a_contract(house, "dropcloud")
    vault = a_vault(subscription.customer, tmp_path, subscription)
    subscription.ends_on = date(2026, 12, 1)
    db.session.commit()
    told = {"reason": Reason.DESTROY, "received_on": date(2026, 11, 23), "cost_cents": 0, "by": SYSTEM}
    row = open_case(subscription, vault, **told)
    db.session.commit()
    meter()
    owed = the(Duty.ERASURE)
    assert owed.standing == Standing.DUE and owed.clause.startswith("001-")
    at(owed.due_at + MINUTE)
    row.state, row.erase_from = CaseState.ERASING, owed.due_at + MINUTE
    db.session.commit()
    meter()
    proof = the(Duty.CERTIFICATE)
    assert stored(owed).standing == Standing.MISSED and proof.standing == Standing.DUE
    at(proof.due_at + MINUTE)
    meter()
    assert "la preuve écrite de l'effacement" in page(browser, house)
    row.certify("CE-1", None, by=SYSTEM)
    db.session.commit()
    meter()
    assert stored(proof).standing == stored(owed).standing == Standing.LATE
