"""The life of a licence as a machine: days pass, years are billed and paid or not, computers come and go.

The model below knows the contract's own words (a year from the anchor, three months' notice, fourteen days of
grace, thirty without a sign of life, two releases a seat and year) and none of the product's rules.
"""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, ClassVar

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.billing.debits import pay_by_wire
from portal.billing.models import Invoice, InvoiceState, Payment
from portal.billing.reversing import reverse_payment
from portal.billing.run import bill_customers
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.resellers.models import LegalEntity, NumberSeries
from portal.subscriptions.key_ends import follow_all_keys
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from portal.subscriptions.termination import Notice, terminate
from tests.builders import House, a_customer
from tests.subscriptions.builders import a_product

START, SEATS, GRACE, ABSENT, GRANTED = date(2026, 11, 23), 2, 14, 30, 30
MACHINES = ("m1", "m2", "m3")
_number = count(1)


def year(index: int) -> date:
    """The first day after so many years of the contract."""
    return START.replace(year=START.year + index)


def months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    month = index % 12 + 1
    last = calendar.monthrange(index // 12, month)[1]
    return date(index // 12, month, min(day.day, last))


def end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


class Life(RuleBasedStateMachine):
    """``paid``: years of the contract whose money is there; ``bills``: each with its years, due day and
    whether it is paid; ``seen``: the last day on which each computer with a seat told of itself.
    """

    house: ClassVar[list[House]]
    at: ClassVar[list[Callable[[datetime], None]]]
    client: ClassVar[list[FlaskClient]]

    def __init__(self) -> None:
        super().__init__()
        self.today = START
        self.move()
        db.session.execute(db.update(NumberSeries).values(last_on=None))  # the clock of the life before
        self.number = next(_number)
        house = self.house[0]
        self.customer_id = a_customer(house.reseller, name=f"Client {self.number}", siren=None).id
        product = db.session.scalars(db.select(Product)).first() or a_product(house)
        order = place_order(self.customer, product, SEATS, Method.WIRE, by=SYSTEM)
        record_wire(
            order, received_on=START, amount_cents=SEATS * 5988, reference=f"V{self.number}", by=SYSTEM
        )
        db.session.commit()
        key = db.session.scalars(db.select(ActivationKey).order_by(ActivationKey.id.desc()).limit(1)).one()
        self.code, self.key_id = key.code, key.id
        self.paid, self.billed, self.bills = {0}, 1, []
        self.ends_on: date | None = None
        self.held = False
        self.seen: dict[str, date] = {}
        self.releases: list[date] = []
        self.gone: set[str] = set()

    def move(self) -> None:
        self.at[0](datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC))

    @property
    def customer(self) -> Any:
        set_scope(EVERYTHING)
        return db.session.get_one(Customer, self.customer_id)

    @property
    def key(self) -> ActivationKey:
        set_scope(EVERYTHING)
        db.session.expire_all()
        return db.session.get_one(ActivationKey, self.key_id)

    @property
    def subscription(self) -> Subscription:
        query = db.select(Subscription).where(Subscription.customer_id == self.customer_id)
        return db.session.scalars(query).one()

    # The model

    @property
    def through(self) -> date:
        """The last paid day."""
        last = year(max(self.paid) + 1) - timedelta(days=1)
        return min(last, self.ends_on - timedelta(days=1)) if self.ends_on else last

    @property
    def works_through(self) -> date:
        late = [bill["due"] for bill in self.bills if not bill["paid"]]
        last = max([year(max(self.paid) + 1) - timedelta(days=1), *late]) + timedelta(days=GRACE)
        last = min(last, self.ends_on - timedelta(days=1)) if self.ends_on else last
        return max(last, self.through)

    def state_on(self, machine: str) -> str:
        if self.today > self.works_through:
            return "EXPIRED"
        if not self.seen or (machine in self.gone and machine not in self.seen):
            return "NO_MACHINE"
        if machine not in self.seen:
            return "TOO_MANY_MACHINES" if len(self.seen) >= SEATS else "FINGERPRINT_MISMATCH"
        if self.today > self.seen[machine] + timedelta(days=ABSENT):
            return "CHECKIN_OVERDUE"
        return "GRACE" if self.today > self.through else "VALID"

    # What happens

    @rule(days=st.sampled_from([1, 13, 14, 15, 30, 31, 90, 180, 340]))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.move()
        set_scope(EVERYTHING)
        follow_all_keys()
        db.session.commit()

    @rule()
    def the_month_is_billed(self) -> None:
        last = date(
            self.today.year, self.today.month, calendar.monthrange(self.today.year, self.today.month)[1]
        )
        due: list[int] = []
        while year(self.billed) <= last and not (self.ends_on and year(self.billed) >= self.ends_on):
            due.append(self.billed)
            self.billed += 1
        set_scope(EVERYTHING)
        entity = db.session.scalars(db.select(LegalEntity)).one()
        invoices = bill_customers([self.customer], entity, last)
        db.session.commit()
        assert len(invoices) == bool(due)
        if due:
            assert len(invoices[0].lines) == len(due)
            granted = self.today + timedelta(days=GRANTED)
            assert invoices[0].due_on == granted
            self.bills.append({"years": due, "due": granted, "paid": False, "id": invoices[0].id})
        self.time_passes(1)  # the next morning looks at all keys

    @precondition(lambda self: any(not bill["paid"] for bill in self.bills))
    @rule()
    def a_bill_is_paid(self) -> None:
        bill = next(bill for bill in self.bills if not bill["paid"])
        set_scope(EVERYTHING)
        invoice = db.session.get_one(Invoice, bill["id"])
        pay_by_wire(invoice, self.today, f"W{self.number}-{next(_number)}", by=SYSTEM)
        db.session.commit()
        bill["paid"] = True
        self.paid |= set(bill["years"])

    @precondition(lambda self: any(bill["paid"] for bill in self.bills))
    @rule()
    def a_payment_was_a_mistake(self) -> None:
        bill = next(bill for bill in self.bills if bill["paid"])
        set_scope(EVERYTHING)
        query = db.select(Payment).where(Payment.invoice_id == bill["id"], Payment.reverses_id.is_(None))
        payment = db.session.scalars(query.order_by(Payment.id.desc()).limit(1)).one()
        reverse_payment(payment, reason="autre client", by=SYSTEM)
        db.session.commit()
        bill["paid"] = False
        self.paid -= set(bill["years"])

    @precondition(lambda self: self.ends_on is None)
    @rule()
    def notice_is_given(self) -> None:
        index = next(n for n in count(1) if year(n) > self.today)
        if self.today > months_before(year(index), 3):
            index += 1
        set_scope(EVERYTHING)
        terminate(self.subscription, Notice(self.today), by=SYSTEM)
        db.session.commit()
        self.ends_on = year(index)

    @precondition(lambda self: self.ends_on is None)
    @rule(late=st.integers(0, 1))
    def notice_is_given_on_the_last_day(self, late: int) -> None:
        """Or the day after it."""
        ends = next(year(n) for n in count(1) if year(n) > self.today)
        day = months_before(ends, 3) + timedelta(days=late)
        self.time_passes(max((day - self.today).days, 0))
        self.notice_is_given()

    def ask(self, verb: str, machine: str) -> tuple[int, Any]:
        body = {"key": self.code, "fingerprint": machine, "hostname": machine}
        own = {"REMOTE_ADDR": f"192.0.2.{self.number % 250}"}  # the pace of an address is another test's
        answer = self.client[0].post(f"/api/v1/{verb}", json=body, environ_base=own)
        said = answer.get_json(silent=True) or {}
        return answer.status_code, said.get("error", {}).get("code", "") or said.get("state", "")

    @rule(machine=st.sampled_from(MACHINES))
    def a_computer_activates(self, machine: str) -> None:
        if self.today > self.works_through:
            expected = (410, "EXPIRED")
        elif machine in self.seen or len(self.seen) < SEATS:
            expected = (201, "")
            self.seen[machine] = self.today
        else:
            expected = (409, "NO_SEAT_LEFT")
        assert self.ask("activations", machine) == expected

    @rule(machine=st.sampled_from(MACHINES))
    def a_computer_tells_of_itself(self, machine: str) -> None:
        if self.today > self.works_through:
            expected = (410, "EXPIRED")
        elif machine not in self.seen:
            expected = (404, "NOT_ACTIVATED")
        else:
            expected = (200, "")
            self.seen[machine] = self.today
        assert self.ask("heartbeats", machine) == expected

    @rule(machine=st.sampled_from(MACHINES))
    def a_computer_gives_its_seat_back(self, machine: str) -> None:
        recent = [day for day in self.releases if day > self.today - timedelta(days=365)]
        if machine not in self.seen:
            expected = (404, "NOT_ACTIVATED")
        elif len(recent) >= 2 * SEATS:
            expected = (422, "INVALID")
        else:
            expected = (200, "")
            del self.seen[machine]
            self.releases.append(self.today)
            self.gone.add(machine)
        assert self.ask("deactivations", machine) == expected

    @rule()
    def every_computer_wants_a_seat(self) -> None:
        for machine in MACHINES:
            self.a_computer_activates(machine)

    @rule(machine=st.sampled_from(MACHINES))
    def a_computer_asks_what_it_is_worth(self, machine: str) -> None:
        assert self.ask("validations", machine) == (200, self.state_on(machine))

    @invariant()
    def seats_are_those_of_the_model(self) -> None:
        key = self.key
        assert key.seats_used == len(self.seen) <= SEATS
        assert {each.fingerprint for each in key.machines} == set(self.seen)

    @invariant()
    def the_key_ends_with_what_is_paid(self) -> None:
        key = self.key
        assert key.valid_through == self.through
        over = self.ends_on is not None and self.today >= self.ends_on
        owes = any(not bill["paid"] for bill in self.bills)
        # Behind its year from the first day on; one that moves with a debt is noted when it is near.
        if not over and (not owes or self.today > self.through):
            assert key.works_through == self.works_through

    @invariant()
    def every_bill_is_as_the_model_says(self) -> None:
        set_scope(EVERYTHING)
        for bill in self.bills:
            paid = db.session.get_one(Invoice, bill["id"]).state == InvoiceState.PAID
            assert paid == bill["paid"]


@pytest.mark.slow
@pytest.mark.words
def test_a_licence_lives_by_its_contract_whatever_happens(
    house: House, browser: Callable[..., FlaskClient], at: Callable[[datetime], None]
) -> None:
    Life.house, Life.at, Life.client = [house], [at], [browser()]
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
