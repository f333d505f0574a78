"""What the portal asks of a gateway, whichever it is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from portal.errors import Unavailable


class Outcome(StrEnum):
    """How a payment page stands at the gateway."""

    OPEN = "open"  # on the page, or with the bank
    PAID = "paid"
    REFUSED = "refused"  # the page is over, and the bank has authorised nothing


@dataclass(frozen=True, slots=True)
class Card:
    """A card that the gateway keeps; label and expires (2028-11) are what may be shown of it."""

    customer: str
    id: str
    label: str
    expires: str


@dataclass(frozen=True, slots=True)
class Wish:
    """A page of the gateway that is to be opened. cents: amount to pay, with VAT.

    reference: ours, which the gateway says again. closes_at: instant (UTC) after which it takes nothing.
    keeps_card: may what comes next be charged without the customer?
    """

    cents: int
    reference: str
    label: str
    email: str
    language: str
    back: str
    given_up: str
    closes_at: datetime
    keeps_card: bool = False


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of the gateway: its id there, and where the customer opens it."""

    id: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What the gateway says of a page. declined: the bank has refused a card, another one may be tried."""

    outcome: Outcome
    cents: int
    currency: str
    reference: str
    payment_id: str
    declined: bool = False
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Charged:
    """A kept card was charged, or why it was not, as the bank's code says."""

    payment_id: str
    is_paid: bool
    why: str = ""


class CardsDown(Unavailable):
    """The gateway does not answer, or cannot now."""


class BadEvent(Exception):
    """What was posted does not carry the gateway's signature, or is too old."""


class Gateway(Protocol):
    """Each call raises CardsDown when nobody answers, Refused when the gateway does not take it.

    key: of idempotency; asked again with the same one, the gateway does nothing twice.
    """

    def open_checkout(self, wish: Wish, key: str) -> Checkout: ...

    def look(self, checkout_id: str) -> Look: ...

    def event(self, body: bytes, signature: str) -> str:
        """The id of the page that something has happened to, "" for other news. Raises BadEvent."""
        ...

    def charge(self, card: Card, cents: int, reference: str, key: str) -> Charged: ...

    def refund(self, payment_id: str, cents: int, key: str) -> str:
        """Give so many cents back to the card; returns the gateway's id of it."""
        ...
