"""Another means of payment for a contract that runs: asked for, told, and counting from a period on."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from portal.access import Role
from portal.billing.models import Invoice, Proforma
from portal.billing.run import start_run
from portal.catalogue.models import Method
from portal.customers.models import CustomerKind
from portal.db import db
from portal.journal import SYSTEM, timeline
from portal.licensing.models import ActivationKey
from portal.sepa.models import Collection, Mandate
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user, an_outsider, stored, work
from tests.changes.test_changes import bill, change, live, one
from tests.contracts.builders import dropcloud, numspot
from tests.means.builders import Browser, a_year, debited, her, mails_of, sign_by_link, wired, wish
from tests.sepa.people import a_mandate, freeze_batch, the_entity
from tests.sepa.signed import sign_now
from tests.subscriptions.builders import a_product

At = Callable[[datetime], None]
DEBIT, WIRE = Method.DIRECT_DEBIT, Method.WIRE


def amend(browser: Browser, house: House, subscription: Subscription, methods: str, day: str) -> None:
    """Both have signed that the contract is paid by these means from a day on."""
    typed = {
        "kind": "amendment",
        "label": "Avenant n° 1",
        "key": "payment.methods",
        "value": methods.split(", "),
        "signed_on": "2026-11-23",
        "effective_on": day,
        "signed_by_both": "y",
    }
    answer = browser(house.operator).post(f"/contracts/{subscription.uid}/amendments", data=typed)
    assert answer.status_code == 303, answer.text


def test_from_wire_to_debit_the_signed_link_makes_the_next_period_debited(
    house: House, browser: Browser, at: At
) -> None:
    subscription = wired(house)
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    client = browser(her(subscription))
    home = f"/subscriptions/{subscription.uid}"
    assert f"{home}/means" in client.get(home).text
    page = client.get(f"{home}/means").text
    assert "23 décembre 2026" in page and "Camille Martin" in page
    assert wish(client, subscription, "direct_debit").status_code == 303
    row, mandate = stored(subscription), one(Mandate)
    assert (row.method, row.coming_method, row.coming_method_from) == (WIRE, DEBIT, None)
    assert mandate.rum in client.get(home).text
    assert "virement" in mails_of("means/mail_asked")[0].body
    sign_by_link(browser(), mandate)
    row = stored(subscription)
    assert (row.method, row.coming_method_from) == (WIRE, date(2026, 12, 23))
    assert "23 décembre 2026" in mails_of("means/mail_agreed")[0].body
    assert "23 décembre 2026" in browser(house.owner).get(home).text
    live(at, 2026, 12, 1)
    invoice = bill("2026-12")
    assert invoice.method == DEBIT
    debit = one(Collection)
    assert (debit.debt_uid, debit.amount_cents) == (invoice.uid, invoice.gross_cents)
    row = stored(subscription)
    assert (row.method, row.coming_method, row.coming_method_asked_on) == (DEBIT, None, None)
    told = [entry.what for entry in timeline(row)]
    assert {"wish_means", "agree_means", "take_means"} <= set(told)


def test_a_wish_without_a_mandate_leaves_the_next_period_as_it_was(
    house: House, browser: Browser, at: At
) -> None:
    subscription = wired(house)
    assert wish(browser(house.owner), subscription, "direct_debit").status_code == 303
    live(at, 2026, 12, 1)
    assert bill("2026-12").method == WIRE
    sign_by_link(browser(), one(Mandate))
    row = stored(subscription)
    assert (row.method, row.coming_method_from) == (WIRE, date(2027, 1, 23))
    assert db.session.scalars(db.select(Collection)).all() == []


def test_a_wish_counts_at_once_under_a_mandate_that_is_there(house: House, browser: Browser, at: At) -> None:
    subscription = wired(house)
    sign_now(subscription.customer, the_entity())
    assert wish(browser(house.operator), subscription, "direct_debit").status_code == 303
    assert stored(subscription).coming_method_from == date(2026, 12, 23)
    assert len(db.session.scalars(db.select(Mandate)).all()) == 1


def test_003_49_a_mandate_between_businesses_waits_for_its_bank(
    house: House, browser: Browser, at: At
) -> None:
    subscription = wired(house)
    mandate, _token = a_mandate(house, subscription.customer, scheme="B2B")
    sign_now(subscription.customer, the_entity())
    assert wish(browser(house.owner), subscription, "direct_debit").status_code == 303
    assert stored(subscription).coming_method_from is None
    live(at, 2026, 12, 20)
    assert stored(subscription).coming_method == DEBIT, "the bank may take its time"
    day = {"on": "2026-12-18"}
    path = f"/sepa/mandates/{mandate.uid}/bank-confirmation"
    assert browser(house.owner).post(path, data=day).status_code == 303
    assert stored(subscription).coming_method_from == date(2026, 12, 23)


def test_from_debit_to_wire_what_is_announced_goes_and_the_next_period_is_asked_for(
    house: House, browser: Browser, at: At
) -> None:
    subscription = debited(house)
    invoice = bill("2026-11")
    debit = one(Collection)
    client = browser(her(subscription, Role.SIGNATORY))
    page = client.get(f"/subscriptions/{subscription.uid}/means").text
    assert "23 décembre 2026" in page and "déjà annoncé" in page
    assert wish(client, subscription, "wire").status_code == 303
    assert stored(subscription).coming_method_from == date(2026, 12, 23)
    freeze_batch(the_entity(), "CORE", date(2026, 12, 31), SYSTEM)
    work()
    assert stored(debit).state == "exported" and debit.debt_uid == invoice.uid
    live(at, 2026, 12, 2)
    asked = bill("2026-12")
    assert (asked.method, asked.id != invoice.id) == (WIRE, True)
    assert len(db.session.scalars(db.select(Collection)).all()) == 1
    assert one(Mandate).state == "signed", "it stays"
    page = browser(house.owner).get(f"/subscriptions/{subscription.uid}/means").text
    assert f"/sepa/mandates/{one(Mandate).uid}" in page, "nothing else uses it: its revocation is offered"


def test_a_period_that_has_begun_keeps_its_means_however_late_it_is_billed(
    house: House, browser: Browser, at: At
) -> None:
    subscription = debited(house)
    at(datetime(2026, 11, 28, 9, tzinfo=UTC))
    assert wish(browser(house.owner), subscription, "wire").status_code == 303
    live(at, 2026, 12, 30)
    start_run(the_entity(), "2026-12", by=SYSTEM)
    work()
    invoices = db.session.scalars(db.select(Invoice).order_by(Invoice.id)).all()
    assert sorted(each.method for each in invoices) == [DEBIT, WIRE]


def test_000_16_a_means_that_the_contract_does_not_have_counts_after_an_amendment_and_the_key_stays(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    key = one(ActivationKey)
    sign_now(subscription.customer, the_entity())
    client = browser(house.owner)
    page = client.get(f"/subscriptions/{subscription.uid}/means").text
    assert "000-16" in page
    answer = wish(client, subscription, "direct_debit")
    assert (answer.status_code, "000-16" in answer.text) == (422, True)
    assert stored(subscription).coming_method is None
    amend(browser, house, subscription, "wire, direct_debit", "2027-11-23")
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    assert bill("2027-11").method == WIRE, "the year that begins with the amendment was not asked for"
    at(datetime(2027, 11, 24, 9, tzinfo=UTC))
    before = stored(key).valid_through
    client = browser(house.owner)
    assert wish(client, subscription, "direct_debit").status_code == 303
    assert stored(key).valid_through == before == date(2027, 11, 22), "the wire is still owed"
    assert stored(subscription).coming_method_from == date(2028, 11, 23)
    pay = {"on": "2027-11-24", "reference": "V2"}
    address = f"/billing/invoices/{one(Invoice).uid}/payment"
    assert browser(house.finance).post(address, data=pay).status_code == 303
    assert stored(key).valid_through == date(2028, 11, 22)
    live(at, 2028, 11, 23)
    assert stored(key).valid_through == date(2029, 11, 22), "debited under a mandate, before it is billed"
    assert bill("2028-11").method == DEBIT
    assert one(Collection).amount_cents == 17_964
    assert stored(key).valid_through == date(2029, 11, 22)


def test_000_16_an_amendment_of_the_coming_period_allows_a_wish_for_that_period(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    sign_now(subscription.customer, the_entity())
    amend(browser, house, subscription, "wire, direct_debit", "2027-11-23")
    at(datetime(2027, 3, 1, 9, tzinfo=UTC))
    assert wish(browser(house.owner), subscription, "direct_debit").status_code == 303
    assert stored(subscription).coming_method_from == date(2027, 11, 23)
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    assert bill("2027-11").method == DEBIT


def test_a_wire_that_is_late_is_not_paid_by_a_wish_to_be_debited(
    house: House, browser: Browser, at: At
) -> None:
    """Keys end with what is paid: a period of the old means gives nothing by the new one."""
    subscription = a_year(house)
    key = one(ActivationKey)
    sign_now(subscription.customer, the_entity())
    amend(browser, house, subscription, "wire, direct_debit", "2027-11-23")
    live(at, 2027, 11, 24)
    assert wish(browser(house.owner), subscription, "direct_debit").status_code == 303
    live(at, 2027, 11, 25)
    assert stored(key).valid_through == date(2027, 11, 22)
    assert stored(subscription).coming_method_from == date(2028, 11, 23)


@pytest.mark.parametrize(("make", "clause"), [(dropcloud, "001-12"), (numspot, "003-49")])
def test_001_12_001_14_003_49_each_contract_says_why_a_means_is_not_there(
    house: House, browser: Browser, at: At, make: Callable[[House], Subscription], clause: str
) -> None:
    subscription = make(house)
    client = browser(her(subscription))
    assert clause in client.get(f"/subscriptions/{subscription.uid}/means").text
    answer = wish(client, subscription, "wire")
    assert (answer.status_code, clause in answer.text) == (422, True)
    assert client.post(f"/subscriptions/{subscription.uid}/means", data={"method": "x"}).status_code == 422


def test_001_14_a_proforma_that_has_left_is_paid_as_it_says(house: House, browser: Browser, at: At) -> None:
    customer = a_customer(house.reseller, accepted="dropcloud")
    sign_now(customer, the_entity())
    product = a_product(house, terms_stack="dropcloud", unit_cents=10_000, has_keys=False)
    order = place_order(customer, product, 1, WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=10_000, reference="V1", by=SYSTEM)
    db.session.commit()
    subscription = one(Subscription)
    typed = {
        "kind": "amendment",
        "label": "Avenant n° 1",
        "value": ["wire", "direct_debit"],
        "signed_on": "2026-11-23",
        "effective_on": "2027-11-23",
        "signed_by_both": "y",
        "key": "plan.annual.payment_methods",
    }
    path = f"/contracts/{subscription.uid}/amendments"
    assert browser(house.operator).post(path, data=typed).status_code == 303
    live(at, 2027, 11, 23)
    bill("2027-11")
    live(at, 2028, 10, 7)
    asked = one(Proforma)
    assert asked.period_on == date(2028, 11, 23)
    client = browser(house.owner)
    assert asked.number in client.get(f"/subscriptions/{subscription.uid}/means").text
    assert wish(client, subscription, "direct_debit").status_code == 303
    assert stored(subscription).coming_method_from == date(2029, 11, 23)
    live(at, 2028, 11, 23)
    assert bill("2028-11").method == WIRE
    live(at, 2029, 10, 20)
    assert one(Proforma).id == asked.id, "the year that is debited is asked for by no paper"
    live(at, 2029, 11, 23)
    assert bill("2029-11").method == DEBIT
    client = browser(house.owner)
    assert wish(client, subscription, "wire").status_code == 303
    live(at, 2030, 10, 7)
    asked = one(Proforma)
    assert asked.period_on == date(2030, 11, 23)
    assert "IBAN" in mails_of("subscriptions/mail_renewal_proforma")[-1].body


def test_the_reverse_wish_ends_the_first_and_takes_its_request_back(
    house: House, browser: Browser, at: At
) -> None:
    subscription = wired(house)
    client = browser(house.owner)
    wish(client, subscription, "direct_debit")
    assert wish(client, subscription, "wire").status_code == 303
    row = stored(subscription)
    assert (row.method, row.coming_method, row.coming_mandate_uid) == (WIRE, None, None)
    assert one(Mandate).state == "revoked", "nobody is reminded of a mandate that is not wanted"
    sign_now(subscription.customer, the_entity())
    wish(client, subscription, "direct_debit")
    assert stored(subscription).coming_method_from is not None
    path = f"/subscriptions/{subscription.uid}/means/cancellation"
    assert client.post(path).status_code == 303
    assert stored(subscription).coming_method is None
    assert client.post(path).status_code == 422, "once"
    live(at, 2026, 12, 1)
    assert bill("2026-12").method == WIRE
    assert len(mails_of("means/mail_dropped")) == 2


def test_a_request_that_something_else_waits_for_stays(house: House, browser: Browser) -> None:
    subscription = wired(house)
    client = browser(house.owner)
    wish(client, subscription, "direct_debit")
    place_order(subscription.customer, subscription.product, 1, DEBIT, by=SYSTEM)
    db.session.commit()
    wish(client, subscription, "wire")
    assert one(Mandate).state == "sent"


@pytest.mark.parametrize("end", ["refuse", "revoke", "wait"])
def test_a_mandate_that_is_not_signed_ends_the_wish_and_it_is_told(
    house: House, browser: Browser, at: At, end: str
) -> None:
    subscription = wired(house)
    wish(browser(house.owner), subscription, "direct_debit")
    mandate = one(Mandate)
    if end == "refuse":
        mandate.refuse("non", by=SYSTEM, visitor={"ip": "192.0.2.7", "user_agent": "t", "language": "fr"})
    elif end == "revoke":
        path, day = f"/sepa/mandates/{mandate.uid}/revocation", {"received_on": "2026-11-23"}
        assert browser(house.owner).post(path, data={**day, "notice_months": "0"}).status_code == 303
    db.session.commit()
    if end == "wait":
        live(at, 2027, 1, 21)
        assert stored(subscription).coming_method == DEBIT
        live(at, 2027, 1, 22)
    else:
        live(at, 2026, 11, 24)
    assert stored(subscription).coming_method is None
    (told,) = mails_of("means/mail_dropped")
    assert "virement" in told.body
    assert end != "wait" or stored(mandate).state == "revoked"


def test_two_people_at_once_ask_once(house: House, browser: Browser) -> None:
    subscription = wired(house)
    first, second = browser(house.owner), browser(her(subscription))
    path = f"/subscriptions/{subscription.uid}/means"
    assert first.get(path).status_code == second.get(path).status_code == 200
    data = {"method": "direct_debit", "seen": "2026-12-23"}
    assert first.post(path, data=data).status_code == 303
    answer = second.post(path, data=data)
    assert (answer.status_code, "déjà" in answer.text) == (422, True)
    answer = second.post(path, data=data | {"method": "cheque"})
    assert answer.status_code == 422
    assert len(db.session.scalars(db.select(Mandate)).all()) == 1


def test_another_day_than_was_read_is_asked_about_again(house: House, browser: Browser, at: At) -> None:
    subscription = wired(house)
    path = f"/subscriptions/{subscription.uid}/means"
    live(at, 2026, 12, 1)
    bill("2026-12")
    answer = browser(house.owner).post(path, data={"method": "cheque", "seen": "2026-12-23"})
    assert (answer.status_code, "relisez" in answer.text) == (422, True)
    assert stored(subscription).coming_method is None


def test_somebody_elses_subscription_is_not_there(house: House, browser: Browser) -> None:
    subscription = wired(house)
    stranger = a_user(a_customer(house.reseller, name="Voisin", siren=None).organisation, Role.CUSTOMER)
    db.session.commit()
    path = f"/subscriptions/{subscription.uid}/means"
    for person in (stranger, an_outsider(house)):
        client = browser(person)
        assert client.get(path).status_code == 404
        assert client.post(path, data={"method": "cheque"}).status_code == 404
        assert client.post(f"{path}/cancellation").status_code == 404
    for role in (house.reader, her(subscription, Role.TECHNICAL)):
        assert browser(role).get(path).status_code == 403
    assert stored(subscription).coming_method is None


def test_a_consumer_is_debited_from_her_second_year_on(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house, kind=CustomerKind.CONSUMER, siren=None)
    amend(browser, house, subscription, "wire, direct_debit", "2027-11-23")
    live(at, 2027, 11, 23)
    bill("2027-11")
    assert wish(browser(her(subscription)), subscription, "direct_debit").status_code == 303
    mandate = one(Mandate)
    assert mandate.scheme == "CORE"
    sign_by_link(browser(), mandate)
    live(at, 2028, 11, 23)
    assert bill("2028-11").method == DEBIT


def test_a_contract_that_ends_meanwhile_has_no_wish_left(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house)
    amend(browser, house, subscription, "wire, cheque, direct_debit", "2027-11-23")
    live(at, 2027, 11, 23)
    bill("2027-11")
    client = browser(house.owner)
    wish(client, subscription, "direct_debit")
    address = f"/subscriptions/{subscription.uid}/termination"
    assert client.post(address, data={"sent_on": "2027-11-23", "reason": "none"}).status_code == 303
    row = stored(subscription)
    assert (row.coming_method, row.ends_on) == (None, date(2028, 11, 23))
    assert one(Mandate).state == "revoked"
    answer = wish(client, subscription, "cheque")
    assert (answer.status_code, "plus de période" in answer.text) == (422, True)


def test_another_length_brings_its_own_means(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house)
    longer = a_product(house, code="NB-M", plan="monthly", billing_months=1, unit_cents=600)
    client = browser(house.owner)
    assert wish(client, subscription, "cheque").status_code == 303
    typed = {"kind": "length", "length": longer.uid, "when": "next", "method": "wire"}
    assert change(client, subscription, **typed).status_code == 303
    answer = wish(client, subscription, "wire")
    assert answer.status_code == 303, "back to what it was is always possible"
    answer = wish(client, subscription, "cheque")
    assert (answer.status_code, "durée" in answer.text) == (422, True)
