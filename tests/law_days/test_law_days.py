"""The day on which the law changes: found before, both answers side by side, letters, closed after."""

from datetime import date, datetime
from html import unescape
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal import jobs
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM, record
from portal.law_days.jobs import look_at_the_days
from portal.law_days.models import LawDay, LawDayContract
from portal.law_days.telling import letters_of, write_to
from portal.mail import Mail
from tests.builders import stored, work
from tests.contracts.builders import a_subscription, dobaas, dropcloud, natso
from tests.terms.builders import a_published

PARIS = ZoneInfo("Europe/Paris")
EVE = "11 janvier 2027"
OF_JANUARY = select(LawDay).where(LawDay.key == "law:2027-01-12")


def noon(*day: int) -> datetime:
    return datetime(*day, 12, tzinfo=PARIS)


def spaced(text: str) -> str:
    """With plain spaces."""
    return " ".join(text.split())


def the_day() -> None:
    set_scope(EVERYTHING)
    look_at_the_days()
    work()
    set_scope(EVERYTHING)


def letters() -> list[Mail]:
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.kind == "law_days/mail_change").order_by(Mail.id)
    return list(db.session.scalars(query))


def test_12_january_2027_is_found_sixty_days_before_and_each_contract_shows_both_answers(house, browser, at):
    hers, same = dobaas(house), natso(house, name="Pareil", siren=None)
    at(noon(2026, 11, 12))
    the_day()
    assert db.session.scalar(OF_JANUARY) is None  # sixty-one days before
    at(noon(2026, 11, 13))
    the_day()
    (day,) = db.session.scalars(OF_JANUARY)
    assert day.day.isoformat() == "2027-01-12" and day.looked_at is not None
    (row,) = db.session.scalars(select(LawDayContract))
    assert row.subscription_id == hers.id and same.id != hers.id
    client = browser(house.operator)
    assert "law_days.day" in [each["kind"] for each in client.get("/today.json").json["todo"]]
    assert f"/law-days/{day.uid}" in client.get("/law-days").text
    listed = unescape(client.get(f"/law-days/{day.uid}").text)
    assert "Frais de réversibilité : au plus 1 500,00 €" in spaced(listed)
    assert "Frais de réversibilité : 0,00 €" in spaced(listed) and "−1 500,00 €" in spaced(listed)
    one = unescape(client.get(f"/law-days/contracts/{row.uid}").text)
    assert EVE in one and "12 janvier 2027" in one and "2023/2854, art. 29" in one
    assert "Sa lettre, prête à partir" in one and "Vous n'avez rien à faire" in one
    file = client.get(f"/lists/law-day-contracts/file.csv?uid={day.uid}")
    assert "-1500,00" in file.text and hers.customer.name in file.text
    assert browser(house.owner).get(f"/law-days/{day.uid}").status_code == 403


def test_a_price_that_only_a_remark_tells_of_stands_on_the_list_and_in_the_letter(house, browser, at):
    dropcloud(house)  # a physical medium is billed until the day (001-22)
    at(noon(2026, 12, 1))
    the_day()
    (row,) = db.session.scalars(select(LawDayContract))
    client = browser(house.operator)
    listed = spaced(unescape(client.get(f"/law-days/{row.law_day.uid}").text))
    assert "seule la remise sur un support physique" in listed and "0,00 €" in listed
    one = spaced(unescape(client.get(f"/law-days/contracts/{row.uid}").text))
    assert "La veille : 001-22" in one and "Frais de réversibilité, ce jour-là : 0,00 €" in one


