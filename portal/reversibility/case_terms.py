"""What the engine answers for one case: price, deadlines, the day from which it may be erased."""

from datetime import date, datetime
from typing import Any

from portal import clock
from portal.answers import handover
from portal.answers.contract import Contract
from portal.answers.switching import retrieval_of
from portal.subscriptions.case import contract_of
from portal.subscriptions.models import Subscription
from portal.terms.answered import Answered


def request_window(subscription: Subscription) -> Answered | None:
    """Until when the data may be asked for; None while there is no end, or no window."""
    ends_on = subscription.ends_on
    return handover.request_window(contract_of(subscription, ends_on), ends_on) if ends_on else None


def erasure_of(
    subscription: Subscription, held_by: date | None, *, returned: bool = False
) -> Answered | None:
    """The first day of an erasure that the customer does not ask for; see the engine's own."""
    ends_on, notified_on = subscription.ends_on, subscription.notified_on
    if ends_on is None:
        return None
    retrieval = None
    if notified_on is not None:
        told = contract_of(subscription, notified_on)
        longer = (subscription.notice_fields or {}).get("transition_until")
        until = date.fromisoformat(longer) if longer else None
        retrieval = retrieval_of(told, notified_on, subscription.notice_reason, until)
    return handover.erasure(
        contract_of(subscription, ends_on),
        ends_on,
        held_by,
        returned=returned,
        by_provider=(subscription.notice_fields or {}).get("by") == "provider",
        retrieval=retrieval,
    )


class CaseTerms:
    """The answers for a case, read from its subscription's contract; nothing of it is stored."""

    subscription: Subscription
    reason: Any
    requested_on: date
    cost_cents: int
    quote_cents: int | None
    delivered_at: datetime | None
    shipped_on: date | None
    accepted_at: datetime | None

    @property
    def contract(self) -> Contract:
        """The contract as it stood when the data was asked for."""
        return contract_of(self.subscription, self.requested_on)

    @property
    def wants_copy(self) -> bool:
        """Is anything handed over before the erasure?"""
        return self.reason not in ("destroy", "unclaimed")

    @property
    def fee(self) -> Answered | None:
        """The price by contract and law, or that of the quote where the contract wants one."""
        if self.needs_quote:
            return handover.quote(self.contract, self.quote_cents)
        return handover.fee(self.contract, self.requested_on, self.reason, self.cost_cents)

    @property
    def needs_quote(self) -> bool:
        """Does the contract want a quote that the customer accepts (003-23)?"""
        return self.wants_copy and handover.quote(self.contract) is not None

    @property
    def highest_quote(self) -> Answered | None:
        """The most that the law lets the quote ask, in cents; None where it does not interfere (L5)."""
        return handover.highest_quote(self.contract, self.requested_on, self.reason, self.cost_cents)

    @property
    def needs_payment(self) -> bool:
        """A19: does the contract hand the data over only once the fee is paid?"""
        gate, fee = handover.paid_first(self.contract), self.fee
        return bool(gate and gate.value == "yes" and fee and fee.value)

    @property
    def delivery(self) -> Answered | None:
        return handover.delivery(self.contract, self.requested_on) if self.wants_copy else None

    @property
    def destruction(self) -> Answered | None:
        """The day by which data are destroyed at the customer's wish, where the contract sets one."""
        if self.reason != "destroy":
            return None
        return handover.destruction(self.contract, self.requested_on, self.subscription.ends_on)

    @property
    def validation(self) -> Answered | None:
        """When silence becomes an acceptance; before the delivery, counted from its deadline."""
        delivery = self.delivery
        start = self.received_from or (delivery and delivery.on)
        return handover.validation(contract_of(self.subscription, start), start) if start else None

    @property
    def received_from(self) -> date | None:
        """The day from which the customer can check the copy: its download, or the medium sent later."""
        if self.delivered_at is None:
            return None
        return max(clock.paris_day(self.delivered_at), self.shipped_on or date.min)

    @property
    def erasure(self) -> Answered | None:
        """The first day of an erasure that the customer did not ask to have at once."""
        if self.accepted_at:
            accepted_on = clock.paris_day(self.accepted_at)
            return erasure_of(self.subscription, accepted_on, returned=self.wants_copy)
        held_by = self.validation or self.delivery  # A4: never before the data could be handed over
        return erasure_of(self.subscription, held_by.on if held_by else None)
