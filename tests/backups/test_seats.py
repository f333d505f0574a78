"""Seats become fewer than the machines that hold them: a week of grace, then the latest lose theirs."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

from flask.testing import FlaskClient

from portal import jobs
from portal.access import Role
from portal.backups.gaps import GapKind, GapState, UsageGap
from portal.db import EVERYTHING, db, set_scope
from portal.licensing.models import Activation, ActivationKey
from portal.mail import Mail
from portal.subscriptions.models import Subscription
from tests.builders import House, a_user, an_outsider, stored, work
from tests.changes.test_changes import a_year, bill, change, live, one
from tests.licensing.test_machines import ask, state

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def a_year_of_three_machines_cut_to_one(house: House, browser: Browser, at: At) -> Subscription:
    """Three machines came one after the other; from 23 November 2027 on one licence is paid."""
    subscription = a_year(house)
    key = one(ActivationKey)
    for number, machine in enumerate(("m1", "m2", "m3")):
        at(datetime(2027, 5, 20 + number, 9, tzinfo=UTC))
        assert ask(browser(), "activations", key, machine).status_code == 201
    owner = browser(house.owner)
    page = owner.get(f"/subscriptions/{subscription.uid}/change?kind=seats&quantity=1").text
    assert "2 machines activées n'auront plus de poste" in unescape(page)
    assert change(owner, subscription, kind="seats", quantity=1).status_code == 303
    at(datetime(2027, 11, 23, 8, tzinfo=UTC))
    bill("2027-11")
    paid(key)
    return subscription


def paid(key: ActivationKey) -> None:
    """Another year of it: what a period pays for is told by test_key_ends."""
    key.valid_through = date(2028, 11, 22)
    db.session.commit()


def the_duties_of(at: At, instant: datetime) -> None:
    at(instant)
    set_scope(EVERYTHING)
    jobs.run_periodic()
    work()
    set_scope(EVERYTHING)


def mails(kind: str) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(db.select(Mail).where(Mail.kind == kind).order_by(Mail.id)))


def the_machines(key: ActivationKey) -> list[str]:
    set_scope(EVERYTHING)
    query = db.select(Activation.fingerprint).where(
        Activation.key_id == key.id, Activation.released_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(Activation.fingerprint)))


def test_000_58_the_latest_machines_lose_their_seats_a_week_after_both_houses_were_told(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year_of_three_machines_cut_to_one(house, browser, at)
    key = one(ActivationKey)
    live(at, 2027, 11, 23)
    for hour in (10, 11, 12):  # nobody is told twice
        the_duties_of(at, datetime(2027, 11, 23, hour, tzinfo=UTC))
    paid(key)
    assert (stored(key).seats, key.seats_used, key.over_since) == (1, 3, date(2027, 11, 23))
    (told,) = mails("backups/mail_seats")
    assert "30 novembre 2027" in told.body and f"/keys/{key.uid}" in told.body
    assert key.code not in told.body
    assert {mail.recipient for mail in mails("backups/mail_seats_staff")} == {
        house.owner.email,
        house.support.email,
    }
    lines = browser(house.support).get("/today.json").json["todo"]
    assert [line["due"] for line in lines if line["kind"] == "key.seats"] == ["2027-11-30"]
    assert "Machines de trop" not in browser(an_outsider(house)).get("/").text
    assert key.masked in browser(house.support).get("/keys?state=key_above").text
    assert "2 machines de trop" in browser(house.owner).get(f"/keys/{key.uid}").text
    live(at, 2027, 11, 29)
    for machine in ("m1", "m2", "m3"):
        assert ask(browser(), "heartbeats", key, machine).status_code == 200, "still backed up in that week"
        assert state(browser(), key, machine) == "TOO_MANY_MACHINES"
    assert the_machines(key) == ["m1", "m2", "m3"] and mails("backups/mail_seats_lost") == []
    live(at, 2027, 11, 30)
    assert (stored(key).seats_used, key.over_since) == (1, None)
    assert the_machines(key) == ["m1"], "the last in is the first out"
    assert (state(browser(), key, "m1"), state(browser(), key, "m3")) == ("VALID", "NO_MACHINE")
    assert ask(browser(), "heartbeats", key, "m3").json["error"]["code"] == "NOT_ACTIVATED"
    (lost,) = mails("backups/mail_seats_lost")
    assert lost.body.count("\n- ") == 2
    assert len(mails("backups/mail_seats_staff")) == 4
    gap = one(UsageGap)
    assert (gap.kind, gap.used, gap.contracted, gap.state) == (GapKind.SEATS, 3, 1, GapState.OPEN)
    assert gap.subscription_id == subscription.id


def test_a_machine_that_is_released_in_the_week_ends_it(house: House, browser: Browser, at: At) -> None:
    a_year_of_three_machines_cut_to_one(house, browser, at)
    key = one(ActivationKey)
    live(at, 2027, 11, 23)
    the_duties_of(at, datetime(2027, 11, 23, 10, tzinfo=UTC))
    paid(key)
    assert stored(key).over_since == date(2027, 11, 23)
    customer = a_user(key.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    at(datetime(2027, 11, 26, 9, tzinfo=UTC))
    key.releases = ["2027-10-01", "2027-10-02"]  # the number of the year is used up
    db.session.commit()
    hers = browser(customer)
    for machine in ("m1", "m2"):
        set_scope(EVERYTHING)
        row = db.session.scalars(db.select(Activation).where(Activation.fingerprint == machine)).one()
        assert hers.post(f"/keys/{key.uid}/machines/{row.uid}/release").status_code == 303
    set_scope(EVERYTHING)
    assert (stored(key).over_since, key.seats_used) == (None, 1)
    live(at, 2027, 12, 1)
    assert the_machines(key) == ["m3"] and mails("backups/mail_seats_lost") == []
    assert db.session.scalars(db.select(UsageGap)).all() == []


def test_seats_that_are_bought_in_the_week_end_it(house: House, browser: Browser, at: At) -> None:
    subscription = a_year_of_three_machines_cut_to_one(house, browser, at)
    key = one(ActivationKey)
    live(at, 2027, 11, 23)
    the_duties_of(at, datetime(2027, 11, 23, 10, tzinfo=UTC))
    paid(key)
    assert stored(key).over_since == date(2027, 11, 23)
    more = change(browser(house.owner), subscription, kind="seats", quantity=4, when="now")
    assert more.status_code == 303
    live(at, 2027, 11, 24)
    assert (stored(key).seats, key.over_since) == (4, None)
    live(at, 2027, 12, 1)
    assert the_machines(key) == ["m1", "m2", "m3"]
