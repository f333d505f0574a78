"""What the pinned contract says of one case: fee, deadlines, the day from which it may be erased."""

from datetime import date, datetime
from typing import Any

from portal import clock
from portal.reversibility import facts
from portal.subscriptions.handover_fee import reversibility_fee
from portal.subscriptions.models import Subscription
from portal.terms.facts import Fact


class CaseTerms:
    """The facts of a case, read from its subscription's terms; nothing of it is stored."""

    subscription: Subscription
    reason: Any
    requested_on: date
    cost_cents: int
    quote_cents: int | None
    delivered_at: datetime | None
    shipped_on: date | None
    accepted_at: datetime | None

    @property
    def wants_copy(self) -> bool:
        """Is anything handed over before the erasure?"""
        return self.reason not in ("destroy", "unclaimed")

    @property
    def fee(self) -> Fact | None:
        """The price by contract and law, or that of the quote where the contract wants one."""
        if self.needs_quote:
            quoted = facts.quoted(self.subscription, self.requested_on)
            return facts.with_value(quoted, self.quote_cents) if quoted else None
        return reversibility_fee(self.subscription, self.requested_on, self.reason, self.cost_cents)

    @property
    def needs_quote(self) -> bool:
        """Does the contract want a quote that the customer accepts (003-23)?"""
        return self.wants_copy and facts.quoted(self.subscription, self.requested_on) is not None

    @property
    def highest_quote(self) -> Fact | None:
        """The most that the law lets the quote ask, in cents; None where it does not interfere (L5)."""
        return facts.highest_quote(self.subscription, self.requested_on, self.reason, self.cost_cents)

    @property
    def needs_payment(self) -> bool:
        """A19: does the contract hand the data over only once the fee is paid?"""
        gate, fee = facts.payment_first(self.subscription, self.requested_on), self.fee
        return bool(gate and gate.value and fee and fee.value)

    @property
    def delivery(self) -> Fact | None:
        return facts.delivery(self.subscription, self.requested_on) if self.wants_copy else None

    @property
    def validation(self) -> Fact | None:
        """When silence becomes an acceptance; before the delivery, counted from its deadline."""
        delivery = self.delivery
        start = self.received_from or (delivery and delivery.value)
        return facts.validation(self.subscription, start) if start else None

    @property
    def received_from(self) -> date | None:
        """The day from which the customer can check the copy: its download, or the medium sent later."""
        if self.delivered_at is None:
            return None
        return max(clock.paris_day(self.delivered_at), self.shipped_on or date.min)

    @property
    def erasure(self) -> Fact | None:
        """The first day of an erasure that the customer did not ask to have at once."""
        if self.accepted_at:
            accepted_on = clock.paris_day(self.accepted_at)
            return facts.erasure(self.subscription, accepted_on, returned=self.wants_copy)
        held_by = self.validation or self.delivery  # A4: never before the data could be handed over
        return facts.erasure(self.subscription, held_by.value if held_by else None)
