"""A month below its promise is proposed before the customer asks, then credited on her next invoice."""

from datetime import date, timedelta

from sqlalchemy import select

from portal.access import Role
from portal.availability.credits import CreditState, ServiceCredit
from portal.availability.jobs import SETTLE, begin_the_day, look_for_invoices
from portal.billing.credit_models import CreditNote, CreditReason
from portal.db import EVERYTHING, db, set_scope
from portal.jobs.models import Task
from portal.mail import Mail
from portal.subscriptions.models import Subscription
from tests.availability.builders import EXAMPLE, a_cloud, bill, measures, noon, owe, the_day
from tests.builders import a_user, an_outsider, stored, work

C = CreditState
DECEMBER = date(2026, 12, 1)


def credits() -> list[ServiceCredit]:
    return list(db.session.scalars(select(ServiceCredit).order_by(ServiceCredit.id)))


def notes() -> list[CreditNote]:
    query = select(CreditNote).where(CreditNote.reason == CreditReason.SERVICE_CREDIT)
    return list(db.session.scalars(query.order_by(CreditNote.id)))


def proposed(house, browser, at) -> tuple[Subscription, ServiceCredit]:
    row = a_cloud(house)
    at(noon(date(2026, 11, 30)))
    assert measures(browser(house.technician), EXAMPLE).status_code == 303
    at(noon(DECEMBER, 5))
    the_day()
    return row, credits()[0]


