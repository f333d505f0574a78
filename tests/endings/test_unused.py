"""Accounts that nobody uses: offered to a person after the contract's months, told, and ended."""

from collections.abc import Callable
from datetime import date, datetime

from flask.testing import FlaskClient

from portal.db import EVERYTHING, db, set_scope
from portal.endings.models import EndingState
from portal.endings.unused import look_for_unused_accounts
from portal.engine.models import Vault, register_vault
from portal.journal import SYSTEM
from portal.licensing.models import Activation, issue_key
from portal.restore_requests.models import Cause, RestoreKind, RestoreRequest
from portal.subscriptions.models import Subscription, SubscriptionState
from tests.builders import House, stored
from tests.contracts.builders import dobaas, numspot
from tests.dunning.builders import noon
from tests.endings.days import begin, letters, live, the_ending

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
STARTED = {"started_on": date(2025, 1, 10), "billed_before": date(2027, 1, 10)}


def a_vault(row: Subscription, last_backup: date) -> Vault:
    vault = register_vault(row.customer, name="Serveur", location=f"/srv/{row.uid}", subscription_uid=row.uid)
    vault.newest_at, vault.bytes_stored = noon(last_backup), 3_000_000_000
    db.session.commit()
    return vault


def morning(at: At, day: date) -> None:
    at(noon(day))
    set_scope(EVERYTHING)
    look_for_unused_accounts()
    db.session.commit()


def shown(browser: Browser, house: House) -> str:
    return browser(house.operator).get("/").text


def test_003_19_an_account_without_use_is_offered_told_and_ended_three_months_to_the_day(
    house: House, browser: Browser, at: At
) -> None:
    row = numspot(house, **STARTED)
    a_vault(row, date(2025, 11, 30))
    morning(at, date(2026, 11, 30))
    assert "Sans usage depuis" not in shown(browser, house), "twelve months, and not more"
    at(noon(date(2026, 12, 1)))
    morning(at, date(2026, 12, 1))
    page = browser(house.operator).get("/").text
    assert "Sans usage depuis le 30 novembre 2025" in page and "003-19" in page
    address = f"/subscriptions/{row.uid}/ending?cause=inactivity&amp;since_on=2025-11-30"
    assert address in page
    begin(browser(house.operator), row, "inactivity", since_on="2025-11-30")
    found = stored(row)
    assert (found.state, found.ends_on) == (SubscriptionState.NOTICE_GIVEN, date(2027, 3, 1))
    assert letters() == ["end"] and "Sans usage depuis" not in shown(browser, house)
    live(at, date(2027, 2, 28))
    assert the_ending(row).state == EndingState.GIVEN
    live(at, date(2027, 3, 1))
    assert the_ending(row).state == EndingState.CLOSED


def test_a_restore_or_a_machine_that_checks_in_is_a_use(house: House, browser: Browser, at: At) -> None:
    row = numspot(house, **STARTED)
    vault = a_vault(row, date(2025, 11, 30))
    morning(at, date(2026, 12, 1))
    assert stored(row).unused_since == date(2025, 11, 30)
    db.session.add(
        RestoreRequest(
            organisation=row.customer.organisation,
            customer_id=row.customer_id,
            vault_id=vault.id,
            kind=RestoreKind.SIMPLE,
            cause=next(iter(Cause)),
            what="un fichier",
            opening_uid="abcdefghij234567",
        )
    )
    db.session.commit()
    morning(at, date(2026, 12, 2))
    assert stored(row).unused_since is None and "Sans usage depuis" not in shown(browser, house)
    morning(at, date(2027, 12, 2))
    key = issue_key(
        row.customer,
        product="P",
        product_code=1,
        seats=1,
        valid_through=date(2028, 1, 1),
        source_uid=row.order_uid,
        by=SYSTEM,
    )
    db.session.commit()
    assert stored(row).unused_since == date(2026, 12, 1)
    machine = Activation(
        organisation=row.customer.organisation, key_id=key.id, fingerprint="f", hostname="h", license_file=""
    )
    machine.last_seen_at = noon(date(2027, 12, 2))
    db.session.add(machine)
    db.session.commit()
    morning(at, date(2027, 12, 3))
    assert stored(row).unused_since is None


def test_a_person_who_lets_it_be_is_not_asked_again(house: House, browser: Browser, at: At) -> None:
    """And a contract that says nothing of it is never offered."""
    row, other = numspot(house, **STARTED), dobaas(house, name="Autre", siren=None, **STARTED)
    a_vault(row, date(2025, 11, 30))
    a_vault(other, date(2025, 11, 30))
    morning(at, date(2026, 12, 1))
    assert stored(other).unused_since is None
    client = browser(house.operator)
    assert client.get("/").text.count("Sans usage depuis") == 1
    assert "Garder le compte ouvert" in client.get(f"/subscriptions/{row.uid}/ending").text
    assert client.post(f"/subscriptions/{row.uid}/unused").status_code == 303
    morning(at, date(2026, 12, 2))
    assert "Sans usage depuis" not in shown(browser, house)
