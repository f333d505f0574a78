"""Work beside the plan: quoted, accepted, planned, done, checked, billed; and what may go wrong."""

import re
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal import clock, jobs
from portal.billing.models import Charge
from portal.db import EVERYTHING, db, set_scope
from portal.desk.models import WorkOrder, WorkState
from portal.desk.rules import billed_cents, line_cents
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.restore_requests.inventory import Inventory
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.reversibility.models import Reason
from portal.reversibility.opening import open_case
from tests import vaulting
from tests.builders import a_customer, an_outsider, stored, work
from tests.conftest import MONDAY
from tests.vaulting import link_in, unlock

W = WorkState
DAY = timedelta(days=1)


@pytest.fixture
def operator(browser, house):
    return browser(house.operator)


@pytest.fixture
def technician(browser, house):
    return browser(house.support)


@pytest.fixture
def dobaas(house, repository):
    """A vault under a contract that bills restores, at the prices of the day."""
    customer = a_customer(house.reseller, accepted="dobaas")
    subscription = vaulting.a_subscription(customer, terms="dobaas")
    return vaulting.a_vault(customer, repository, subscription)


def price(operator, item, euros, day):
    data = {"item": item, "price": euros, "effective_on": day.isoformat()}
    return operator.post("/work-prices", data=data)


def a_call(client, vault, **values):
    data = {
        "vault": vault.uid,
        "caller": vault.customer.contacts[0].uid,
        "called_back": "y",
        "what": "le dossier compta",
        "scope": "files",
        "cause": "lost_by_user",
        "holder": "herself",
        "urgency": "today",
        **values,
    }
    return client.post(f"/restore-requests/call/{vault.customer.uid}", data=data)


def request_of() -> RestoreRequest:
    return db.session.scalars(select(RestoreRequest)).one()


def order_of() -> WorkOrder:
    return db.session.scalars(select(WorkOrder)).one()


def mails(kind: str) -> list[Mail]:
    return list(db.session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.id)))


def quoted(client, order, **line):
    client.post(f"/work-orders/{order.uid}/lines", data={"item": "labour", "quantity": "120", **line})
    return client.post(f"/work-orders/{order.uid}/quote")


def link_of_the_quote() -> str:
    return re.search(r"https?://[^/]+(/work-quote/\S+)", mails("desk/mail_quote")[-1].body)[1]


def accept_by_link(client) -> int:
    path = link_of_the_quote()
    assert client.get(path).status_code == 200
    assert client.post(f"{path}/code").status_code == 303
    code = re.search(r"(\d{3}) (\d{3})", mails("desk/mail_code")[-1].body)
    return client.post(path, data={"name": "Mme Port, gérante", "code": code[1] + code[2]}).status_code


def plan(client, order, at: datetime, person):
    when = at.astimezone(clock.PARIS).strftime("%Y-%m-%dT%H:%M")
    return client.post(f"/work-orders/{order.uid}/plan", data={"at": when, "technician": person.uid})


def tick(client, row):
    inventory = Inventory(row.uid)
    folder = next(one for one in inventory.search("factures") if one.kind == "dir")
    data = {"listing": inventory.mark, "pick": f"e{folder.id}"}
    return client.post(f"/restore-requests/{row.uid}/file", data=data)


