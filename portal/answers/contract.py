"""A contract as it stands on a day, read for one kind of customer."""

from dataclasses import dataclass
from datetime import date

from portal.terms.law import Applied, applied
from portal.terms.stack import Stack
from portal.terms.values import Value


@dataclass(frozen=True, slots=True)
class Contract:
    """Whose values count; the monthly fee in cents."""

    stack: Stack
    customer: str
    monthly_fee_cents: int = 0

    def find(self, key: str) -> Value | None:
        return self.stack.find(key)

    def law(self, key: str, on: date, reason: str) -> Applied:
        """Contract and law side by side for a key."""
        return applied(self.stack, key, on=on, customer=self.customer, reason=reason)
