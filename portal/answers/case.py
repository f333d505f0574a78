"""A contract question as data: the contract, the customer, what happened and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.billing.late_payment import EcbRate, ecb_rates
from portal.errors import Refused
from portal.terms.stack import Stack
from portal.wording import N_

CUSTOMERS = ("business", "consumer", "non_professional", "public_body")
PLANS = ("monthly", "annual", "on_demand", "36_months")
TERMINATE_REASONS = (
    "none",
    "breach",
    "non_payment",
    "switch",
    "in_house",
    "receivership",
    "end_of_business",
    "competitor_control",
    "terms_refused",
    "force_majeure",
    "misuse",
    "grave_breach",
    "danger",
    "damage",
    "inactivity",
    "service_withdrawn",
)
PROVIDERS_OWN = TERMINATE_REASONS[-6:]  # a customer never gives these
REVERSIBILITY_REASONS = ("switch", "in_house", "copy", "destroy")
ADMINISTRATOR = ("silent", "gives_up", "continues")  # of a receivership (C. com. L622-13)
EXTENSIONS = ("customer", "provider")  # who wants a longer transition to another provider


class CaseError(Refused):
    """A question that cannot be asked: a field is unknown, missing or impossible; the sentence names it."""

    @property
    def about(self) -> str:
        """The name of the field that is at fault; empty when it is not one field's."""
        named = self.values.get("then") or self.values.get("name") or self.values.get("where") or ""
        return str(named).rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened (or would happen) on a Paris day, with the fields that its kind has."""

    on: date
    what: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str) -> Any:
        """The field, or None when the case does not give it."""
        return self.fields.get(name)


@dataclass(frozen=True, slots=True)
class Case:
    """One question. Amounts in cents, days in Paris; ``paid_through`` is the last paid day, included.

    billing_months, billing_cents: what is billed at a time; by default the plan's own period. includes_vat:
    of the fees; None where the question does not say. reminded_on: days on which renewal reminders left; None
    where nobody knows. rates: the central bank's, by half-year. committed_on: first day of a commitment that
    began again after the start, if one did (004-36). billed_from: from when the periods that are billed are
    counted, where their length changed after the start.
    """

    stack: Stack
    customer: str
    plan: str
    started_on: date
    monthly_fee_cents: int
    as_of: date
    events: tuple[Event, ...] = ()
    paid_through: date | None = None
    billing_months: int | None = None
    billing_cents: int | None = None
    includes_vat: bool | None = None
    reminded_on: tuple[date, ...] | None = None
    rates: Mapping[str, EcbRate] = field(default_factory=ecb_rates)
    committed_on: date | None = None
    billed_from: date | None = None

    def anchor_on(self, day: date) -> date:
        """The day from which the contract's own period of a day is counted.

        Source: 004-04, 004-36.
        """
        again = self.committed_on
        return again if again is not None and again <= day else self.started_on

    def __post_init__(self) -> None:
        businesses_only = self.stack.find("customer.businesses_only")
        if self.customer == "consumer" and businesses_only is not None and businesses_only.value:
            raise CaseError(
                N_("« customer » : %(contract)s n'est pas ouvert aux consommateurs (%(clause)s)."),
                contract=self.stack.label,
                clause=businesses_only.clause,
            )
        if self.stack.find(f"plan.{self.plan}.period_months") is None:
            known = [plan for plan in PLANS if self.stack.find(f"plan.{plan}.period_months")]
            raise CaseError(
                N_("« plan » : %(contract)s ne connaît pas la formule %(plan)s ; il a : %(known)s."),
                contract=self.stack.label,
                plan=self.plan,
                known=", ".join(known),
            )
        for event in self.events:
            if event.on < self.started_on:
                raise CaseError(
                    N_("« %(what)s » du %(on)s précède le début du contrat, le %(start)s."),
                    what=event.what,
                    on=event.on.isoformat(),
                    start=self.started_on.isoformat(),
                )


def in_order(events: "list[Event] | tuple[Event, ...]") -> tuple[Event, ...]:
    """By day; what was consumed is known before the day's decisions."""
    return tuple(sorted(events, key=lambda each: (each.on, each.what != "usage")))


_NO_DAYS = {"since_on": None, "stops_on": None, "asked_on": None, "administrator": "silent"}


def leave(on: date, reason: str, *, at_term: bool = False, **more: Any) -> Event:
    """The customer's own notice.

    at_term: she waits for the échéance although she could go sooner. more: ``transition_until`` and
    ``extended_by`` of a longer change of provider, ``received_on`` of the letter, ``by`` the provider,
    ``since_on`` of what it is given for, ``stops_on`` of a service that is withdrawn, ``asked_on`` of the
    formal notice to an administrator, and what ``administrator`` has answered.
    """
    fields = {"by": "customer", "reason": reason, "received_on": None, "at_term": at_term, **_NO_DAYS}
    return Event(on, "terminate", {**fields, "transition_until": None, "extended_by": "customer", **more})


def ask_for_data(on: date, reason: str) -> Event:
    return Event(on, "reversibility_request", {"reason": reason, "received_on": None})
