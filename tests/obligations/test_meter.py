"""What the provider owes by a day: kept as the rooms answer it, told before, and told after a miss."""

from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.obligations.meter import look
from portal.obligations.models import Duty, Obligation, Standing
from tests.availability.builders import a_cloud
from tests.builders import an_outsider, stored, work
from tests.conftest import MONDAY
from tests.subscriptions.test_consumers import consumer
from tests.tickets.opening import a_contract, opened, the_ticket

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def meter() -> None:
    set_scope(EVERYTHING)
    look()
    set_scope(EVERYTHING)


def the(duty: Duty) -> Obligation:
    return db.session.scalars(select(Obligation).where(Obligation.duty == duty)).one()


def mails(kind: str) -> list[Mail]:
    query = select(Mail).where(Mail.kind == f"obligations/mail_{kind}").order_by(Mail.id)
    return list(db.session.scalars(query))


def test_004_18_a_report_that_is_missing_is_warned_of_missed_and_told_to_the_customer(house, browser, at):
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    row = the_ticket()
    closed = {"solution": "Disque remplacé.", "told": "mail"}
    assert browser(house.support).post(f"/tickets/{row.uid}/closing", data=closed).status_code == 303
    assert browser(house.owner).post("/obligations/telling", data={"tells": "y"}).status_code == 303
    meter()
    owed = the(Duty.REPORT)
    assert (owed.clause, owed.standing) == ("004-18", Standing.DUE) and mails("due") == []
    at(owed.due_at - DAY)
    meter()
    (warning,) = mails("due")
    assert warning.recipient == house.operator.email and "004-18" in warning.body
    meter()
    assert len(mails("due")) == 1 and mails("missed") == []
    at(owed.due_at + HOUR)
    meter()
    (told,) = mails("missed")
    assert told.recipient == row.customer.contact("incident").email and "004-18" in told.body
    assert "réclamation" in told.body
    page = unescape(browser(house.operator).get("/obligations?state=clock_missed").text)
    assert row.label in page and "réclamation pour le préjudice" in page
    assert "engagement manqué" in unescape(browser(house.operator).get("/").text)
    meter()
    assert len(mails("missed")) == 1
    report = {"report_text": "Cause : un disque. Solution : remplacé.", "send": "y"}
    assert browser(house.support).post(f"/tickets/{row.uid}/report", data=report).status_code == 303
    meter()
    assert stored(owed).standing == Standing.LATE


def test_l2_a_reminder_that_did_not_leave_in_its_window_opens_the_way_out(house, browser, at):
    subscription = consumer(house, date(2025, 1, 10))
    at(datetime(2026, 9, 1, 9, tzinfo=UTC))
    jobs.run_periodic()  # the reminder is written, and the relay takes nothing
    meter()
    owed = the(Duty.REMINDER)
    assert owed.standing == Standing.DUE and owed.customer_id == subscription.customer_id
    at(owed.due_at + HOUR)
    meter()
    assert stored(owed).standing == Standing.MISSED
    page = unescape(browser(house.operator).get("/obligations").text)
    assert "résiliation à tout moment" in page


def test_l2_a_reminder_that_left_in_time_is_kept(house, at):
    consumer(house, date(2025, 1, 10))
    at(datetime(2026, 9, 1, 9, tzinfo=UTC))
    jobs.run_periodic()
    work()
    meter()
    assert the(Duty.REMINDER).standing == Standing.KEPT


@pytest.mark.parametrize(("days", "standing"), [(4, Standing.KEPT), (1, Standing.MISSED)])
def test_003_26_maintenance_announced_too_late_is_a_miss(house, browser, at, days, standing):
    a_cloud(house)
    at(MONDAY)
    start = MONDAY + days * DAY
    typed = {"starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{start + HOUR:%Y-%m-%dT%H:%M}"}
    data = {**typed, "services": "numspot:region", "words": "Baies", "late": "y"}
    assert browser(house.technician).post("/planned-work", data=data).status_code == 303
    work()
    meter()
    owed = the(Duty.MAINTENANCE)
    expected = Standing.LATE if standing == Standing.MISSED else standing
    assert (owed.clause, owed.standing) == ("003-26", expected)


def test_a_ticket_that_is_contested_owes_its_report_anew(house, browser, at):
    _subscription, user = a_contract(house, "dobaas")
    opened(browser(user))
    row = the_ticket()
    closed = {"solution": "Disque remplacé.", "told": "mail"}
    browser(house.support).post(f"/tickets/{row.uid}/closing", data=closed)
    meter()
    assert the(Duty.REPORT).kept_at is None
    browser(user).post(f"/tickets/{row.uid}/contest", data={"text": "Toujours coupé."})
    meter()
    assert db.session.scalars(select(Obligation).where(Obligation.duty == Duty.REPORT)).all() == []


def test_who_sees_and_decides(house, browser):
    assert browser(house.operator).get("/obligations").status_code == 200
    assert browser(house.reader).get("/obligations").status_code == 403
    assert browser(house.support).post("/obligations/telling").status_code == 403
    _subscription, user = a_contract(house, "numspot")
    opened(browser(user))
    meter()
    assert the_ticket().label in unescape(browser(house.owner).get("/obligations").text)
    outside = browser(an_outsider(house)).get("/obligations")
    assert outside.status_code == 200 and the_ticket().number not in outside.text
