"""One's own address: confirmed from its mailbox, told to the former one, stopped from there."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.models import User
from portal.db import db
from portal.mail import Mail
from tests.builders import PASSWORD, House, an_outsider, stored
from tests.people.test_people import link_in, sign_in

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
NEW = "lea@nouveau.example"


def mailed(email: str) -> list[str]:
    query = db.select(Mail).where(Mail.recipient == email).order_by(Mail.id)
    return [address for mail in db.session.scalars(query) for address in re.findall(r"/email/\S+", mail.body)]


@pytest.fixture
def changed(house: House, browser: Browser) -> FlaskClient:
    page = browser(house.sales)
    assert page.post("/account/email", data={"email": NEW.upper()}).status_code == 303
    [address] = mailed(NEW)
    stranger = browser()
    assert stranger.get(address).status_code == 200
    assert stored(house.sales).email != NEW  # a scanner that opens the link changes nothing
    assert page.post(address).status_code == 303
    return page


def test_the_new_address_signs_in_and_sessions_of_elsewhere_end(house: House, browser: Browser) -> None:
    here, there, old = browser(house.sales), browser(house.sales), house.sales.email
    here.post("/account/email", data={"email": NEW})
    assert here.post(mailed(NEW)[0]).status_code == 303
    assert here.get("/customers").status_code == 200 and there.get("/customers").status_code == 303
    assert sign_in(browser(), old, PASSWORD) == 422 and sign_in(browser(), NEW, PASSWORD) == 303
    assert browser().post(mailed(NEW)[0]).status_code == 410  # it served once


def test_the_former_address_stops_it_within_three_days(
    house: House, changed: FlaskClient, browser: Browser, at: At
) -> None:
    [old] = [mail.recipient for mail in db.session.scalars(db.select(Mail)) if "/stop/" in mail.body]
    [stop] = mailed(old)
    changed.post("/account/email", data={"email": "plus@loin.example"})  # who took it goes further
    [further] = mailed("plus@loin.example")
    assert changed.post(further).status_code == 303
    [their_stop] = [each for each in mailed(NEW) if "/stop/" in each]
    browser(an_outsider(house)).post(
        "/people", data={"email": old, "name": "X Y", "role": "sales", "language": "fr"}
    )
    at(clock.now() + timedelta(days=2))
    page = browser()
    assert page.get(stop).status_code == 200 and page.post(stop).status_code == 200
    person = stored(house.sales)
    assert person.email == old and person.must_choose
    assert changed.get("/customers").status_code == 303
    assert browser().post(their_stop).status_code == 410  # the thief's own link stops nothing any more
    at(clock.now() + timedelta(minutes=1))
    assert page.post(link_in(old), data={"password": "six girafes bleues"}).status_code == 303
    assert sign_in(page, old, "six girafes bleues") == 303


def test_after_three_days_it_stays(house: House, changed: FlaskClient, browser: Browser, at: At) -> None:
    stop = next(
        address
        for mail in db.session.scalars(db.select(Mail))
        for address in mailed(mail.recipient)
        if "/stop/" in address
    )
    at(clock.now() + timedelta(days=3))
    assert browser().post(stop).status_code == 410
    assert stored(house.sales).email == NEW


def test_a_taken_address_answers_like_a_free_one(house: House, browser: Browser) -> None:
    taken = an_outsider(house)
    page = browser(house.sales)
    answers = [page.post("/account/email", data={"email": email}) for email in (taken.email, NEW)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    kinds = [mail.kind for mail in db.session.scalars(db.select(Mail).order_by(Mail.id))]
    assert kinds == ["people/mail_email", "people/mail_email"] and mailed(taken.email) == []
    assert page.post("/account/email", data={"email": house.sales.email}).status_code == 422
    page.post("/account/email", data={"email": "c@c.example"})
    assert "réessayez dans une heure" in page.post("/account/email", data={"email": "d@d.example"}).text


def test_it_is_asked_who_is_there_first(house: House, browser: Browser) -> None:
    answer = browser(house.sales, confirmed=False).post("/account/email", data={"email": NEW})
    assert 'name="confirm-password"' in answer.text and mailed(NEW) == []
    assert db.session.scalars(db.select(User).where(User.email == NEW)).first() is None
