"""What every story has at hand, and the calendar on which it is told."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from portal.accounts.models import Organisation, User
from portal.catalogue.models import Product
from portal.customers.models import Customer
from portal.demo.houses import BILLS_ITSELF, RESELLERS
from portal.demo.past.bank import Bank
from portal.demo.past.days import Move, months_before, next_working_day
from portal.resellers.models import LegalEntity

Act = Callable[[], Any]
BOXES = [house.box for house in (*RESELLERS, BILLS_ITSELF)]


@dataclass(slots=True)
class Stage:
    """The houses, the people, the cast by its serials, and what is to come by its day."""

    provider: Organisation
    entity: LegalEntity
    own: LegalEntity  # of the last of the houses, which invoices its customers itself
    houses: list[Organisation]
    products: dict[str, Product]
    people: dict[str, User]  # by the box of their address: "finance", "technique", "gerance@ouest"
    bank: Bank
    own_bank: Bank
    move: Move
    first: date
    today: date
    customers: dict[int, Customer] = field(default_factory=dict)
    story: dict[date, list[Act]] = field(default_factory=lambda: defaultdict(list))

    def day(self, months_ago: int, number: int) -> date:
        """A working day: so many months before today, never before the first lived one nor today itself."""
        day = months_before(self.today, months_ago) + timedelta(days=number - 1)
        return self.working(max(day, self.first))

    def days_ago(self, number: int) -> date:
        return self.working(max(self.today - timedelta(days=number), self.first))

    def working(self, day: date) -> date:
        """This day or the next working one; yesterday at the latest."""
        return min(next_working_day(day), self.today - timedelta(days=1))

    def on(self, day: date, act: Act) -> None:
        """Somebody does something that day. What lies in the future is left out."""
        if day < self.today:
            self.story[self.working(day)].append(act)

    def lived(self, months_ago: int) -> bool:
        """Was there time for what began so many months ago?"""
        return months_before(self.today, months_ago) >= self.first.replace(day=1)

    def owner_of(self, customer: Customer) -> User:
        """Of her reseller."""
        return self.people[f"gerance@{self._box(customer)}"]

    def technician_of(self, customer: Customer) -> User:
        return self.people[f"atelier@{self._box(customer)}"]

    def _box(self, customer: Customer) -> str:
        number = next(n for n, house in enumerate(self.houses) if house.id == customer.reseller_id)
        return BOXES[number]
