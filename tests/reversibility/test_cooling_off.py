"""An ordered erasure waits three days, and can be recalled by whoever may ask for the data."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal import clock
from portal.custody.models import AccessState, open_access
from portal.db import db
from portal.journal import SYSTEM
from portal.reversibility.calendar_jobs import begin_erasures
from portal.reversibility.models import CaseState as C
from tests import vaulting
from tests.builders import a_user, stored, work
from tests.reversibility.test_views import ask, pass_code, release, the_case
from tests.vaulting import link_in


@pytest.fixture(autouse=True)
def three_days(app, monkeypatch):
    monkeypatch.setitem(app.config, "ERASE_COOLING_HOURS", 72)


@pytest.fixture
def accepted(browser, owner, subscription, own_vault):
    """The customer wants the vault destroyed, now."""
    ask(owner, subscription, own_vault, reason="destroy")
    path = link_in(vaulting.last_mail(the_case().uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "now"})
    return the_case()


@pytest.fixture
def owner(browser, house):
    return browser(house.owner)


def an_hour() -> None:
    begin_erasures()
    db.session.commit()
    work()


def test_nothing_is_destroyed_before_the_delay_is_over(browser, house, accepted, own_vault, at):
    place, access = Path(own_vault.location), open_access(own_vault, hours=72, by=SYSTEM)
    access.take(by=SYSTEM, address="127.0.0.1")
    db.session.commit()
    ordered_at = clock.now()
    operator = browser(house.operator)
    assert release(operator, accepted).status_code == 303
    assert stored(accepted).state == C.COOLING_OFF
    assert accepted.erase_from == ordered_at + timedelta(hours=72)
    assert stored(access).state == AccessState.REVOKED  # nobody reads while it waits
    told = vaulting.last_mail(accepted.uid)
    assert "commence le" in told.subject and "<" not in told.subject + told.body
    assert release(operator, accepted).status_code == 409
    later = open_access(own_vault, hours=72, by=SYSTEM)  # opened meanwhile
    db.session.commit()
    for hours, state in ((0, C.COOLING_OFF), (71.99, C.COOLING_OFF), (72, C.ERASED)):
        at(ordered_at + timedelta(hours=hours))
        an_hour()
        assert stored(accepted).state == state, hours
        assert place.exists() is (state != C.ERASED)
    assert accepted.certificate_number
    assert stored(later).state == AccessState.REVOKED


@pytest.mark.parametrize("who", ["operator", "owner", "customer"])
def test_the_order_can_be_recalled_and_given_again(browser, house, accepted, own_vault, at, who):
    ordered_at = clock.now()
    release(browser(house.operator), accepted)
    actor = vaulting.a_customer_user(accepted.customer) if who == "customer" else getattr(house, who)
    client = browser(actor)
    assert "Annuler l'effacement" in client.get(f"/reversibility/{accepted.uid}").text
    assert client.post(f"/reversibility/{accepted.uid}/recall").status_code == 303
    assert (stored(accepted).state, accepted.erase_from) == (C.ACCEPTED, None)
    assert client.post(f"/reversibility/{accepted.uid}/recall").status_code == 409
    at(ordered_at + timedelta(hours=80))
    an_hour()
    assert stored(accepted).state == C.ACCEPTED and Path(own_vault.location).exists()
    assert release(browser(house.operator), accepted).status_code == 303
    at(ordered_at + timedelta(hours=160))
    an_hour()
    assert stored(accepted).state == C.ERASED


def test_a_recall_wants_both_people_again(browser, house, accepted, app, monkeypatch):
    monkeypatch.setitem(app.config, "ERASE_ALONE_BYTES", 1_000)
    other = a_user(house.provider, house.operator.role)
    other.email = "autre@portail.example"
    db.session.commit()
    first, second = browser(house.operator), browser(other)
    release(first, accepted)
    release(second, accepted)
    assert stored(accepted).state == C.COOLING_OFF
    first.post(f"/reversibility/{accepted.uid}/recall")
    assert release(second, accepted).status_code == 303
    assert (stored(accepted).state, accepted.first_released_by_id) == (C.ACCEPTED, other.id)


def test_the_order_may_come_early_so_that_the_day_of_the_contract_is_kept(
    browser, house, owner, subscription, own_vault, at
):
    ask(owner, subscription, own_vault, reason="destroy")
    case = the_case()
    path = link_in(vaulting.last_mail(case.uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "later"})
    held_until = stored(case).erasure.value
    too_early = datetime(held_until.year, held_until.month, held_until.day, tzinfo=UTC) - timedelta(hours=74)
    at(too_early)
    assert release(browser(house.operator), case).status_code == 422
    at(too_early + timedelta(hours=2))
    assert release(browser(house.operator), case).status_code == 303
    assert clock.paris_day(stored(case).erase_from) == held_until


def test_a_restore_that_runs_is_waited_for(browser, house, accepted, own_vault, at, monkeypatch):
    release(browser(house.operator), accepted)
    monkeypatch.setattr("portal.reversibility.erasure._restoring", lambda vault: True)
    at(clock.now() + timedelta(hours=73))
    an_hour()
    assert stored(accepted).state == C.COOLING_OFF
    monkeypatch.undo()
