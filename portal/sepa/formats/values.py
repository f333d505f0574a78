"""The values of a file of direct debits, whatever its format."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Scheme = Literal["CORE", "B2B"]
Version = Literal["08", "02"]  # of pain.008.001
SequenceType = Literal["FRST", "RCUR", "FNAL", "OOFF"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A structured postal address; free address lines are refused since 15 November 2026."""

    town: str
    country: str  # ISO 3166, two letters
    street: str = ""
    building: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Who collects; the account must belong to it."""

    name: str
    iban: str
    ics: str
    address: Address | None = None
    bic: str | None = None


@dataclass(slots=True, kw_only=True)  # not frozen: there are 100,000 of them, and that costs three times
class CollectionLine:
    """One debit of one mandate. The ``original_`` fields tell the debtor's bank what changed."""

    end_to_end_id: str  # unique for ever, also over re-presentations
    amount_cents: int
    rum: str
    signed_on: date
    debtor_name: str
    debtor_iban: str
    remittance: str
    debtor_bic: str | None = None
    address: Address | None = None
    original_rum: str | None = None
    original_ics: str | None = None
    original_creditor_name: str | None = None
    new_account: bool = False  # same mandate, new debtor account (SMNDA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Debits of one sequence type and one day; becomes one PmtInf."""

    payment_info_id: str
    sequence_type: SequenceType
    collect_on: date
    count: int
    total_cents: int
    lines: Iterable[CollectionLine]
    one_booking: bool = True  # one credit on the creditor's account for the whole group


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """What identifies a message; one message holds one scheme. Totals are counted beforehand."""

    msg_id: str
    created_at: datetime  # aware; written as Paris time
    scheme: Scheme
    count: int
    total_cents: int
    version: Version = "08"
    hybrid_addresses: bool = False  # street and number as a free line, the rest structured