def test_003_75_003_76_003_31_the_month_is_proposed_with_both_caps_before_she_asks(house, browser, at):
    """The printed example with the promises of the table: 3 350.00 raw, 3 000.00 after the lower cap (A2)."""
    row, credit = proposed(house, browser, at)
    assert (credit.raw_cents, credit.cents, credit.state) == (335_000, 300_000, C.PROPOSED)
    assert credit.working["cap"] == "invoice"
    at(noon(DECEMBER, 6))
    the_day()
    assert len(credits()) == 1  # however often it is worked out
    operator = browser(house.operator)
    assert "Avoir à décider, 11/2026" in operator.get("/").text
    page = operator.get(f"/credits-due/{credit.uid}").text
    for words in ("3\u202f350,00", "3\u202f000,00", "003-75", "003-31", "10/11", "99,97"):
        assert words in page.replace("\xa0", " ").replace(" €", ""), words
    for person, status in (
        (house.finance, 200),
        (house.owner, 404),
        (house.sales, 403),
        (an_outsider(house), 404),
    ):
        assert browser(person).get(f"/credits-due/{credit.uid}").status_code == status
    assert browser(house.finance).post(f"/credits-due/{credit.uid}/acceptance").status_code == 403
    owner = a_user(row.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    assert "3\u202f000,00" in browser(owner).get(f"/service-levels/{row.uid}?month=2026-11").text


def test_003_30_the_credit_is_used_by_the_next_invoice_of_its_subscription_and_lapses_after_a_year(
    house, browser, at
):
    row, credit = proposed(house, browser, at)
    operator = browser(house.operator)
    assert operator.post(f"/credits-due/{credit.uid}/acceptance").status_code == 303
    work()
    credit = stored(credit)
    assert (credit.state, credit.usable_through) == (C.GRANTED, date(2027, 12, 1))
    told = db.session.scalars(select(Mail).where(Mail.kind == "availability/mail_credit")).one()
    assert told.sent_at is not None and "3\u202f000,00" in told.body
    at(noon(date(2027, 1, 2)))
    owe(row, date(2027, 1, 1))
    invoice = bill(row, date(2027, 1, 2))
    for _twice in range(2):
        set_scope(EVERYTHING)
        look_for_invoices()
        work()
    note = notes()[0]
    assert (len(notes()), note.net_cents, note.invoice_id) == (1, 300_000, invoice.id)
    assert (note.vat_cents, note.clause) == (60_000, "003-30")
    assert stored(credit).state is C.USED and stored(credit).left_cents == 0

    late = ServiceCredit(
        organisation=row.customer.organisation,
        customer_id=row.customer_id,
        subscription_id=row.id,
        month=date(2026, 12, 1),
        raw_cents=100,
        cents=100,
        used_cents=0,
        working=dict(credit.working),
        proposed_on=date(2027, 1, 1),
        granted_on=date(2027, 1, 1),
        usable_through=date(2028, 1, 1),
        state=C.GRANTED,
    )
    db.session.add(late)
    db.session.commit()
    at(noon(date(2028, 1, 2)))
    the_day()
    owe(row, date(2028, 1, 1))
    bill(row, date(2028, 1, 2))
    set_scope(EVERYTHING)
    look_for_invoices()
    work()
    assert stored(late).state is C.LAPSED and len(notes()) == 1
    assert "échu" in browser(house.operator).get("/credits-due").text


def test_003_33_while_a_payment_is_late_nothing_is_owed_and_the_page_says_so(house, browser, at):
    at(noon(date(2026, 10, 2)))
    row = a_cloud(house, started_on=date(2026, 10, 1))
    owe(row, date(2026, 10, 1))
    bill(row, date(2026, 10, 31))  # due at the end of October, and nobody pays it
    at(noon(date(2026, 11, 30)))
    measures(browser(house.technician), EXAMPLE)
    at(noon(DECEMBER))
    the_day()
    credit = credits()[0]
    assert (credit.state, credit.cents, credit.raw_cents) == (C.LOST, 0, 335_000)
    page = browser(house.operator).get(f"/credits-due/{credit.uid}").text
    assert "003-33" in page and "Accorder" not in page
    assert browser(house.operator).post(f"/credits-due/{credit.uid}/acceptance").status_code in (409, 422)
    work()
    assert stored(credit).state is C.LOST and not notes()


def test_a_month_that_is_corrected_gives_the_difference_only(house, browser, at):
    _row, credit = proposed(house, browser, at)
    operator = browser(house.operator)
    lower = EXAMPLE.replace("979", "999").replace("985;", "997;")
    assert measures(operator, lower).status_code == 303
    # What was on the screen is not what is known by now: it is shown anew, and nothing is granted.
    assert operator.post(f"/credits-due/{credit.uid}/acceptance").status_code == 303
    assert stored(credit).state is C.PROPOSED
    work()
    # 99.9 against 99.97 and 99.7 against 99.78: 0.07 + 0.08 points, times 10 x 10 000.
    assert stored(credit).cents == 15_000 and len(credits()) == 1
    assert operator.post(f"/credits-due/{credit.uid}/acceptance").status_code == 303
    at(noon(DECEMBER, 15))
    operator = browser(house.operator)
    assert measures(operator, EXAMPLE.replace("979", "989").replace("985;", "997;")).status_code == 303
    work()
    first, second = credits()
    assert (stored(first).cents, second.part, second.cents, second.state) == (15_000, 2, 100_000, C.PROPOSED)
    at(noon(DECEMBER, 16))
    operator = browser(house.operator)
    assert measures(operator, lower).status_code == 303
    work()
    assert [each.part for each in credits()] == [1]  # nothing more is owed, and nothing is taken back
    assert operator.post(f"/credits-due/{first.uid}/refusal", data={"why": "non"}).status_code in (409, 422)


def test_a_refusal_needs_its_reason_and_is_not_proposed_again(house, browser, at):
    row, credit = proposed(house, browser, at)
    operator, page = browser(house.operator), f"/credits-due/{credit.uid}"
    assert operator.post(f"{page}/refusal", data={"why": " "}).status_code == 422
    assert operator.post(f"{page}/refusal", data={"why": "essai interne"}).status_code == 303
    at(noon(DECEMBER + timedelta(days=1)))
    the_day()
    assert len(credits()) == 1 and stored(credit).state is C.REFUSED
    person = a_user(row.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    assert "essai interne" in browser(person).get(f"/service-levels/{row.uid}?month=2026-11").text


def test_a_month_in_which_nothing_failed_asks_for_no_work(house, browser, at):
    a_cloud(house)
    whole = EXAMPLE.replace("979", "1000").replace("985", "1000")
    at(noon(date(2026, 11, 30)))
    assert measures(browser(house.technician), whole).status_code == 303
    at(noon(DECEMBER, 5))
    set_scope(EVERYTHING)
    begin_the_day()
    db.session.commit()
    tasks = select(Task.ref).where(Task.kind == SETTLE)
    assert not db.session.scalars(tasks).all() and not credits()
