"""One person, one password, several houses: which of them she works for, and what each may do to her."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.factors import must_have_factor
from portal.accounts.models import SignIn, User, is_same_person, memberships_of
from portal.db import db
from portal.mail import Mail
from tests.builders import PASSWORD, House, a_customer, a_user, an_outsider, stored
from tests.people.test_people import link_in, sign_in

Browser = Callable[..., FlaskClient]
ANOTHER = "six girafes bleues"


def invitation(email: str, role: str = "support") -> dict[str, str]:
    return {"email": email, "name": "Léa Roux", "role": role, "language": "fr"}


def membership(email: str, house: object) -> User:
    own = db.select(User).where(User.email == email, User.organisation == house)
    return db.session.scalars(own).one()


@pytest.fixture
def lea(house: House) -> User:
    """She works for the reseller, and has been asked to work for the other one."""
    return house.support


@pytest.fixture
def both(house: House, lea: User) -> User:
    """Her membership in the other house."""
    row = User(organisation=house.other, person=lea.person, name=lea.name, role=Role.SALES)
    row.joined_at = lea.joined_at
    db.session.add(row)
    a_customer(house.reseller, name="Ici SARL")
    a_customer(house.other, name="Ailleurs SARL")
    db.session.commit()
    return row


def test_an_invitation_tells_nobody_whether_the_address_is_known(
    house: House, lea: User, browser: Browser
) -> None:
    other = browser(an_outsider(house))
    pages, mails = [], []
    for email in (lea.email, "inconnue@nulle.example"):
        answer = other.post("/people", data=invitation(email))
        assert answer.status_code == 303
        row = membership(email, house.other)
        page = other.get(f"/people/{row.uid}").text
        mail = db.session.scalars(db.select(Mail).where(Mail.recipient == email)).one()
        for hers, sign in ((email, "@"), (row.uid, "uid"), (link_in(email), "/link"), (mail.uid, "mail")):
            page, mail.body = page.replace(hers, sign), mail.body.replace(hers, sign)
        pages.append(page.split("<main")[1].split("csrf")[0])
        mails.append((mail.subject, mail.body))
    assert pages[0] == pages[1] and mails[0] == mails[1]
    assert "invité" in pages[0]


def test_she_takes_it_up_by_signing_in_and_works_for_one_house_at_a_time(
    house: House, lea: User, browser: Browser
) -> None:
    a_customer(house.reseller, name="Ici SARL")
    a_customer(house.other, name="Ailleurs SARL")
    browser(an_outsider(house)).post("/people", data=invitation(lea.email, "sales"))
    address, page = link_in(lea.email), browser()
    assert "Se connecter pour rejoindre" in page.get(address).text
    assert page.post(address, data={"password": ANOTHER}).headers["Location"] == address
    assert page.post(f"{address}/membership").status_code == 303
    row = membership(lea.email, house.other)
    assert stored(row).joined_at is None  # neither a password nor a click of a stranger joins
    assert browser(house.sales).post(f"{address}/membership").status_code == 303
    assert stored(row).joined_at is None
    assert sign_in(page, lea.email, PASSWORD) == 303
    assert "Ici SARL" in page.get("/customers").text
    assert "Rejoindre" in page.get(address).text
    assert page.post(f"{address}/membership").status_code == 303
    assert stored(row).joined_at is not None
    shown = page.get("/customers").text
    assert "Ailleurs SARL" in shown and "Ici SARL" not in shown
    assert page.get(address).status_code in {404, 410}


def test_with_two_she_says_for_whom_and_the_session_is_another_one(
    house: House, lea: User, both: User, browser: Browser
) -> None:
    page = browser()
    answer = page.post("/login", data={"email": lea.email, "password": PASSWORD, "next": "/vaults"})
    assert answer.headers["Location"].startswith("/memberships?next=")
    choice = page.get(answer.headers["Location"]).text
    assert house.reseller.name in choice and house.other.name in choice
    before = db.session.scalars(db.select(SignIn).where(SignIn.ended_at.is_(None))).one()
    assert page.post(f"/memberships/{both.uid}").status_code == 303
    assert stored(before).ended_at is not None
    after = db.session.scalars(db.select(SignIn).where(SignIn.ended_at.is_(None))).one()
    assert (after.user_id, after.created_at, after.confirmed_at) == (both.id, before.created_at, None)
    assert "Ailleurs SARL" in page.get("/customers").text
    account = page.get("/account").text
    assert f"/memberships/{lea.uid}" in account and house.reseller.name in account
    assert page.post(f"/memberships/{house.sales.uid}").status_code == 404  # nobody else's
    both.is_enabled = False
    db.session.commit()
    page = browser(lea)
    assert page.post(f"/memberships/{both.uid}").status_code == 404
    assert "/memberships/" not in page.get("/account").text


def test_a_house_ends_what_is_its_own_and_leaves_the_rest(
    house: House, lea: User, both: User, browser: Browser
) -> None:
    here, there, owner = browser(lea), browser(both), browser(house.owner)
    assert owner.post(f"/people/{lea.uid}/closing").status_code == 303
    assert here.get("/customers").status_code == 303 and there.get("/customers").status_code == 200
    assert owner.post(f"/people/{lea.uid}/opening").status_code == 303
    ticks = {"in_writing": "y", "identity_checked": "y"}
    for path in ("link", "recovery"):
        answer = owner.post(f"/people/{lea.uid}/{path}", data=ticks)
        assert answer.status_code == 422 and "hors de votre organisation" in answer.text, path
    assert "hors de votre organisation" in owner.get(f"/people/{lea.uid}").text
    assert there.get("/customers").status_code == 200 and not stored(lea).must_choose
    provider = browser(house.operator)  # who sees all of her houses
    assert provider.post(f"/people/{lea.uid}/link", data=ticks).status_code == 303
    assert there.get("/customers").status_code == 303 and stored(both).must_choose


def test_her_own_password_and_name_are_one_in_all_houses(
    house: House, lea: User, both: User, browser: Browser
) -> None:
    here, there = browser(lea), browser(both)
    assert here.post("/account", data={"name": "Léa R.", "language": "en"}).status_code == 303
    assert (stored(both).name, stored(both).language) == ("Léa R.", "en")
    assert here.post("/account/password", data={"old": PASSWORD, "password": ANOTHER}).status_code == 303
    assert here.get("/customers").status_code == 200 and there.get("/customers").status_code == 303
    assert sign_in(browser(), lea.email, ANOTHER) == 303


def test_the_strictest_of_her_houses_decides_on_the_second_factor(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    alone = a_user(a_customer(house.reseller).organisation, Role.CUSTOMER)
    row = User(organisation=house.other, person=alone.person, name="x", role=Role.READER)
    db.session.add(row)
    db.session.commit()
    monkeypatch.setitem(app.config, "SECOND_FACTOR", "required")
    page = browser(alone)
    assert not must_have_factor(alone) and page.get("/vaults").status_code == 200
    row.joined_at = alone.joined_at
    db.session.commit()
    assert must_have_factor(alone)
    assert page.get("/vaults").headers["Location"] == "/account/second-factor"


def test_one_person_with_two_roles_is_not_two_people(house: House, both: User, lea: User) -> None:
    assert is_same_person(lea, both.id) and is_same_person(both, lea.id)
    assert not is_same_person(lea, house.owner.id) and not is_same_person(lea, None)
    assert {each.id for each in memberships_of(lea)} == {lea.id, both.id}