def test_new_terms_are_compared_contract_by_contract_and_on_the_page_of_a_subscription(house, browser, at):
    at(noon(2026, 12, 1))
    hers = natso(house)
    longer = '"plan.annual.notice_months" = { unit = "months", value = 4, clause = "000-55", article = "17" }'
    version = a_published(
        house, date(2027, 1, 20), "000", "000-2027", longer, without="plan.annual.notice_months"
    )
    the_day()
    (day,) = db.session.scalars(select(LawDay).where(LawDay.version == "000-2027"))
    client = browser(house.operator)
    assert f"/law-days/{day.uid}" in client.get(f"/terms/{version.version}").text
    page = f"/subscriptions/{hers.uid}/versions"
    assert page in client.get(f"/subscriptions/{hers.uid}").text
    assert page not in browser(house.owner).get(f"/subscriptions/{hers.uid}").text
    told = spaced(unescape(client.get(page).text))
    assert "000-2027" in told and "Dernier jour pour donner congé" in told
    assert client.get(f"{page}?version=004-2026").status_code == 404
    assert client.post(f"/law-days/{day.uid}/letters").status_code == 422  # terms have notices of their own


def test_letters_leave_when_a_person_says_so_once_each_and_the_day_is_closed_with_them(house, browser, at):
    hers = dobaas(house, language="en")
    at(noon(2026, 12, 1))
    the_day()
    (day,) = db.session.scalars(select(LawDay))
    assert not letters()
    client = browser(house.operator)
    assert client.post(f"/law-days/{day.uid}/letters").status_code == 303
    work()
    (mail,) = letters()
    assert mail.recipient == hers.customer.contact("signatory").email and mail.sent_at is not None
    assert "12 January 2027" in mail.body and "€0.00" in mail.body
    again = client.post(f"/law-days/{day.uid}/letters")
    assert again.status_code == 422 and "Aucune lettre ne reste" in again.text
    a_subscription(house, hers.product, name="Arrivé depuis", siren=None)
    at(noon(2026, 12, 2))
    the_day()
    client = browser(house.operator)
    assert client.post(f"/law-days/{day.uid}/letters").status_code == 303
    work()
    assert len(letters()) == 2
    at(noon(2027, 1, 12))
    the_day()
    closed = stored(day)
    assert (closed.state, closed.concerned, closed.lettered) == ("law_day_closed", 2, 2)
    client = browser(house.operator)
    assert "law_days.day" not in [each["kind"] for each in client.get("/today.json").json["todo"]]
    late = client.post(f"/law-days/{day.uid}/letters")
    assert late.status_code == 422 and "Ce jour est passé" in late.text
    assert len(letters()) == 2 and jobs.drain() == 0


def test_a_worker_that_falls_between_two_letters_goes_on_behind_the_last_one(house, browser, at):
    first = dobaas(house)
    for number in range(2):
        a_subscription(house, first.product, name=f"Autre {number}", siren=None)
    at(noon(2026, 12, 1))
    the_day()
    (day,) = db.session.scalars(select(LawDay))
    assert browser(house.operator).post(f"/law-days/{day.uid}/letters").status_code == 303
    set_scope(EVERYTHING)
    rows = letters_of(day, 0)
    assert write_to(rows[0])
    db.session.commit()  # its step was kept
    assert write_to(rows[1])
    db.session.rollback()  # this one was not
    work()
    told = [mail.subject_uid for mail in letters()]
    assert len(told) == len(set(told)) == 3


def test_all_are_asked_every_seventh_day_and_in_between_those_alone_that_something_happened_to(house, at):
    quiet = dobaas(house)
    moved = a_subscription(house, quiet.product, name="Autre", siren=None)
    at(noon(2026, 12, 1))
    the_day()
    rows = select(LawDayContract.subscription_id).order_by(LawDayContract.subscription_id)
    assert db.session.scalars(rows).all() == [quiet.id, moved.id]
    at(noon(2026, 12, 16))
    the_day()  # a fortnight without a worker: all are asked again
    for row in db.session.scalars(select(LawDayContract)).all():
        db.session.delete(row)  # were they asked, they would be found again
    db.session.commit()
    at(noon(2026, 12, 18))
    record(moved, "note", by=SYSTEM)
    db.session.commit()
    at(noon(2026, 12, 19))
    the_day()
    assert db.session.scalars(rows).all() == [moved.id]
    at(noon(2026, 12, 22))  # three weeks before
    the_day()
    assert db.session.scalars(rows).all() == [quiet.id, moved.id]
