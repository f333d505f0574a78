"""A second factor that is lost: two people let her in again, and never one alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.factors import Passkey, has_factor
from portal.accounts.models import User
from portal.db import db
from portal.journal import JournalEntry
from portal.mail import Mail
from portal.people.recovery import FactorRecovery, RecoveryState, lapse_recoveries
from tests.builders import House, an_outsider, stored
from tests.conftest import MONDAY
from tests.people.test_people import link_in, sign_in

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def who_lost_it(house: House) -> User:
    user = house.sales
    values = {"name": "Clé", "credential_id": user.uid, "public_key": ""}
    db.session.add(Passkey(person_id=user.person_id, **values))
    db.session.commit()
    return user


def answer(client: FlaskClient, user: User, word: str) -> int:
    return client.post(f"/people/{user.uid}/recovery/answer", data={"answer": word}).status_code


def told(user: User) -> list[str]:
    return [
        mail.subject.partition(": ")[2]
        for mail in db.session.scalars(db.select(Mail).order_by(Mail.id))
        if mail.recipient == user.email and mail.kind == "accounts/mail_lost"
    ]


def test_two_people_let_her_in_again(house: House, browser: Browser) -> None:
    user, ask = who_lost_it(house), f"/people/{house.sales.uid}/recovery"
    hers, owner, operator = browser(user), browser(house.owner), browser(house.operator)
    second = stored(house.support)
    second.role = Role.OWNER
    stranger = an_outsider(house)
    db.session.commit()
    assert hers.post(ask).status_code == 403
    assert browser(stranger).post(ask).status_code == 404
    assert browser(house.owner, confirmed=False).post(ask).status_code == 200  # she is asked who she is
    assert stored(user) and not db.session.scalars(db.select(FactorRecovery)).all()
    assert owner.post(ask).status_code == 303
    assert operator.post(ask).status_code == 422  # one waits already
    assert answer(owner, user, "agree") == 422  # never who has asked
    assert answer(browser(stranger), user, "agree") == 404
    assert "Répondre" in browser(second).get("/").text and "Répondre" not in owner.get("/").text
    assert hers.get("/customers").status_code == 200  # nothing has changed for her so far
    assert answer(browser(second), user, "agree") == 303
    assert hers.get("/customers").status_code == 303 and not has_factor(stored(user))
    assert answer(operator, user, "agree") == 404  # once
    page = browser()
    assert page.post(link_in(user.email), data={"password": "quatre chevaux verts"}).status_code == 303
    assert sign_in(page, user.email) == 303 and page.get("/customers").status_code == 200
    entry = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "reset_factors")).one()
    assert (entry.by_label, entry.details["asked_by"]) == (second.name, house.owner.name)
    assert told(user) == ["une demande est faite pour vous", "entrez de nouveau"]


def test_nobody_decides_of_her_own_and_a_refusal_changes_nothing(house: House, browser: Browser) -> None:
    user = who_lost_it(house)
    user.role = Role.OWNER
    db.session.commit()
    hers, owner = browser(user), browser(house.owner)
    assert hers.post(f"/people/{user.uid}/recovery").status_code == 422
    assert hers.post(f"/people/{house.owner.uid}/recovery").status_code == 422  # she has no factor to lose
    assert owner.post(f"/people/{user.uid}/recovery").status_code == 303
    assert answer(hers, user, "agree") == 422 and answer(hers, user, "refuse") == 422
    assert answer(browser(house.operator), user, "refuse") == 303
    assert has_factor(stored(user)) and hers.get("/customers").status_code == 200
    assert told(user)[-1] == "la demande est refusée"


def test_what_nobody_answers_lapses_after_three_days(house: House, browser: Browser, at: At) -> None:
    user = who_lost_it(house)
    assert browser(house.owner).post(f"/people/{user.uid}/recovery").status_code == 303
    at(MONDAY + timedelta(days=2, hours=23))
    lapse_recoveries()
    row = db.session.scalars(db.select(FactorRecovery)).one()
    assert row.state == RecoveryState.ASKED
    at(MONDAY + timedelta(days=3))
    assert answer(browser(house.operator), user, "agree") == 422  # before the duty runs, too
    lapse_recoveries()
    db.session.commit()
    assert stored(row).state == RecoveryState.LAPSED and has_factor(stored(user))
    assert told(user)[-1] == "la demande est close"
