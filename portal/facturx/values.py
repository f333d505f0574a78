"""What an e-invoice is written from: plain values frozen with the paper, in cents and ISO days.

Source: EN 16931-1; AFNOR XP Z12-012 (French rules BR-FR).
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

INVOICE, CREDIT_NOTE = "380", "381"  # BT-3, UNTDID 1001
TO_PAY, PAID = "S1", "S2"  # BT-23: services, to be paid; services, paid already
WIRE, CHEQUE, CARD, DIRECT_DEBIT, SEPA_DEBIT = "30", "20", "48", "49", "59"  # BT-81, UNTDID 4461
FRENCH_BUSINESS, FOREIGN_BUSINESS = "B2B", "B2BINT"  # note BAR: who buys
LATE_FEE, LATE_RATE, DISCOUNT, BUYER_KIND = "PMT", "PMD", "AAB", "BAR"  # subjects of notes, UNTDID 4451


@dataclass(frozen=True, slots=True)
class Line:
    """A line; price: of ``base`` units in euros without VAT, six decimals at most (BR-FR-DEC-03), as text."""

    label: str
    quantity: int
    price: str
    net_cents: int
    category: str
    basis_points: int
    base: int = 1


@dataclass(frozen=True, slots=True)
class Tax:
    """The VAT of one rate and category; why: the exemption as the paper prints it.

    slack_cents: by how much the VAT may differ from the rate of its base, where prices with VAT are split
    by difference.
    """

    category: str
    basis_points: int
    net_cents: int
    vat_cents: int
    why: str = ""
    slack_cents: int = 0


@dataclass(frozen=True, slots=True)
class Payment:
    """How it is paid: means of UNTDID 4461; the account of a transfer, or mandate and creditor of a debit."""

    means: str
    iban: str = ""
    account: str = ""
    mandate: str = ""
    creditor: str = ""


@dataclass(frozen=True, slots=True)
class EInvoice:
    """An invoice or a credit note; seller and buyer have the names of the columns of parties.

    delivered_on, or period: first and last day of what is billed. preceding: number and day of the invoice
    that a credit note takes back. references: of the buyer, by the names of portal.customers.references.
    """

    type: str
    frame: str
    number: str
    issued_on: str
    due_on: str
    seller: dict[str, Any]
    buyer: dict[str, Any]
    lines: list[Line]
    taxes: list[Tax]
    notes: list[tuple[str, str]]
    payment: Payment
    paid_cents: int = 0
    delivered_on: str = ""
    period: tuple[str, str] | None = None
    preceding: tuple[str, str] | None = None
    references: dict[str, str] = field(default_factory=dict)
    terms: str = ""
    language: str = "fr-FR"
    currency: str = "EUR"

    @property
    def net_cents(self) -> int:
        return sum(tax.net_cents for tax in self.taxes)

    @property
    def vat_cents(self) -> int:
        return sum(tax.vat_cents for tax in self.taxes)

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents

    def as_values(self) -> dict[str, Any]:
        """For JSON; :meth:`of` reads it."""
        return asdict(self)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        period, preceding = values.get("period"), values.get("preceding")
        return cls(
            **{
                **values,
                "lines": [Line(**each) for each in values["lines"]],
                "taxes": [Tax(**each) for each in values["taxes"]],
                "notes": [(code, text) for code, text in values["notes"]],
                "payment": Payment(**values["payment"]),
                "period": (period[0], period[1]) if period else None,
                "preceding": (preceding[0], preceding[1]) if preceding else None,
            }
        )


def euros(cents: int) -> str:
    """Cents as a decimal amount: 1234 is 12.34."""
    sign, whole = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def percent(basis_points: int) -> str:
    """2000 is 20.00."""
    return euros(basis_points)


# Code of the exemption (BT-121) by category; what the paper prints stands beside it as text (BT-120).
REASON_CODES = {"AE": "VATEX-EU-AE", "G": "VATEX-EU-G", "K": "VATEX-EU-IC", "O": "VATEX-EU-O"}