def test_002_10_004_10_a_complex_restore_is_quoted_planned_checked_and_billed_at_the_prices_of_its_day(
    dobaas, operator, technician, browser, house, agent, at
):
    assert price(operator, "labour", "60,00", MONDAY.date()).status_code == 303
    price(operator, "labour", "90,00", MONDAY.date() + 2 * DAY)
    assert a_call(technician, dobaas).status_code == 303
    row, order = request_of(), order_of()
    assert row.kind == "complex" and row.taken_by_id == house.support.id
    work()
    unlock(browser(), link_in(vaulting.last_mail(row.uid)))
    work()
    refused = tick(technician, row)
    assert refused.status_code == 422 and "planifie" in refused.get_data(as_text=True)
    assert quoted(technician, order).status_code == 303
    assert plan(technician, order, MONDAY + 2 * DAY, house.support).status_code in (409, 422)
    assert accept_by_link(browser()) == 303
    again = browser().post(link_of_the_quote(), data={"name": "Mme Port", "code": "000000"})
    assert again.status_code == 409
    assert plan(technician, order, MONDAY - DAY, house.support).status_code == 422
    assert plan(technician, order, MONDAY + 2 * DAY, house.support).status_code == 303
    assert len(mails("desk/mail_planned")) == 1
    at(MONDAY + DAY)
    for _ in range(2):
        jobs.run_periodic()
        set_scope(EVERYTHING)
    assert len(mails("desk/mail_tomorrow")) == 1 and len(mails("desk/mail_tomorrow_staff")) == 1
    at(MONDAY + 2 * DAY)
    technician = browser(house.support)
    assert tick(technician, row).status_code == 303
    work()
    if stored(row).state == RestoreState.RESTORING:  # the passphrase is gone after two days: typed again
        technician.post(f"/restore-requests/{row.uid}/key")
        unlock(browser(), link_in(vaulting.last_mail(row.uid)))
        work()
    assert stored(row).state == RestoreState.DONE and stored(order).state == W.DONE
    early = technician.post(f"/restore-requests/{row.uid}/billing", data={"billed": "yes"})
    assert early.status_code in (409, 422)
    hers = browser(vaulting.a_customer_user(dobaas.customer))
    assert hers.get(f"/work-orders/{order.uid}").status_code == 200
    assert hers.post(f"/restore-requests/{row.uid}/own-check").status_code == 303
    assert stored(order).state == W.CHECKED
    entry = {"item": "labour", "quantity": "60", "worked_on": (MONDAY + 2 * DAY).date().isoformat()}
    assert technician.post(f"/work-orders/{order.uid}/lines", data=entry).status_code == 303
    paid = technician.post(f"/restore-requests/{row.uid}/billing", data={"billed": "yes"})
    assert paid.status_code == 303
    charge = db.session.scalars(select(Charge)).one()
    assert charge.unit_cents == 9000 and charge.clause == "002-08"
    assert stored(order).state == W.BILLED and stored(row).state == RestoreState.BILLED


def test_a_late_quote_is_not_accepted_and_an_accepted_one_is_never_exceeded(
    dobaas, operator, technician, browser, house, at
):
    price(operator, "labour", "60,00", MONDAY.date())
    a_call(technician, dobaas)
    order = order_of()
    quoted(technician, order)
    at(MONDAY + 31 * DAY)
    hers = browser(vaulting.a_customer_user(dobaas.customer))
    late = hers.post(f"/work-orders/{order.uid}/acceptance")
    assert late.status_code == 422 and stored(order).state == W.QUOTED
    technician = browser(house.support)
    assert technician.post(f"/work-orders/{order.uid}/quote").status_code == 303
    assert hers.post(f"/work-orders/{order.uid}/acceptance").status_code == 303
    assert hers.post(f"/work-orders/{order.uid}/acceptance").status_code == 409
    assert billed_cents(50_000, stored(order).quoted_cents, "whole") == 12_000
    assert billed_cents(50_000, None, "failed") == 0 and line_cents(20, 100, by_the_hour=True) == 33


def a_case(house, repository, terms):
    """Reversibility that was asked for on the Monday."""
    customer = a_customer(house.reseller, accepted=terms)
    subscription = vaulting.a_subscription(customer, terms=terms, ends_on=date(2027, 3, 1))
    vault = vaulting.a_vault(customer, repository, subscription)
    day = MONDAY.date()
    row = open_case(subscription, vault, reason=Reason.COPY, received_on=day, cost_cents=0, by=SYSTEM)
    db.session.commit()
    return row


def planned(client, order, house, at, days):
    """Its day has come."""
    assert plan(client, order, MONDAY + days * DAY, house.support).status_code == 303
    at(MONDAY + days * DAY)


def done(item, quantity):
    return {"item": item, "quantity": str(quantity), "worked_on": clock.today().isoformat()}


def closed(client, order):
    base = f"/work-orders/{order.uid}"
    assert client.post(f"{base}/end", data={"outcome": "whole"}).status_code == 303
    assert client.post(f"{base}/check", data={"who": "Mme Port"}).status_code == 303
    assert client.post(f"{base}/billing").status_code == 303
    assert client.post(f"{base}/billing").status_code == 409
    return db.session.scalars(select(Charge).where(Charge.origin == f"work:{order.uid}")).one()


def test_002_21_004_34_a_reload_is_billed_at_the_price_of_the_day_of_the_notice(
    house, repository, operator, technician, browser, at
):
    case = a_case(house, repository, "dobaas")
    price(operator, "reload", "80,00", MONDAY.date())
    price(operator, "reload", "120,00", MONDAY.date() + 5 * DAY)
    assert "Recharger" in technician.get(f"/reversibility/{case.uid}").get_data(as_text=True)
    assert technician.post(f"/reversibility/{case.uid}/reload").status_code == 303
    assert technician.post(f"/reversibility/{case.uid}/reload").status_code == 422
    order = order_of()
    planned(technician, order, house, at, 10)
    at(MONDAY + 10 * DAY)
    technician = browser(house.support)
    entered = technician.post(f"/work-orders/{order.uid}/lines", data=done("reload", 90))
    assert entered.status_code == 303
    charge = closed(technician, order)
    assert charge.unit_cents == 12_000 and charge.clause in ("002-21", "004-34")


