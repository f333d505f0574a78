"""One rule of law over the contracts: dated, for some kinds of customer, and for exits by reason."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Effect = Literal[
    "at_least", "at_most", "replaces", "never", "default"
]  # default: where the contract is silent

CONSUMER = frozenset({"consumer"})
NOT_IN_BUSINESS = frozenset({"consumer", "non_professional"})
BUSINESS = frozenset({"business"})
PUBLIC = frozenset({"public_body"})
IN_BUSINESS = BUSINESS | PUBLIC
EVERYBODY = CONSUMER | NOT_IN_BUSINESS | IN_BUSINESS
SWITCHING = frozenset({"switch", "in_house"})  # to another provider, or back to one's own machines
ANY_REASON: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Statute:
    """One rule of law. ``value`` is in ``unit``; ``since`` and ``until`` are the first and last day."""

    id: str
    key: str
    unit: str
    effect: Effect
    value: Any
    article: str
    says: str
    customers: frozenset[str] = EVERYBODY
    reasons: frozenset[str] = ANY_REASON
    since: date = date(2000, 1, 1)
    until: date | None = None
    instead: Any = None  # what counts where the contract's figure is struck out; the rule's own when None

    @property
    def reference(self) -> str:
        return f"{self.id}, {self.article}"

    def holds(self, on: date, customer: str, reason: str) -> bool:
        """Is this rule in force that day, for this customer and this reason to leave?"""
        return (
            self.since <= on
            and (self.until is None or on <= self.until)
            and customer in self.customers
            and (not self.reasons or reason in self.reasons)
        )
