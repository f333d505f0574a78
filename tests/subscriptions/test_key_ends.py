"""A key lives as long as its contract is paid: renewed, debited, withdrawn from, suspended, ended."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient

from portal import clock, jobs
from portal.billing.models import Invoice, InvoiceState
from portal.billing.payment_rules import Payment
from portal.billing.run import start_run
from portal.catalogue.models import Method, Plan
from portal.customers.models import CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection
from portal.sepa.models.mandate import find_usable_mandate
from portal.subscriptions.key_issue import issue_keys
from portal.subscriptions.key_lists import state_of
from portal.subscriptions.mandates import start_mandated
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, stored, work
from tests.sepa.people import freeze_batch
from tests.sepa.signed import sign_now
from tests.sepa.test_returns import back, book
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def one(model: Any) -> Any:
    return db.session.scalars(db.select(model).order_by(model.id.desc()).limit(1)).one()


def live(at: At, *day: int) -> None:
    """Every duty of that morning, and what the worker does of it."""
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    jobs.run_periodic()
    set_scope(EVERYTHING)
    db.session.commit()
    work()


def bill(month: str) -> Invoice:
    start_run(one(LegalEntity), month, by=SYSTEM)
    work()
    return one(Invoice)  # type: ignore[no-any-return]


def a_year(house: House, **values: Any) -> ActivationKey:
    """NATSO, three licences a year from 23 November 2026 on, paid by wire."""
    order = place_order(a_customer(house.reseller, **values), a_product(house), 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=17_964, reference="V1", by=SYSTEM)
    db.session.commit()
    return one(ActivationKey)  # type: ignore[no-any-return]


def a_consumers_year(house: House) -> None:
    buyer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None)
    order = place_order(buyer, a_product(house), 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=17_964, reference="V1", by=SYSTEM)


def sent_at_once() -> ActivationKey:
    (key,) = issue_keys(one(Order), one(Subscription), Payment.VALIDATED, by=SYSTEM)
    db.session.commit()
    return key


def debited(house: House, stack: str = "dropcloud") -> ActivationKey:
    """A key a month under a signed mandate."""
    customer = a_customer(house.reseller, accepted=stack, name="Payeuse", siren="404833048")
    sign_now(customer, one(LegalEntity))
    product = a_product(
        house, code=f"{stack}-M", terms_stack=stack, plan=Plan.MONTHLY, billing_months=1, unit_cents=600
    )
    order = place_order(customer, product, 2, Method.DIRECT_DEBIT, by=SYSTEM)
    start_mandated(order, find_usable_mandate(customer, order.legal_entity, clock.today()), by=SYSTEM)
    db.session.commit()
    return one(ActivationKey)  # type: ignore[no-any-return]


def activate(client: FlaskClient, key: ActivationKey, machine: str = "m1") -> tuple[int, str]:
    answer = client.post("/api/v1/activations", json={"key": key.code, "fingerprint": machine})
    return answer.status_code, answer.json.get("error", {}).get("code", "")


def test_000_56_a_renewed_key_works_in_its_second_year_once_it_is_paid(
    house: House, browser: Browser, at: At
) -> None:
    key = a_year(house)
    assert key.valid_through == date(2027, 11, 22)
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    invoice = bill("2027-11")
    assert (invoice.state, stored(key).valid_through) == (InvoiceState.ISSUED, date(2027, 11, 22))
    assert activate(browser(), key) == (201, ""), "not paid yet: grace"
    wire = {"on": "2027-11-23", "reference": "V2"}
    assert (
        browser(house.finance).post(f"/billing/invoices/{invoice.uid}/payment", data=wire).status_code == 303
    )
    assert stored(key).valid_through == date(2028, 11, 22)
    live(at, 2028, 9, 1)
    assert activate(browser(), key, "m2") == (201, "")
    page = browser(house.owner).get("/keys").text
    assert "22 nov. 2028" in page


def test_000_56_the_first_file_of_a_machine_has_the_grace_behind_its_year(
    house: House, browser: Browser, at: At
) -> None:
    key = a_year(house)
    said = {"key": key.code, "fingerprint": "m1"}
    file = browser().post("/api/v1/activations", json=said).json["payload"]
    assert (file["valid_through"], file["works_through"]) == ("2027-11-22", "2027-12-06")
    at(datetime(2027, 7, 1, 9, tzinfo=UTC))
    notice = {"sent_on": "2027-07-01", "reason": "none"}
    path = f"/subscriptions/{one(Subscription).uid}/termination"
    assert browser(house.owner).post(path, data=notice).status_code == 303
    file = browser().post("/api/v1/heartbeats", json=said).json["payload"]
    assert file["works_through"] == "2027-11-22", "a contract that ends has no grace"


def test_000_56_a_file_that_is_carried_ends_with_what_is_paid_for_nothing_could_shorten_it(
    house: House, browser: Browser, at: At
) -> None:
    key = a_year(house)
    assert carried(browser, house, key)["works_through"] == "2027-11-22"
    at(datetime(2027, 11, 25, 9, tzinfo=UTC))
    assert carried(browser, house, key)["works_through"] == "2027-12-06", "not paid yet, and it goes on"


def carried(browser: Browser, house: House, key: ActivationKey) -> dict[str, Any]:
    """What the file says that a machine without network is brought."""
    asked = {
        "request": "license",
        "key": stored(key).digest,
        "fingerprint": "m9",
        "hostname": "h",
        "nonce": "n" * 32,
    }
    file = BytesIO(json.dumps(asked).encode()), "demande.json"
    answer = browser(house.owner).post(f"/keys/{key.uid}/request-file", data={"file": file})
    return answer.json["payload"]  # type: ignore[no-any-return]


def test_000_56_a_year_that_nobody_pays_ends_the_key_after_its_grace(
    house: House, browser: Browser, at: At
) -> None:
    key = a_year(house)
    live(at, 2027, 11, 23)
    due = bill("2027-11").due_on
    assert stored(key).works_through >= date(2027, 12, 6)
    live(at, 2028, 2, 1)
    assert due < date(2028, 1, 15)
    assert activate(browser(), key) == (410, "EXPIRED")


def test_000_56_a_debit_that_comes_back_leaves_a_grace_and_a_wire_makes_the_key_valid_again(
    house: House, browser: Browser, at: At
) -> None:
    key = debited(house)
    assert key.valid_through == date(2026, 12, 22)
    invoice = bill("2026-11")
    debit = one(Collection)
    assert stored(key).valid_through == date(2026, 12, 22), "announced under a usable mandate: paid"
    freeze_batch(one(LegalEntity), "CORE", date(2026, 12, 31), SYSTEM)
    work()
    live(at, 2026, 12, 23)
    assert stored(key).valid_through == date(2027, 1, 22), "the running month, before it is billed"
    book(back(debit, "AC04", booked_on=date(2026, 12, 21)))
    assert (stored(key).valid_through, key.grace_through) == (date(2026, 11, 22), date(2027, 1, 4))
    assert activate(browser(), key) == (201, "")
    assert activate(browser(), key, "m2") == (201, "")
    live(at, 2027, 1, 5)
    assert activate(browser(), key) == (410, "EXPIRED")
    finance = browser(house.finance)
    for month, reference in (("2026-11", "V2"), ("2026-12", "V3")):
        owed = invoice if month == "2026-11" else bill(month)
        wire = {"on": "2027-01-05", "reference": reference}
        assert finance.post(f"/billing/invoices/{owed.uid}/payment", data=wire).status_code == 303
    assert (stored(key).valid_through, key.grace_through) == (date(2027, 1, 22), date(2027, 2, 5))
    assert activate(browser(), key) == (201, "")


def test_000_56_a_key_is_worth_nothing_at_once_after_a_withdrawal(
    house: House, browser: Browser, at: At
) -> None:
    """One that left before such keys waited for the end of the delay."""
    a_consumers_year(house)
    key = sent_at_once()
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    owner, subscription = browser(house.owner), one(Subscription)
    assert owner.post(f"/subscriptions/{subscription.uid}/withdrawal").status_code == 303
    assert activate(browser(), key) == (410, "REVOKED")
    assert stored(key).valid_through == date(2026, 11, 24)
    assert "valable jusqu'au 22 novembre 2027" not in owner.get(f"/subscriptions/{subscription.uid}").text


def test_000_56_the_end_of_a_contract_is_the_end_of_its_key_without_grace(
    house: House, browser: Browser, at: At
) -> None:
    key = a_year(house)
    at(datetime(2027, 7, 1, 9, tzinfo=UTC))
    address = f"/subscriptions/{one(Subscription).uid}/termination"
    answer = browser(house.owner).post(address, data={"sent_on": "2027-07-01", "reason": "none"})
    assert answer.status_code == 303
    ends_on = stored(one(Subscription)).ends_on
    live(at, 2027, 11, 22)
    assert ends_on == date(2027, 11, 23) and activate(browser(), key) == (201, "")
    live(at, 2027, 11, 23)
    assert activate(browser(), key) == (410, "EXPIRED")


def test_000_54_a_suspension_stops_keys_only_where_the_contract_suspends_the_service(
    house: House, browser: Browser, at: At
) -> None:
    """003-15 suspends the service; 000-54 only ends the contract: what is paid goes on until then."""
    natso, numspot = a_year(house), debited(house, "numspot")
    for key in (natso, numspot):
        query = db.select(Subscription).where(Subscription.order_uid == key.source_uid)
        db.session.scalars(query).one().suspend("003-15", by=SYSTEM)
    assert activate(browser(), natso) == (201, "")
    assert activate(browser(), numspot) == (403, "SUSPENDED")
    db.session.scalars(query).one().reinstate(by=SYSTEM)
    assert activate(browser(), numspot) == (201, "")


def test_003_14_a_service_that_is_blocked_at_once_stops_its_keys_and_force_majeure_does_not(
    house: House, browser: Browser
) -> None:
    key = a_year(house)
    for clause, cause, answer in (
        ("003-14", "security", (403, "SUSPENDED")),
        ("003-11", "misuse", (403, "SUSPENDED")),
        ("004-23", "force_majeure", (201, "")),
    ):
        one(Subscription).suspend(clause, cause=cause, by=SYSTEM)
        assert activate(browser(), key) == answer, clause
        one(Subscription).reinstate(by=SYSTEM)
        db.session.commit()


def test_the_daily_duty_is_the_net_below_the_events(house: House, browser: Browser, at: At) -> None:
    key = a_year(house)
    db.session.execute(db.update(ActivationKey).values(valid_through=date(2026, 11, 24)))
    live(at, 2026, 11, 24)
    assert stored(key).valid_through == date(2027, 11, 22)


def test_the_grace_is_a_setting_of_the_issuer(house: House, browser: Browser, at: At) -> None:
    key, entity = a_year(house), one(LegalEntity)
    finance, address = browser(house.finance), f"/billing/settings/{entity.uid}"
    choices = {
        "quote_days": "30",
        "wire_tolerance_cents": "1",
        "interim_percent": "200",
        "key_grace_days": "91",
    }
    assert finance.post(address, data=choices).status_code == 422
    assert finance.post(address, data=choices | {"key_grace_days": "2"}).status_code == 303
    live(at, 2027, 11, 22)
    assert stored(key).grace_through == date(2027, 11, 24)


def test_the_list_finds_each_state_of_a_key_and_calls_it_so(house: House, browser: Browser, at: At) -> None:
    key, now = a_year(house), datetime(2026, 11, 23, 9, tzinfo=UTC)
    past, coming = date(2026, 11, 20), date(2026, 12, 1)
    cases = {
        "key_usable": {},
        "key_grace": {"valid_through": past, "grace_through": coming},
        "key_held": {"held_at": now},
        "key_suspended": {"suspended_on": past},
        "key_over": {"valid_through": past},
    }
    client = browser(house.owner)
    for state, values in cases.items():
        plain = {"valid_through": coming, "grace_through": None, "held_at": None, "suspended_on": None}
        db.session.execute(db.update(ActivationKey).values(**plain | values))
        found = {each for each in cases if key.masked in client.get(f"/keys?state={each}").text}
        assert found == {state} and state_of(stored(key)) == state
