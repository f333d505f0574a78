"""What a quote costs when it is ordered, for the pages that show it."""

from dataclasses import dataclass

from portal.billing.rules import Totals
from portal.billing.vat import Vat
from portal.errors import Refused
from portal.i18n import said
from portal.quotes.models import Quote


@dataclass(frozen=True, slots=True)
class Money:
    """Its sums and their VAT; None without lines, or where ``unsaid`` tells why they cannot be said."""

    sums: Totals | None = None
    vat: Vat | None = None
    unsaid: str = ""

    @property
    def gross_cents(self) -> int | None:
        return self.sums.gross_cents if self.sums else None


def money_of(quote: Quote) -> Money:
    """Of the first billing period of all lines."""
    if not quote.lines:
        return Money()
    try:
        return Money(quote.sums, quote.vat)
    except Refused as refusal:
        return Money(unsaid=said(refusal))
