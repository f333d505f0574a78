"""A trial lives: signed up, confirmed, tried, warned of, and taken into production or ended."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.access import Role
from portal.billing.models import Charge
from portal.blobs import Document
from portal.customers.merging import merge
from portal.customers.models import Customer, Means
from portal.db import EVERYTHING, db, set_scope
from portal.journal import JournalEntry
from portal.licensing.models import ActivationKey
from portal.signups.jobs import look_at_trials
from portal.signups.models import SignUp, SignUpState, Trial, TrialState
from portal.subscriptions.key_ends import follow_all_keys
from portal.subscriptions.key_waits import look_at_waiting_keys
from portal.subscriptions.models import Order, Subscription
from tests.builders import House, an_outsider, stored, work
from tests.signups.builders import (
    HER,
    ask,
    her_user,
    last_mail_to,
    open_page,
    sign_up,
    the_sign_up,
    the_trial,
)
from tests.terms.builders import a_published

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
MACHINE = {"fingerprint": "a" * 32, "hostname": "caisse"}


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def activate(phone: FlaskClient, key: ActivationKey, **machine: str) -> Any:
    return phone.post("/api/v1/activations", json={"key": key.code, **MACHINE, **machine})


def pay(finance: FlaskClient, amount: str, day: str) -> None:
    order = db.session.scalars(select(Order)).one()
    paid = {"received_on": day, "amount": amount, "reference": "VIR 1"}
    assert finance.post(f"/orders/{order.uid}/payment", data=paid).status_code == 303
    set_scope(EVERYTHING)


def a_day(at: At, day: date) -> None:
    """The duty of a day, and the worker."""
    at(noon(day))
    look_at_trials()
    work()
    set_scope(EVERYTHING)


def test_000_09_a_trial_is_signed_up_for_tried_warned_of_ordered_and_paid(
    house: House, browser: Browser, at: At
) -> None:
    """000-09: an identifier, an access, accepted terms, a free key; then production with the same key."""
    product, phone = open_page(house), browser()
    assert 'href="/sign-up"' in phone.get("/login").text
    assert ask(phone, product).location == "/sign-up/sent"
    assert db.session.scalars(select(Customer)).all() == [] and the_sign_up().state == SignUpState.PENDING
    token = sign_up(browser(), product)
    assert "Votre essai a commencé" in browser().get(f"/sign-up/{token}").text
    trial, customer = the_trial(), db.session.scalars(select(Customer)).one()
    assert (customer.reseller_id, customer.siren) == (house.reseller.id, "404833048")
    assert [row.means for row in customer.acceptances] == [Means.CODE]
    assert db.session.scalars(select(Document).where(Document.kind == "terms_evidence")).one()
    assert (trial.started_on, trial.ends_on) == (date(2026, 11, 23), date(2026, 12, 23))
    assert trial.terms_versions and trial.key.code in last_mail_to(HER, "trial").body
    assert her_user().role == Role.CUSTOMER and her_user().organisation_id == customer.organisation_id
    key = trial.key
    assert (key.seats, key.valid_through) == (2, date(2026, 12, 23))
    assert activate(phone, key).status_code == 201
    for person in (house.sales, her_user()):
        page = browser(person).get(f"/trials/{trial.uid}").text
        assert "23 déc. 2026" in page and "jamais facturé" in page
    assert f"/trials/{trial.uid}" in browser(house.sales).get(f"/customers/{customer.uid}").text
    a_day(at, date(2026, 12, 15))
    assert last_mail_to(HER, "trial_ends") is None
    a_day(at, date(2026, 12, 16))
    assert "23 décembre 2026" in last_mail_to(HER, "trial_ends").body
    at(datetime(2026, 12, 16, 12, tzinfo=UTC))
    client, way = browser(her_user()), f"/trials/{trial.uid}/production"
    wanted = {"quantity": "3", "method": "wire"}
    assert "se termine" in client.get("/").text
    assert client.post(way, data=wanted).status_code == 303
    order = db.session.scalars(select(Order)).one()
    assert stored(key).valid_through == date(2026, 12, 23) and order.proforma is not None
    assert client.post(way, data=wanted).status_code == 422
    at(datetime(2026, 12, 18, 9, tzinfo=UTC))
    pay(browser(house.finance), "179,64", "2026-12-18")
    subscription = db.session.scalars(select(Subscription)).one()
    trial = stored(trial)
    assert (trial.state, trial.produced_on) == (TrialState.PRODUCTION, date(2026, 12, 18))
    assert subscription.started_on == date(2026, 12, 18)
    (kept,) = db.session.scalars(select(ActivationKey)).all()
    assert kept.uid == key.uid and (kept.seats, kept.seats_used) == (3, 1)
    a_day(at, date(2027, 6, 1))
    assert activate(phone, stored(key)).headers["Idempotent-Replay"] == "true"
    assert stored(key).valid_through == date(2027, 12, 17)
    assert last_mail_to(HER, "trial_ended") is None


def test_a_trial_that_nobody_orders_ends_by_itself_and_is_never_billed(
    house: House, browser: Browser, at: At
) -> None:
    product, phone = open_page(house), browser()
    sign_up(phone, product)
    trial = the_trial()
    key = trial.key
    assert activate(phone, key).status_code == 201
    a_day(at, date(2026, 12, 23))
    assert activate(phone, key, fingerprint="b" * 32).status_code == 201
    at(noon(date(2026, 12, 24)))
    answer = activate(phone, key)
    assert answer.status_code == 410 and "EXPIRED" in answer.text
    for _twice in range(2):
        a_day(at, date(2026, 12, 24))
    assert stored(trial).state == TrialState.ENDED
    assert "ne devez rien" in last_mail_to(HER, "trial_ended").body
    ends = select(func.count()).select_from(JournalEntry).where(JournalEntry.what == "end")
    assert db.session.scalar(ends) == 1
    assert (
        db.session.scalars(select(Charge)).all() == []
        and db.session.scalars(select(Subscription)).all() == []
    )
    assert "essai terminé" in browser(house.sales).get(f"/trials/{trial.uid}").text
    a_day(at, date(2027, 1, 4))  # and she comes after all
    data = {"quantity": "2", "method": "wire"}
    assert browser(her_user()).post(f"/trials/{trial.uid}/production", data=data).status_code == 303
    pay(browser(house.finance), "119,76", "2027-01-04")
    assert stored(trial).state == TrialState.PRODUCTION
    assert activate(phone, stored(key)).headers["Idempotent-Replay"] == "true"


def test_a_trial_is_extended_once_with_a_reason(house: House, browser: Browser, at: At) -> None:
    product, phone = open_page(house), browser()
    sign_up(phone, product)
    trial, client = the_trial(), browser(house.sales)
    a_day(at, date(2026, 12, 17))
    client = browser(house.sales)
    more = {"days": "10", "reason": "Le serveur arrive en janvier"}
    assert client.post(f"/trials/{trial.uid}/extension", data={**more, "reason": ""}).status_code == 422
    assert client.post(f"/trials/{trial.uid}/extension", data=more).status_code == 303
    assert stored(trial).ends_on == date(2027, 1, 2) and stored(trial.key).valid_through == date(2027, 1, 2)
    assert client.post(f"/trials/{trial.uid}/extension", data=more).status_code == 422
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.what == "extend")).one()
    assert (entry.details["reason"], entry.by_label) == (more["reason"], house.sales.label)
    assert browser(her_user()).post(f"/trials/{trial.uid}/extension", data=more).status_code == 403
    a_day(at, date(2026, 12, 26))
    assert "2 janvier 2027" in last_mail_to(HER, "trial_ends").body


def test_one_trial_per_customer_offer_and_address(house: House, browser: Browser, at: At) -> None:
    """The same address learns it by a mail alone; another one of the same company waits for a person."""
    product, phone = open_page(house), browser()
    sign_up(phone, product)
    assert ask(phone, product, siren="552100554", name="Autre").location == "/sign-up/sent"
    assert the_sign_up().typed["name"] == "Boutique Léa"
    assert "ne s'essaie qu'une fois" in " ".join(last_mail_to(HER, "known").body.split())
    sign_up(phone, product, **{"billing-email": "autre@boutique.example"})
    row = the_sign_up()
    assert row.state == SignUpState.OPEN and "déjà votre client" in row.held_because
    assert db.session.scalar(select(func.count(Trial.id))) == 1
    page = browser(house.sales).get(f"/sign-ups/{row.uid}").text
    assert row.held_because.split("'")[0] in page and "autre@boutique.example" in page


def test_a_consumer_who_pays_waits_for_the_end_of_her_delay(house: House, browser: Browser, at: At) -> None:
    """000-36: until then the key that she tried ends as it did; then the same one is the paid one."""
    sign_up(browser(), open_page(house), kind="consumer", siren="", name="Léa Roux")
    trial = the_trial()
    at(noon(date(2026, 12, 20)))
    way, wanted = f"/trials/{trial.uid}/production", {"quantity": "2", "method": "wire"}
    assert browser(her_user()).post(way, data=wanted).status_code == 303
    pay(browser(house.finance), "119,76", "2026-12-20")
    at(noon(date(2026, 12, 22)))
    follow_all_keys()
    assert stored(trial.key).valid_through == date(2026, 12, 23)
    at(noon(date(2026, 12, 24)))
    assert activate(browser(), trial.key).status_code == 410
    set_scope(EVERYTHING)
    at(noon(date(2027, 1, 6)))
    look_at_waiting_keys()
    work()
    set_scope(EVERYTHING)
    (key,) = db.session.scalars(select(ActivationKey)).all()
    assert key.uid == trial.key_uid and key.valid_through == date(2027, 12, 19)


def test_doubles_who_both_tried_become_one_customer(house: House, browser: Browser) -> None:
    product = open_page(house)
    other = {"billing-email": "lea.roux@boutique.example", "siren": "", "kind": "consumer"}
    for typed in ({}, other):
        sign_up(browser(), product, **typed)
    kept, gone = db.session.scalars(select(Customer).order_by(Customer.id)).all()
    merge(kept, gone, by=house.owner)
    db.session.commit()
    assert {row.customer_id for row in db.session.scalars(select(Trial))} == {kept.id}
    assert {row.customer_id for row in db.session.scalars(select(SignUp))} == {kept.id}


def test_other_terms_in_force_are_accepted_before_production(house: House, browser: Browser, at: At) -> None:
    product, phone = open_page(house), browser()
    sign_up(phone, product)
    trial = the_trial()
    pinned = trial.terms_versions
    a_published(house, date(2026, 12, 15))
    at(noon(date(2026, 12, 16)))
    data = {"quantity": "2", "method": "wire"}
    assert browser(her_user()).post(f"/trials/{trial.uid}/production", data=data).status_code == 303
    set_scope(EVERYTHING)
    assert db.session.scalars(select(Order)).all() == [] and stored(trial).terms_versions == pinned
    assert db.session.scalar(select(func.count()).where(Trial.order_uid != "")) == 0


def test_a_trial_is_nobody_elses(house: House, browser: Browser) -> None:
    sign_up(browser(), open_page(house))
    trial, row = the_trial(), the_sign_up()
    stranger = browser(an_outsider(house))
    for path in (f"/trials/{trial.uid}", f"/sign-ups/{row.uid}"):
        assert stranger.get(path).status_code == 404
    assert "Boutique" not in stranger.get("/trials").text + stranger.get("/sign-ups").text
    more = {"days": "10", "reason": "x"}
    assert stranger.post(f"/trials/{trial.uid}/extension", data=more).status_code == 404
    assert browser(house.reader).post(f"/trials/{trial.uid}/extension", data=more).status_code == 403
