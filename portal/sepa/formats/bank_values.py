"""What a bank file is read into."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

# duplicate: the bank refuses what it has already; what it has goes on
Outcome = Literal["accepted", "settled", "returned", "duplicate"]
Scope = Literal["transaction", "group", "message"]


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """What the bank tells of a transfer that came in: who paid, from which IBAN, and what for."""

    name: str
    iban: str  # in capitals without spaces; empty where the bank gives another number, or none
    text: str


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One thing that the bank says of a debit, of a lot or of a whole file.

    amount_cents: euros that moved, None where the bank does not say or where they are not euros.
    instructed_cents: what the debit was for, where the bank tells it apart from its fee. booked_on: Paris day
    of the booking. account: IBAN of the statement, in capitals without spaces. reference: the bank's own for
    the entry; ``index`` tells transactions of one entry apart. reason: ISO code or the bank's own, empty when
    the bank gives none. is_sure: does the entry itself say that it is about a debit that we issued?
    foreign: amount in another currency, such as « CHF 12.00 ». transfer: who paid, where money came in that
    is neither a debit of ours nor what the bank itself gives or gives back.
    """

    outcome: Outcome
    scope: Scope
    message_id: str = ""
    payment_info_id: str = ""
    end_to_end_id: str = ""
    rum: str = ""
    ics: str = ""
    amount_cents: int | None = None
    instructed_cents: int | None = None
    fee_cents: int = 0
    reason: str = ""
    detail: str = ""
    booked_on: date | None = None
    account: str = ""
    reference: str = ""
    index: int = 0
    is_sure: bool = True
    is_booked: bool = True
    is_information: bool = False
    is_report: bool = False  # of a pain.002: said before any money moves
    foreign: str = ""
    transfer: CreditTransfer | None = None


@dataclass(frozen=True, slots=True)
class BankFileHead:
    """What kind of message a document is, and its own identifier."""

    kind: str  # "camt.054"
    message_id: str


@dataclass(frozen=True, slots=True)
class BankStatement:
    """A statement was read to its end: the IBAN of its account, empty where the bank gives another number."""

    account: str
