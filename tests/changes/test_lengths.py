"""Another length of the contract, at once or at the term: shown, billed and followed by the keys."""

from datetime import UTC, date, datetime, time, timedelta

from portal import clock
from portal.billing.models import Invoice, InvoiceLine
from portal.catalogue.models import Method, Plan, Product
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.subscriptions.case import late_payments
from portal.subscriptions.changes import ChangeState, SubscriptionChange
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, an_outsider, stored
from tests.changes.test_changes import At, Browser, bill, change, live, one
from tests.contracts.builders import a_subscription
from tests.subscriptions.builders import a_monthly_product, a_product


def by_month(house: House) -> tuple[Subscription, Product]:
    """NATSO by the month, three licences from 23 November 2026 on, at 6 euros; a year costs 59.88."""
    monthly = a_product(house, code="NB-M", plan=Plan.MONTHLY, billing_months=1, unit_cents=600)
    annual = a_product(house, name="NATSO BACKUP+ à l'année")
    customer = a_customer(house.reseller, accepted="natso")
    order = place_order(customer, monthly, 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=1_800, reference="V1", by=SYSTEM)
    db.session.commit()
    return one(Subscription), annual


def pay(house: House, browser: Browser, invoice: Invoice) -> None:
    wire = {"on": str(clock.today()), "reference": "V2"}
    answer = browser(house.finance).post(f"/billing/invoices/{invoice.uid}/payment", data=wire)
    assert answer.status_code == 303, answer.text


def test_000_13_000_14_a_year_begins_at_once_less_the_days_that_were_billed(
    house: House, browser: Browser, at: At
) -> None:
    subscription, annual = by_month(house)
    key = one(ActivationKey)
    sent = {"key": key.code, "fingerprint": "m"}
    assert browser().post("/api/v1/activations", json=sent).status_code == 201
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))  # 15 of 30 days before 23 December
    owner = browser(house.owner)
    typed = {"kind": "length", "length": annual.uid, "when": "now"}
    page = owner.get(f"/subscriptions/{subscription.uid}/change", query_string=typed).text
    assert "15 jours sur 30" in page
    assert "170,64" in page, "3 × 59.88 − 18 × 15 / 30"
    assert browser(an_outsider(house)).get(f"/subscriptions/{subscription.uid}/change").status_code == 404
    assert change(owner, subscription, **typed).status_code == 303
    row = stored(subscription)
    assert (row.plan, row.billing_months, row.unit_cents) == (Plan.ANNUAL, 12, 5_988)
    assert (row.started_on, row.billed_before) == (date(2026, 11, 23), date(2027, 12, 8))
    assert row.period_ends_on == date(2027, 12, 8)
    invoice = bill("2026-12")
    line = db.session.scalars(db.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)).one()
    assert (invoice.gross_cents, "15 jours déjà facturés" in line.label) == (17_064, True)
    assert stored(key).valid_through == date(2026, 12, 22), "the year is not paid yet"
    pay(house, browser, invoice)
    assert (stored(key).valid_through, key.revoked_at) == (date(2027, 12, 7), None)
    assert browser().post("/api/v1/activations", json=sent).status_code in (200, 201)
    assert stored(key).seats_used == 1
    live(at, 2027, 12, 8)
    assert bill("2027-12").gross_cents == 3 * 5_988, "counted from the day of the change"
    assert stored(subscription).billed_before == date(2028, 12, 8)


def test_a_year_that_was_begun_at_once_and_is_not_paid_is_late_like_any_other(
    house: House, browser: Browser, at: At
) -> None:
    subscription, annual = by_month(house)
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    typed = {"kind": "length", "length": annual.uid, "when": "now"}
    assert change(browser(house.owner), subscription, **typed).status_code == 303
    invoice = bill("2026-12")
    at(datetime.combine(invoice.due_on + timedelta(days=3), time(9), UTC))
    late, unanswered = late_payments(stored(subscription))
    told = [event.fields["due_on"] for event in [*late, *(event for event, _why in unanswered)]]
    assert told == [invoice.due_on]


def test_000_14_back_to_months_waits_for_the_term(house: House, browser: Browser, at: At) -> None:
    subscription, annual = by_month(house)
    monthly = subscription.product
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    typed = {"kind": "length", "length": annual.uid, "when": "now"}
    assert change(browser(house.owner), subscription, **typed).status_code == 303
    at(datetime(2027, 5, 3, 9, tzinfo=UTC))
    back = {"kind": "length", "length": monthly.uid, "when": "now"}
    assert change(browser(house.owner), subscription, **back).status_code == 303
    row = one(SubscriptionChange)
    assert (row.state, row.effective_on, row.charge_cents) == (ChangeState.AGREED, date(2027, 12, 8), 0)
    live(at, 2027, 12, 1)
    bill("2027-12")
    assert stored(subscription).billed_before == date(2027, 12, 8), (
        "what begins with months waits for its day"
    )
    live(at, 2027, 12, 8)
    assert stored(subscription).plan == Plan.MONTHLY
    assert bill("2027-12").gross_cents == 1_800
    assert stored(subscription).billed_before == date(2028, 1, 8)


def test_the_next_due_date_costs_nothing_before_it(house: House, browser: Browser, at: At) -> None:
    subscription, annual = by_month(house)
    typed = {"kind": "length", "length": annual.uid, "when": "next"}
    assert change(browser(house.owner), subscription, **typed).status_code == 303
    row = one(SubscriptionChange)
    assert (row.effective_on, row.committed_until) == (date(2026, 12, 23), date(2027, 12, 23))
    live(at, 2026, 12, 23)
    assert bill("2026-12").gross_cents == 3 * 5_988
    assert stored(subscription).billed_before == date(2027, 12, 23)


def test_001_12_001_14_each_length_has_its_means_of_payment(house: House, browser: Browser) -> None:
    monthly = a_monthly_product(house)
    annual = a_product(
        house, code="W-A", terms_stack="dropcloud", unit_cents=12_000, has_keys=False, key_product=3
    )
    subscription = a_subscription(house, monthly)
    typed = {"kind": "length", "length": annual.uid, "when": "next"}
    answer = change(browser(house.owner), subscription, **typed)
    assert (answer.status_code, "001-14" in answer.text) == (422, True)
    assert change(browser(house.owner), subscription, **typed, method="wire").status_code == 303
    row = one(SubscriptionChange)
    assert (row.after["plan"], row.after["method"], row.state) == ("annual", "wire", ChangeState.AGREED)


def test_a_day_that_is_not_billed_yet_waits_for_the_due_date(house: House, browser: Browser, at: At) -> None:
    subscription, annual = by_month(house)
    at(datetime(2027, 1, 8, 9, tzinfo=UTC))
    typed = {"kind": "length", "length": annual.uid, "when": "now"}
    answer = change(browser(house.owner), subscription, **typed)
    assert (answer.status_code, "pas encore facturée" in answer.text) == (422, True)
    assert stored(subscription).plan == Plan.MONTHLY
    assert change(browser(house.owner), subscription, **{**typed, "length": "x"}).status_code == 422
