"""The life of a subscription as a machine: months are billed, it is suspended, left in time or early.

A flat fee of 300.00 a month for 36 months, six months' notice, a fifth of the fees of the whole months that
are left for who leaves early. The model counts by itself, from the anchor, and knows no rule of the product.
"""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.billing.models import Charge, Invoice
from portal.billing.run import bill_customers
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.errors import PortalError
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity, NumberSeries
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from portal.subscriptions.termination import Notice, terminate
from tests.builders import House, a_customer
from tests.subscriptions.builders import a_flat_product

FEE, TERM, NOTICE = 30_000, 36, 6
STARTS = (date(2026, 11, 23), date(2027, 3, 5), date(2027, 1, 31), date(2028, 2, 29), date(2027, 8, 31))
_number = count(1)


def moved(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


class Life(RuleBasedStateMachine):
    """``billed``: months that an invoice carries; ``penalty``: cents without VAT, once."""

    house: ClassVar[list[House]]
    at: ClassVar[list[Callable[[datetime], None]]]

    @initialize(start=st.sampled_from(STARTS), lived=st.integers(0, 1300))
    def begins(self, start: date, lived: int) -> None:
        """lived: days that have passed when something happens for the first time."""
        self.start = self.today = start
        self.move()
        db.session.execute(db.update(NumberSeries).values(last_on=None))  # the clock of the life before
        number, house = next(_number), self.house[0]
        customer = a_customer(house.reseller, accepted="dobaas", name=f"Client {number}", siren=None)
        product = db.session.scalars(db.select(Product)).first() or a_flat_product(house)
        order = place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
        record_wire(order, received_on=start, amount_cents=36_000, reference=f"V{number}", by=SYSTEM)
        db.session.commit()
        self.customer_id = customer.id
        self.billed, self.penalty, self.penalty_billed = 1, 0, False
        self.ends_on: date | None = None
        self.suspended = False
        self.time_passes(lived)

    def move(self) -> None:
        self.at[0](datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC))

    @property
    def subscription(self) -> Subscription:
        set_scope(EVERYTHING)
        query = db.select(Subscription).where(Subscription.customer_id == self.customer_id)
        return db.session.scalars(query.execution_options(populate_existing=True)).one()

    def month(self, index: int) -> date:
        return moved(self.start, index)

    @property
    def is_over(self) -> bool:
        return self.ends_on is not None and self.ends_on <= self.today

    @rule(days=st.sampled_from([1, 27, 31, 92, 183, 365, 700]))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.move()

    @rule()
    def the_month_is_billed(self) -> None:
        last, due = end_of_month(self.today), 0
        while self.month(self.billed) <= last and not (
            self.ends_on and self.month(self.billed) >= self.ends_on
        ):
            self.billed, due = self.billed + 1, due + 1
        set_scope(EVERYTHING)
        entity = db.session.scalars(db.select(LegalEntity)).one()
        customer = db.session.get_one(Customer, self.customer_id)
        invoices = bill_customers([customer], entity, last)
        db.session.commit()
        fee = self.penalty if self.penalty and not self.penalty_billed else 0
        self.penalty_billed = self.penalty_billed or bool(fee)
        assert sum(invoice.net_cents for invoice in invoices) == due * FEE + fee

    def give(self, **how: Any) -> bool:
        """Says whether it was taken."""
        try:
            terminate(self.subscription, Notice(self.today, **how), by=SYSTEM)
        except PortalError:
            db.session.rollback()
            return False
        db.session.commit()
        return True

    @precondition(lambda self: self.ends_on is None or self.today.day % 7 == 0)  # twice now and then
    @rule(how=st.sampled_from(["term", "early", "early", "end_of_business"]))
    def notice_is_given(self, how: str) -> None:
        """Too late for its term, it has become a contract without one: six months from the notice.

        Who gives up its business is free at once and pays nothing (004-39).
        """
        term, running = moved(self.start, TERM), self.ends_on is None
        if how == "end_of_business":
            assert self.give(reason=how) == running
            if running:
                self.ends_on = self.subscription.ends_on
                assert self.ends_on is not None and self.ends_on <= self.today + timedelta(days=1)
            return
        end = moved(self.today, NOTICE)
        whole = [n for n in range(TERM * 2) if end <= self.month(n) < term]
        if self.today <= moved(term, -NOTICE) and (how == "term" or not whole):
            end = term  # a letter in time that would save nothing waits for it
        assert self.give(at_term=how == "term") == running
        if running:
            self.ends_on = end
            if how == "early":
                self.penalty = len(whole) * FEE // 5

    @precondition(lambda self: self.ends_on is None)
    @rule(late=st.integers(0, 1))
    def notice_is_given_on_the_last_day(self, late: int) -> None:
        """Or the day after it."""
        day = moved(moved(self.start, TERM), -NOTICE) + timedelta(days=late)
        self.time_passes(max((day - self.today).days, 0))
        self.notice_is_given("term")

    @precondition(lambda self: not self.is_over)
    @rule()
    def it_is_suspended_or_comes_back(self) -> None:
        row = self.subscription
        if self.suspended:
            row.reinstate("payé", by=SYSTEM)
        else:
            row.suspend("004-40", by=SYSTEM)
        db.session.commit()
        self.suspended = not self.suspended

    @invariant()
    def it_is_in_the_state_of_the_model(self) -> None:
        row = self.subscription
        assert row.ends_on == self.ends_on
        assert (row.suspended_on is not None) == self.suspended
        expected = "suspended" if self.suspended else "notice_given" if self.ends_on else "active"
        assert row.shown_state() == ("ended" if self.is_over else expected)

    @invariant()
    def its_months_are_billed_once_from_the_anchor(self) -> None:
        row = self.subscription
        assert row.billed_before == self.month(self.billed)
        query = db.select(Charge.origin).where(Charge.origin.startswith(f"subscription:{row.uid}:"))
        months = sorted(origin.split(":")[2] for origin in db.session.scalars(query))
        assert months == [self.month(n).isoformat() for n in range(self.billed)]

    @invariant()
    def an_early_end_is_charged_once(self) -> None:
        mark = f"early-end-penalty:{self.subscription.uid}"
        query = db.select(Charge.unit_cents).where(Charge.origin == mark)
        assert list(db.session.scalars(query)) == ([self.penalty] if self.penalty else [])

    @invariant()
    def the_invoices_add_up(self) -> None:
        set_scope(EVERYTHING)
        query = db.select(db.func.sum(Invoice.net_cents)).where(Invoice.customer_id == self.customer_id)
        expected = self.billed * FEE + (self.penalty if self.penalty_billed else 0)
        assert db.session.scalar(query) == expected


@pytest.mark.slow
@pytest.mark.words
def test_a_subscription_lives_by_its_contract_whatever_happens(
    house: House, at: Callable[[datetime], None]
) -> None:
    Life.house, Life.at = [house], [at]
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=40, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