def test_001_22_a_copy_on_a_physical_medium_is_billed_and_never_without_a_price(
    house, repository, operator, technician, browser, at
):
    case = a_case(house, repository, "dropcloud")
    assert technician.get(f"/reversibility/{case.uid}").status_code == 200
    technician.post(f"/reversibility/{case.uid}/medium")
    order = order_of()
    planned(technician, order, house, at, 3)
    at(MONDAY + 3 * DAY)
    technician, operator = browser(house.support), browser(house.operator)
    where, entry = f"/work-orders/{order.uid}/lines", done("medium", 2)
    assert technician.post(where, data=entry).status_code == 422
    price(operator, "medium", "150,00", clock.today())
    assert technician.post(where, data={**entry, "price": "100,00"}).status_code == 422
    assert technician.post(where, data=entry).status_code == 303
    charge = closed(technician, order)
    assert charge.unit_cents == 30_000 and charge.clause == "001-22"


def test_a_call_of_somebody_else_opens_nothing_and_is_noted(dobaas, technician):
    page = a_call(technician, dobaas, caller="none")
    assert page.status_code == 422 and "pas un contact" in page.get_data(as_text=True)
    assert db.session.scalars(select(RestoreRequest)).all() == []
    history = technician.get(f"/customers/{dobaas.customer.uid}").get_data(as_text=True)
    assert "non autorisée" in history
    unsure = a_call(technician, dobaas, called_back="")
    assert unsure.status_code == 422 and "Rappelez" in unsure.get_data(as_text=True)


def test_the_questions_say_kind_and_clause_before_anything_is_sent(dobaas, technician):
    customer = dobaas.customer
    found = technician.get("/restore-requests/new", query_string={"q": customer.name[:6]})
    assert customer.uid in found.get_data(as_text=True)
    asked = a_call(technician, dobaas, scope="database", preview="y")
    page = asked.get_data(as_text=True)
    assert asked.status_code == 200 and db.session.scalars(select(RestoreRequest)).all() == []
    assert "technicien dédié" in page and "002-08" in page
    assert mails("mails/unlock") == []


def test_of_two_technicians_one_gets_it_and_the_other_is_told(dobaas, technician, operator, house):
    a_call(technician, dobaas)
    row = request_of()
    mine = technician.get("/restore-requests?queue=mine").get_data(as_text=True)
    assert "le dossier compta" in mine
    other = operator.post(f"/restore-requests/{row.uid}/owner")
    assert other.status_code == 422 and house.support.label in other.get_data(as_text=True)
    assert "le dossier compta" not in operator.get("/restore-requests?queue=mine").get_data(as_text=True)
    technician.post(f"/restore-requests/{row.uid}/owner", data={"release": "y"})
    for queue in ("nobody", "soon", "customer"):
        page = operator.get(f"/restore-requests?queue={queue}").get_data(as_text=True)
        assert "le dossier compta" in page
    assert operator.post(f"/restore-requests/{row.uid}/owner").status_code == 303


def test_hours_that_were_entered_are_not_cancelled_away(house, repository, operator, technician, browser, at):
    case = a_case(house, repository, "dobaas")
    price(operator, "reload", "80,00", MONDAY.date())
    technician.post(f"/reversibility/{case.uid}/reload")
    order = order_of()
    planned(technician, order, house, at, 1)
    technician, base = browser(house.support), f"/work-orders/{order.uid}"
    technician.post(f"{base}/lines", data=done("reload", 30))
    refused = technician.post(f"{base}/cancellation")
    assert refused.status_code == 422 and "partielle" in refused.get_data(as_text=True)
    technician.post(f"{base}/end", data={"outcome": "failed"})
    technician.post(f"{base}/check", data={"who": "Mme Port"})
    technician.post(f"{base}/billing")
    assert stored(order).state == W.CLOSED
    assert db.session.scalars(select(Charge).where(Charge.origin == f"work:{order.uid}")).all() == []


def test_others_cannot(dobaas, technician, browser, house):
    a_call(technician, dobaas)
    order = order_of()
    outsider, reader = browser(an_outsider(house)), browser(house.reader)
    assert outsider.get(f"/work-orders/{order.uid}").status_code == 404
    assert reader.get(f"/work-orders/{order.uid}").status_code == 200
    for verb in ("lines", "quote", "plan", "end", "check", "billing", "cancellation", "acceptance"):
        assert reader.post(f"/work-orders/{order.uid}/{verb}").status_code == 403
    assert technician.post("/work-prices").status_code == 403
